/// Who takes part in the embedded engine, and whose word counts. Each has a seat: its number in all that is said and stored.
///
/// It's changed by entries of the log, as by Ongaro and Ousterhout's joint consensus ("In search of an understandable consensus algorithm",
/// USENIX ATC 2014, §6): from voters to others by way of both, where a majority of each is needed; and to those alone once that is agreed on.
package struct Members: Hashable, Sendable {
  /// How many seats there are.
  package static let limit = 16
  /// How many may vote.
  package static let most = 7

  /// Counts the changes, and the epoch of the leader who made the last one: with both it's known which members these are, though another
  /// leader may have begun a change of the same number that came to nothing.
  package private(set) var number: UInt32 = 0
  package internal(set) var epoch: UInt32 = 0
  /// Of which engine they are.
  package private(set) var lineage = Lineage.first
  /// Who has each seat.
  package private(set) var seats: [Participant?]
  /// The seat that is given away next, if it's free: one that was somebody's is nobody else's for a while.
  package private(set) var next: NodeNumber
  /// Those whose word counts.
  package private(set) var voters: NodeSet
  /// Those whose word counted before, as long as it does still.
  package private(set) var former: NodeSet?

  /// Those with whom it begins.
  package init(founders: [Participant]) {
    seats = founders + Array(repeating: nil, count: Self.limit - founders.count)
    next = NodeNumber(founders.count)
    voters = NodeSet(first: founders.count)
  }

  /// Of which era they are the first.
  mutating func begin(_ era: UInt32) { (number, lineage) = (Era.members(era), Lineage(beginning: era)) }

  /// With all its parts.
  init(
    number: UInt32, epoch: UInt32, seats: [Participant?], next: NodeNumber, voters: NodeSet, former: NodeSet?,
    lineage: Lineage = .first
  ) {
    (self.number, self.epoch, self.seats, self.next) = (number, epoch, seats, next)
    (self.voters, self.former, self.lineage) = (voters, former, lineage)
  }

  /// Which members these are: no others have the same.
  package var id: UInt64 { UInt64(epoch) << 32 | UInt64(number) }

  /// The seat of a node with its memory.
  package func seat(of participant: Participant) -> NodeNumber? {
    seats.firstIndex(of: participant).map { NodeNumber($0) }
  }

  /// The seat of a node, whatever its memory.
  package func seat(of node: NodeName) -> NodeNumber? {
    seats.firstIndex { $0?.node == node }.map { NodeNumber($0) }
  }

  /// Whether the word of a node with its memory counts, now or still.
  func isVoting(_ participant: Participant) -> Bool { seat(of: participant).map(voting.contains) ?? false }

  /// Who has a seat; nobody if it's free.
  package subscript(_ seat: NodeNumber) -> Participant? { Int(seat) < seats.count ? seats[Int(seat)] : nil }

  /// All who have one: who has, and doesn't vote, learns.
  package var seated: NodeSet {
    var all = NodeSet()
    for (seat, participant) in seats.enumerated() where participant != nil { all.insert(NodeNumber(seat)) }
    return all
  }

  /// All whose word counts, now or still.
  package var voting: NodeSet { NodeSet(bits: voters.bits | (former?.bits ?? 0)) }

  /// Whether some are more than half of the voters, and of those before them.
  package func isMajority(_ some: NodeSet) -> Bool {
    some.isMajority(of: voters) && former.map { some.isMajority(of: $0) } ?? true
  }

  /// Whether more than half of the voters, and of those before them, can be had without some.
  package func isMajority(without some: NodeSet) -> Bool { isMajority(NodeSet(bits: ~some.bits)) }

  // MARK: Changes

  /// With seats for all of some, who learn from then on if they don't vote; nil if there aren't so many seats.
  package func seating(_ wanted: [Participant]) -> Members? {
    var members = self
    members.number += 1
    for (seat, participant) in seats.enumerated() where !voting.contains(NodeNumber(seat)) {
      if let participant, !wanted.contains(participant) { members.seats[seat] = nil }
    }
    for participant in wanted where seat(of: participant) == nil {
      let free = (0..<NodeNumber(Self.limit)).map { (next + $0) % NodeNumber(Self.limit) }
      guard let seat = free.first(where: { members[$0] == nil }) else { return nil }
      members.seats[Int(seat)] = participant
      members.next = (seat + 1) % NodeNumber(Self.limit)
    }
    return members
  }

  /// With other voters, beside those before them.
  package func joining(_ others: NodeSet) -> Members {
    var members = self
    members.number += 1
    (members.voters, members.former) = (others, voters)
    return members
  }

  /// Those who vote until all have come who are wanted, as some of these are ready. Who is ready takes the place of an earlier memory of its
  /// node: that one is gone, and both would need one more who is there. Beyond that there are more voters only if more of them may be lost then:
  /// of two both are needed where one was, and whoever has just come may be gone again before the next one is ready.
  func voters(with ready: NodeSet) -> NodeSet {
    func adding(_ some: NodeSet) -> NodeSet {
      var all = NodeSet(bits: voters.bits | some.bits)
      for seat in voters where some.contains(where: { self[$0]?.node == self[seat]?.node }) { all.remove(seat) }
      return all
    }
    let all = adding(ready)
    guard all.count > voters.count, (all.count - 1) / 2 == (voters.count - 1) / 2 else { return all }
    var replacing = NodeSet()
    for seat in ready where voters.contains(where: { self[$0]?.node == self[seat]?.node }) { replacing.insert(seat) }
    return adding(replacing)
  }

  /// With the voters alone, and the seats of some who learn.
  package func settled(keeping some: NodeSet = NodeSet()) -> Members {
    var members = self
    members.number += 1
    members.former = nil
    for seat in seats.indices where !voters.contains(NodeNumber(seat)) && !some.contains(NodeNumber(seat)) {
      members.seats[seat] = nil
    }
    return members
  }
}

/// What an entry of the embedded log holds.
package enum ZabEntry: Hashable, Sendable {
  /// What somebody wanted in it.
  case value([UInt8])
  /// Who counts from here on.
  case members(Members)

  /// How much of it there is, about.
  var size: Int {
    switch self {
    case .value(let bytes): bytes.count
    case .members: 512
    }
  }
}
