import Proxy

/// What this process has counted of a pool's backends that are gone: one that comes back goes on counting from where it was.
struct DepartedCounts {
  /// So many are remembered each for itself; of those that left before them there's only the sum.
  static let most = 512

  private var entries: [String: BackendCounts] = [:]
  /// Their addresses, those that left first at the start.
  private var order: [String] = []
  private var rest = BackendCounts()

  /// Remembers one that leaves.
  mutating func keep(_ counts: BackendCounts, of address: String) {
    if entries[address] != nil { order.removeAll { $0 == address } }
    entries[address, default: BackendCounts()].add(counts)
    order.append(address)
    guard order.count > Self.most, let oldest = entries.removeValue(forKey: order.removeFirst()) else { return }
    rest.add(oldest)
  }

  /// One is back, and is no longer among those that are gone; gives what was counted of it, nil if nobody remembers.
  mutating func takeBack(_ address: String) -> BackendCounts? {
    guard let counts = entries.removeValue(forKey: address) else { return nil }
    order.removeAll { $0 == address }
    return counts
  }

  /// All together.
  var sum: BackendCounts {
    entries.values.reduce(into: rest) { $0.add($1) }
  }

  /// The same in short.
  var sums: BackendSums {
    entries.values.reduce(into: BackendSums(rest)) { $0.add(BackendSums($1)) }
  }
}
