package import Proxy

/// What processes before this one have counted of pools and their backends.
///
/// It's kept by name and address, beside the pools and backends that are here, and whoever tells of one of those looks it up:
/// so it needn't follow them when they go, come back or are forgotten, and there is one place where it's told anew or settled.
package final class InheritedPools {
  private var pools: [String: InheritedPool] = [:]

  /// What was counted of a pool and its backends.
  package subscript(name: String) -> InheritedPool { pools[name] ?? InheritedPool() }

  /// The pools of which anything was counted.
  package var names: Set<String> { Set(pools.keys) }

  /// Takes what the process before has counted, in place of what it has told of the same before.
  package func take(_ news: CountsHandover) {
    for (name, counts) in news.pools { pools[name, default: InheritedPool()].itself = counts }
    for name in Set(news.backends.keys).union(news.gone.keys) {
      pools[name, default: InheritedPool()].take(
        news.backends[name] ?? [:], gone: news.gone[name], isPartial: news.isPartial == true)
    }
  }

  /// The process before is gone, and with it every session that it had left.
  package func settle() {
    for name in pools.keys { pools[name]?.settle() }
  }
}

/// What processes before this one have counted of a pool and its backends.
package struct InheritedPool {
  /// Of the pool itself.
  package fileprivate(set) var itself = PoolCounts()
  /// Of its backends, by address, those that aren't here too.
  private(set) var backends: [String: BackendCounts] = [:]
  /// Of those together that were gone there.
  private(set) var gone = BackendCounts()

  /// The address of a backend that another process tells of: it comes after the name, or the address, that gives it there.
  static func address(in text: String) -> String {
    guard text.hasPrefix("unix:") else { return text.split(separator: " ", maxSplits: 1).last.map(String.init) ?? text }
    // A path may have spaces; it's given by itself, and so it's there twice.
    return String(text.suffix((text.count - 1) / 2))
  }

  fileprivate mutating func take(_ news: [String: BackendCounts], gone: BackendCounts?, isPartial: Bool) {
    if !isPartial { backends = [:] }
    for (text, counts) in news { backends[Self.address(in: text)] = counts }
    if let gone { self.gone = gone }
  }

  fileprivate mutating func settle() {
    for address in backends.keys { backends[address]?.settle() }
    gone.settle()
  }

  /// How many sessions stand there.
  var active: Int { backends.values.reduce(gone.active) { $0 + $1.active } }

  /// What was counted of all backends.
  package var sums: BackendSums {
    backends.values.reduce(into: BackendSums(gone)) { $0.add(BackendSums($1)) }
  }

  /// The same without some of them.
  func without(_ members: [Member]) -> InheritedPool {
    var others = self
    for member in members where !backends.isEmpty { others.backends[member.address] = nil }
    return others
  }

  /// What was counted of all backends, with every detail.
  package var counts: BackendCounts {
    backends.values.reduce(into: gone) { $0.add($1) }
  }
}
