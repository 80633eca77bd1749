import Proxy

/// What was counted of a pool's backends that are gone: one that comes back goes on counting from where it was.
struct DepartedCounts {
  /// What was counted of one of them.
  struct Entry {
    /// By this process.
    var own = BackendCounts()
    /// By processes before this one.
    var inherited = BackendCounts()
  }

  /// So many are remembered each for itself; of those that left before them there's only the sum.
  static let most = 512

  private var entries: [String: Entry] = [:]
  /// Their keys, those that left first at the start.
  private var order: [String] = []
  private var rest = Entry()

  /// Remembers one that leaves, by its address.
  mutating func keep(_ entry: Entry, of key: String) {
    entries[key, default: Entry()].add(entry)
    order.removeAll { $0 == key }
    order.append(key)
    guard order.count > Self.most, let oldest = entries.removeValue(forKey: order.removeFirst()) else { return }
    rest.add(oldest)
  }

  /// One is back, and is no longer among those that are gone; gives what was counted of it, nil if nobody remembers.
  mutating func takeBack(_ key: String) -> Entry? {
    order.removeAll { $0 == key }
    return entries.removeValue(forKey: key)
  }

  /// Takes what the process before has counted of one of them up to now.
  ///
  /// - Parameter text: what the other process calls it: a name or the address, then the address.
  /// - Returns: whether it's among them.
  mutating func inherit(_ counts: BackendCounts, of text: String) -> Bool {
    let ends = [text] + text.indices.filter { text[$0] == " " }.map { String(text[text.index(after: $0)...]) }
    guard let key = ends.first(where: { entries[$0] != nil }) else { return false }
    entries[key]?.inherited = counts
    return true
  }

  /// The process before is gone, and with it every session that it had left.
  mutating func settleInherited() {
    for key in order { entries[key]?.inherited.settle() }
    rest.inherited.settle()
  }

  /// All together.
  var sum: BackendCounts {
    var sum = rest.sum
    for entry in entries.values {
      sum.add(entry.own)
      sum.add(entry.inherited)
    }
    return sum
  }
}

extension DepartedCounts.Entry {
  fileprivate mutating func add(_ other: Self) {
    own.add(other.own)
    inherited.add(other.inherited)
  }

  fileprivate var sum: BackendCounts {
    var sum = own
    sum.add(inherited)
    return sum
  }
}
