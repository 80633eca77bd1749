/// How many backends of a pool a node sees up.
package struct PoolView: Equatable, Sendable {
  /// Those that are up.
  package var up: UInt32
  /// Those whose health is looked at.
  package var total: UInt32

  /// With both.
  package init(up: UInt32, total: UInt32) {
    self.up = up
    self.total = total
  }

  /// Whether at least half of them are down.
  var isBroken: Bool { total > 0 && up * 2 <= total }
}

/// Whether a node is the broken one: it sees a pool at least half down that most of the others see up.
///
/// What it says itself about backends stays as it is, and so does what others say: nobody's backend is down by a majority. It only
/// shouldn't be the one whom all clients come to.
package struct Isolation: Equatable, Sendable {
  /// How long it has to look so.
  static let patience = Span.seconds(2)
  /// How long it mustn't look so any more.
  static let relief = Span.seconds(5)

  /// Whether it's so.
  package private(set) var isIsolated = false
  /// Since when it looks otherwise than that.
  private var otherwiseSince: Moment?

  /// Compares what this node sees of each pool with what others do, all of whom serve the same configuration.
  mutating func judge(_ own: [PoolView], _ others: [[PoolView]], at now: Moment) {
    let looksSo = own.indices.contains { index in
      guard own[index].isBroken else { return false }
      var (seen, up) = (0, 0)
      for views in others where views.count == own.count {
        seen += 1
        if !views[index].isBroken { up += 1 }
      }
      return up * 2 > seen
    }
    note(looksSo, at: now)
  }

  /// Takes note of how it looks now.
  mutating func note(_ looksSo: Bool, at now: Moment) {
    guard looksSo != isIsolated else { return otherwiseSince = nil }
    let since = otherwiseSince ?? now
    otherwiseSince = since
    guard now - since >= (looksSo ? Self.patience : Self.relief) else { return }
    isIsolated = looksSo
    otherwiseSince = nil
  }
}

extension FleetNode {
  /// The most pools that are told of.
  package static let mostPools = 256

  /// Looks whether this node is the broken one.
  mutating func judgeIsolation(at now: Moment) {
    // As a rule nobody has to be asked.
    guard pools.contains(where: { $0.isBroken }) else { return isolation.note(false, at: now) }
    isolation.judge(pools, views(at: now), at: now)
  }

  /// What others see who serve the same.
  private func views(at now: Moment) -> [[PoolView]] {
    var views: [[PoolView]] = []
    views.reserveCapacity(peers.all.count)
    for place in peers.all.indices
    where peers.isPresent(at: place, now) && peers.all[place].status?.generation == rollouts.stored.generation {
      if let pools = peers.all[place].status?.pools { views.append(pools) }
    }
    return views
  }

  /// Whether anybody else may own an address: then an isolated node doesn't.
  func isReplaceable(_ index: Int, at now: Moment) -> Bool {
    peers.all.indices.contains { mayOwn(index, peer: $0, at: now) }
  }
}
