/// What a pick came to.
package enum Pick: Equatable, Sendable {
  /// The backend with this place in the pool's list. A slot of its load has been acquired: the caller releases it.
  case backend(Int)
  /// There are candidates that this session hasn't tried, but all of them are at their limit.
  case full
  /// There is no candidate that this session hasn't tried.
  case none
}

/// The routing of one pool: its strategy over the eligible candidates, tier by tier. Immutable; all workers pick from
/// the same one, and any change of eligibility or weight is a new one.
package final class PoolRoute: Sendable {
  /// Whether the strategy looks at who the client is.
  package let looksAtClient: Bool
  private let tiers: [Tier]
  private let cursor: Cursor

  /// Prepares the strategy's tables.
  ///
  /// - Parameters:
  ///   - candidates: the eligible backends, in the order of the pool's list.
  ///   - cursor: the pool's rotation, the same one from snapshot to snapshot.
  ///   - poolSize: how many backends are configured, eligible or not. It alone sizes the table of `source-hash`, which
  ///     must not change with who is eligible.
  package init(strategy: Strategy, candidates: [Candidate], cursor: Cursor, poolSize: Int) {
    self.cursor = cursor
    looksAtClient = strategy == .sourceHash
    tiers = Dictionary(grouping: candidates, by: \.tier)
      .sorted { $0.key < $1.key }
      .map { Tier(strategy: strategy, candidates: $0.value, poolSize: poolSize) }
  }

  /// Picks a backend and acquires one of its slots. A tier whose candidates have all been tried or are all full passes
  /// the session on to the next.
  ///
  /// - Parameters:
  ///   - client: the hash of the client's address; only `source-hash` looks at it, and without one draws at random.
  ///   - exclusion: the backends that this session has tried already.
  ///   - generator: the worker's own.
  package func pick(client: UInt64?, excluding exclusion: borrowing Exclusion, using generator: inout SplitMix64)
    -> Pick
  {
    var outcome = Pick.none
    for tier in tiers {
      switch tier.pick(client: client, cursor: cursor, excluding: exclusion, using: &generator) {
      case .backend(let index): return .backend(index)
      case .full: outcome = .full
      case .none: break
      }
    }
    return outcome
  }
}
