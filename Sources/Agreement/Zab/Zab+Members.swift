extension Zab {
  // MARK: Whom this node knows

  /// Who has a seat, as far as this node knows.
  @inline(__always)
  package func participant(at seat: NodeNumber) -> Participant? {
    // Not by `??`, whose right side would take a copy of all of this along.
    if let guest = guests[Int(seat)] { return guest }
    let members = members
    if let member = members[seat] { return member }
    return later?[seat]
  }

  /// Takes note of who talks from a seat. One who hasn't it by the members that this node knows may have it by later ones, and has to be
  /// heard: nobody else may be left who can bring this node into step. A leader doesn't count him, and doesn't take him for another one.
  ///
  /// - Returns: whether he's to be heard.
  package mutating func note(_ participant: Participant, at seat: NodeNumber) -> Bool {
    let guest = members[seat] == participant ? nil : participant
    if case .leading = role, guest != nil, members[seat] != nil { return false }
    if guests[Int(seat)] != guest { guests[Int(seat)] = guest }
    return true
  }

  /// A node that knows of no seat of its own talks with this memory. One that it had before is gone, however short a time ago something of it came: a leader
  /// doesn't count that as being there, so it gives nobody a voice beside that one's, nor in its place, who couldn't do without it.
  package mutating func hear(fromAnew participant: Participant) {
    guard case .leading(var leading) = role else { return }
    let members = members
    for seat in members.seated where members[seat]?.node == participant.node && members[seat] != participant {
      leading.heardAt[Int(seat)] = .start
    }
    role = .leading(leading)
  }

  /// Others are members than before.
  mutating func follow(from before: Members) {
    // Whoever was none of them for a while has another seat.
    me = members.seat(of: identity) ?? me
    // Whoever leads may have no seat any more, and has to be answered all the same.
    for seat in before.seated where members[seat] == nil { guests[Int(seat)] = guests[Int(seat)] ?? before[seat] }
  }

  mutating func hear(of members: Members) {
    guard members.isLater(than: later ?? self.members) else { return }
    later = members
  }

  /// Of which engine this node is, or is about to be as others have given it a seat.
  @inline(__always)
  var lineage: Lineage {
    max(memory.history.members?.lineage ?? foundation.lineage, later?.lineage ?? .first)
  }

  /// How many voters there are, as far as this node was told: those of an engine before say nothing about it.
  var knownVoters: Int {
    if let later, later.lineage > members.lineage { later.voters.count } else { members.voters.count }
  }

  /// Who is told whom this node would have lead.
  var audience: NodeSet { NodeSet(bits: members.seated.bits | (later?.seated.bits ?? 0)) }

  // MARK: Who counts

  /// Whether this node may lead. One that is to vote no more may, as long as that isn't agreed on: it may be the only one who knows of it, and
  /// is needed by those who don't (Ongaro's "Consensus: bridging theory and practice", §4.2.2). After a start that isn't known of anything
  /// behind the snapshot, so some may have come as far as to any of the members since.
  var mayLead: Bool {
    if members.voting.contains(me) { return true }
    guard memory.history.membersAt > delivered else { return false }
    return agreedMembers.isVoting(identity)
      || memory.history.items.contains { item in
        if item.zxid > delivered, case .members(let members) = item.entry { members.isVoting(identity) } else { false }
      }
  }

  /// Whether some are more than half of those who count.
  func isMajority(_ some: NodeSet) -> Bool {
    mutants.have(.learnerCounted) ? some.count * 2 > members.voters.count : members.isMajority(some)
  }

  /// The largest of some entries that more than half of those have who count.
  func majority(of entries: [Zxid]) -> Zxid {
    func majority(of all: NodeSet, among some: NodeSet) -> Zxid {
      some.map { entries[Int($0)] }.sorted(by: >)[all.count / 2]
    }
    let members = members
    if mutants.have(.learnerCounted) { return majority(of: members.voters, among: members.seated) }
    let last = majority(of: members.voters, among: members.voters)
    return members.former.map { min(last, majority(of: $0, among: $0)) } ?? last
  }

  /// Whether who counts is agreed on, as this leader has it.
  private var areMembersAgreed: Bool {
    guard case .leading(let leading) = role, leading.stage == .broadcast else { return false }
    return memory.history.membersAt <= leading.committed || mutants.have(.membersChangedAtOnce)
  }

  /// Brings the members to what is wanted, one entry after another: first whoever is new learns; once he has what the others have, he votes
  /// beside those before; when that is agreed on, and for a while, those before no more.
  mutating func mindMembers(_ present: NodeSet, at now: Moment, into effects: inout [Effect]) {
    letGo(at: now, into: &effects)
    guard areMembersAgreed, case .leading(var leading) = role else { return }
    let members = members
    if members.former != nil {
      let since = leading.joinedAt ?? now
      leading.joinedAt = since
      role = .leading(leading)
      guard now >= since + timing.quiet else { return }
      return change(to: members.settled(keeping: seats(of: wanted ?? [])), at: now, into: &effects)
    }
    if leading.joinedAt != nil {
      leading.joinedAt = nil
      role = .leading(leading)
    }
    guard let wanted, 1...Members.most ~= wanted.count else { return }
    if wanted.contains(where: { members.seat(of: $0) == nil }) {
      guard let next = members.seating(wanted) else { return }
      return change(to: next, at: now, into: &effects)
    }
    var others = seats(of: wanted)
    if others == members.voters {
      let isAnybodyLearning = members.seated != members.voters
      if isAnybodyLearning { change(to: members.settled(), at: now, into: &effects) }
      return
    }
    // Somebody asks for another voter since one is gone: who was there a moment ago may be the one. Nor is it enough that something of his
    // comes later, which may have been on its way: he has to have something that was proposed since. If nothing was, the same members are.
    if memory.history.last == wantedAt {
      return change(to: members.settled(keeping: members.seated), at: now, into: &effects)
    }
    var present = present
    for node in present where node != me {
      let hasHeard = leading.heardAt[Int(node)] > wantedSince && leading.acknowledged[Int(node)] > wantedAt
      if !hasHeard { present.remove(node) }
    }
    // Whoever comes to count should have what is to be counted on; nobody has to go before all have come.
    let new = NodeSet(bits: others.bits & ~members.voters.bits)
    let ready = NodeSet(bits: new.bits & leading.inStep.bits & present.bits)
    if ready != new { others = members.voters(with: ready) }
    // Those who are left have to be able to go on without those who go.
    guard others != members.voters, others.count <= Members.most, present.isMajority(of: others) else { return }
    let next = mutants.have(.othersWithoutFormer) ? members.joining(others).settled() : members.joining(others)
    change(to: next, at: now, into: &effects)
  }

  private mutating func change(to members: Members, at now: Moment, into effects: inout [Effect]) {
    var members = members
    members.epoch = memory.currentEpoch
    propose(.members(members), at: now, into: &effects)
  }

  private func seats(of participants: [Participant]) -> NodeSet {
    var seats = NodeSet()
    for participant in participants { if let seat = members.seat(of: participant) { seats.insert(seat) } }
    return seats
  }

  /// Whoever has no seat any more is told nothing more, and doesn't lead.
  mutating func letGo(at now: Moment, into effects: inout [Effect]) {
    guard areMembersAgreed, case .leading(var leading) = role else { return }
    guard members.voting.contains(me) else { return look(at: now, into: &effects) }
    let seated = members.seated
    guard leading.told.bits & ~seated.bits != 0 else { return }
    leading.told.bits &= seated.bits
    leading.inStep.bits &= seated.bits
    leading.words.bits &= seated.bits
    leading.joined.bits &= seated.bits
    role = .leading(leading)
  }
}
