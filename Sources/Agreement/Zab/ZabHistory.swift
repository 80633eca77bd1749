/// The entries that a node has: all of them up to a snapshot, as what they came to, and those after it one by one, with some before it that
/// others may lack.
package struct ZabHistory: Equatable, Sendable {
  /// An entry with its place.
  package struct Item: Equatable, Sendable {
    /// Its place.
    package var zxid: Zxid
    /// What it says.
    package var bytes: [UInt8]
  }

  /// The last entry that is in the snapshot; zero if there's none.
  package private(set) var snapshot = Zxid.zero
  /// The state after that.
  package private(set) var state: [UInt8] = []
  /// The entry before the first one that is there.
  package private(set) var base = Zxid.zero
  /// Those that are there, in order and without a hole.
  package private(set) var items: [Item] = []

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

  mutating func append(_ zxid: Zxid, _ bytes: [UInt8]) {
    items.append(Item(zxid: zxid, bytes: bytes))
  }

  mutating func truncate(after zxid: Zxid) {
    let place = index(of: zxid)
    items.removeSubrange((place.isThere ? place.index + 1 : place.index)...)
  }

  mutating func replace(by zxid: Zxid, _ state: [UInt8]) {
    (snapshot, self.state) = (zxid, state)
    base = zxid
    items = []
  }

  /// Takes what all entries up to one came to, and forgets all but some of these.
  mutating func compact(_ zxid: Zxid, _ state: [UInt8], keeping kept: Int) {
    (snapshot, self.state) = (zxid, state)
    let place = index(of: zxid)
    let surplus = (place.isThere ? place.index + 1 : place.index) - kept
    guard surplus > 0 else { return }
    base = items[surplus - 1].zxid
    items.removeFirst(surplus)
  }

  /// How many entries up to one are there, the last of them: at most so many, and of so many bytes.
  func count(upTo zxid: Zxid, atMost limit: Int, bytes: Int) -> Int {
    let place = index(of: zxid)
    var (count, left) = (0, bytes)
    for item in items[..<(place.isThere ? place.index + 1 : place.index)].suffix(limit).reversed() {
      left -= item.bytes.count
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
