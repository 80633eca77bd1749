/// The entries that a node has: all of them up to a snapshot, as what they came to, and those after it one by one, with some before it that
/// others may lack.
package struct ZabHistory: Equatable, Sendable {
  /// An entry with its place.
  package struct Item: Equatable, Sendable {
    /// Its place.
    package var zxid: Zxid
    /// What it holds.
    package var entry: ZabEntry

    /// With both.
    package init(zxid: Zxid, entry: ZabEntry) {
      (self.zxid, self.entry) = (zxid, entry)
    }
  }

  /// The last entry that is in the snapshot; zero if there's none.
  package private(set) var snapshot = Zxid.zero
  /// The state after that.
  package private(set) var state: [UInt8] = []
  /// The entry before the first one that is there.
  package private(set) var base = Zxid.zero
  /// Those that are there, in order and without a hole.
  package private(set) var items: [Item] = []
  /// Who counted before the first one that is there; nil if nothing has ever been there.
  package private(set) var foundation: Members?
  /// Who counts after the last one, and the entry that says so; zero if none does that is there.
  package private(set) var members: Members?
  package private(set) var membersAt = Zxid.zero

  /// Nothing.
  package init() {}

  /// The last entry.
  package var last: Zxid { items.last?.zxid ?? base }

  /// Where an entry is among those that are there; where it would be, if it isn't.
  package func index(of zxid: Zxid) -> (index: Int, isThere: Bool) {
    var (low, high) = (0, items.count)
    while low < high {
      let middle = (low + high) / 2
      if items[middle].zxid < zxid { low = middle + 1 } else { high = middle }
    }
    return (low, low < items.count && items[low].zxid == zxid)
  }

  /// Whether an entry is in this history, as far as it can tell: what is before all that are there can't be told.
  package func contains(_ zxid: Zxid) -> Bool { zxid == base || index(of: zxid).isThere }

  /// Who counted after an entry that is there, or before all of them.
  package func members(at zxid: Zxid) -> Members? {
    for item in items.reversed() where item.zxid <= zxid {
      if case .members(let members) = item.entry { return members }
    }
    return foundation
  }

  /// The last seat that a node had with its memory, as far as this history tells. It may have been let go since by an entry that nobody agrees on.
  func seat(of participant: Participant) -> NodeNumber? {
    for item in items.reversed() {
      if case .members(let members) = item.entry, let seat = members.seat(of: participant) { return seat }
    }
    return foundation?.seat(of: participant)
  }

  mutating func begin(with members: Members) {
    foundation = members
    findMembers()
  }

  mutating func append(_ zxid: Zxid, _ entry: ZabEntry) {
    items.append(Item(zxid: zxid, entry: entry))
    if case .members(let members) = entry { (self.members, membersAt) = (members, zxid) }
  }

  mutating func truncate(after zxid: Zxid) {
    let place = index(of: zxid)
    items.removeSubrange((place.isThere ? place.index + 1 : place.index)...)
    if membersAt > last { findMembers() }
  }

  private mutating func findMembers() {
    (members, membersAt) = (foundation, .zero)
    for item in items.reversed() {
      if case .members(let members) = item.entry { return (self.members, membersAt) = (members, item.zxid) }
    }
  }

  mutating func replace(by zxid: Zxid, _ members: Members?, _ state: [UInt8]) {
    (snapshot, self.state) = (zxid, state)
    base = zxid
    items = []
    foundation = members ?? foundation
    (self.members, membersAt) = (foundation, .zero)
  }

  /// Takes what all entries up to one came to, and forgets all but some of these.
  mutating func compact(_ zxid: Zxid, _ state: [UInt8], keeping kept: Int) {
    (snapshot, self.state) = (zxid, state)
    let place = index(of: zxid)
    let surplus = (place.isThere ? place.index + 1 : place.index) - kept
    guard surplus > 0 else { return }
    base = items[surplus - 1].zxid
    foundation = members(at: base)
    items.removeFirst(surplus)
    if membersAt <= base { membersAt = .zero }
  }

  /// How many entries up to one are there, the last of them: at most so many, and of so many bytes.
  func count(upTo zxid: Zxid, atMost limit: Int, bytes: Int) -> Int {
    let place = index(of: zxid)
    var (count, left) = (0, bytes)
    for item in items[..<(place.isThere ? place.index + 1 : place.index)].suffix(limit).reversed() {
      left -= item.entry.size
      guard left >= 0 else { break }
      count += 1
    }
    return count
  }

  /// How somebody comes to have all that is here.
  enum Difference: Equatable {
    /// By the entries from this place on.
    case entries(from: Int)
    /// By leaving out what he has after an entry, and the entries from this place on.
    case truncation(Zxid, from: Int)
    /// By the snapshot, and the entries from this place on.
    case snapshot(from: Int)
  }

  /// What somebody lacks whose last entry is `last`.
  func difference(to last: Zxid, _ mutants: Mutants) -> Difference {
    let place = index(of: last)
    if place.isThere { return .entries(from: place.index + 1) }
    if last == base { return .entries(from: 0) }
    if last > base {
      // He has what isn't here: entries of an epoch that a majority was in step with. So he has all of its first history, which is here
      // too, and the last entry before them. He mustn't get a snapshot from before that: if he ended halfway, he'd have lost what others count on.
      if mutants.have(.diffInPlaceOfTruncation) { return .entries(from: place.index) }
      if !mutants.have(.snapshotInPlaceOfTruncation) {
        return .truncation(place.index > 0 ? items[place.index - 1].zxid : base, from: place.index)
      }
    }
    let after = index(of: snapshot)
    return .snapshot(from: after.isThere ? after.index + 1 : after.index)
  }
}
