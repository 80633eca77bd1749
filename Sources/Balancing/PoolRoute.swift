/// What a pick came to.
package enum Pick: Equatable, Sendable {
  /// The backend with this place in the pool's list. A slot of its load has been acquired, and a place among those that
  /// connect: the caller gives both back, with `release` and `connectEnded`.
  case backend(Int)
  /// There are candidates with free slots that this session hasn't tried, but their guards hold all of them back just
  /// now. Who still has patience picks again in a moment; who came without any is refused.
  case throttled
  /// There are candidates that this session hasn't tried, but all of them are at their limit.
  case full
  /// There is no candidate that this session hasn't tried.
  case none
}

/// What a session does for whom the right backend is held back by its guard.
package enum Patience: Equatable, Sendable {
  /// It waits for the backends of the tier that serves, and with `source-hash` for its own one.
  case waits
  /// It goes on to whoever takes it: another backend with `source-hash`, and the next tiers.
  case goesElsewhere
}

/// The routing of one pool: its strategy over the eligible candidates, tier by tier. Immutable; all workers pick from
/// the same one, and any change of eligibility or weight is a new one.
package final class PoolRoute: Sendable {
  /// Whether the strategy looks at who the client is.
  package let looksAtClient: Bool
  let strategy: Strategy
  let tiers: [Tier]
  let cursor: Cursor
  /// Where each candidate is, by its place in the pool's list; empty where nobody asks for a certain one.
  private let spots: [Int: Spot]

  private struct Spot {
    let tier: Int
    let position: Int
  }

  /// Prepares the strategy's tables.
  ///
  /// - Parameters:
  ///   - candidates: the eligible backends, in the order of the pool's list.
  ///   - cursor: the pool's rotation, the same one from snapshot to snapshot.
  ///   - poolSize: how many backends are configured, eligible or not. It alone sizes the table of `source-hash`, which
  ///     must not change with who is eligible.
  ///   - isSticky: whether picks may prefer a certain backend.
  package init(
    strategy: Strategy, candidates: [Candidate], cursor: Cursor, poolSize: Int, isSticky: Bool = false
  ) {
    self.strategy = strategy
    self.cursor = cursor
    looksAtClient = strategy == .sourceHash
    tiers = Dictionary(grouping: candidates, by: \.tier)
      .sorted { $0.key < $1.key }
      .map { Tier(number: $0.key, strategy: strategy, candidates: $0.value, poolSize: poolSize) }
    var spots: [Int: Spot] = [:]
    if isSticky {
      for (number, tier) in tiers.enumerated() {
        for position in tier.members.positions {
          spots[tier.members[position].index] = Spot(tier: number, position: position)
        }
      }
    }
    self.spots = spots
  }

  /// Picks a backend and acquires one of its slots. A tier whose candidates have all been tried or are all full passes
  /// the session on to the next. One whose candidates are held back does so only if the session has no patience: a
  /// herd is to wait for the tier that serves, not to be let loose on the next one.
  ///
  /// - Parameters:
  ///   - client: the hash of the client's address; only `source-hash` looks at it, and without one draws at random.
  ///   - own: the backend that the client had, by its place in the pool's list. It gets it again, whatever its tier, as long as
  ///     it's a candidate with a free slot; it waits for it as long as it has patience.
  ///   - exclusion: the backends that this session has tried already.
  ///   - now: nanoseconds of the monotonic clock; only guards look at it.
  ///   - patience: whether the session waits for a backend that is held back.
  ///   - generator: the worker's own.
  package func pick(
    client: UInt64?, own: Int? = nil, excluding exclusion: borrowing Exclusion, at now: UInt64, patience: Patience,
    using generator: inout SplitMix64
  ) -> Pick {
    if let own, let spot = spots[own] {
      switch (tiers[spot.tier].members.acquire(spot.position, excluding: exclusion, at: now), patience) {
      case (.acquired, _): return .backend(own)
      case (.throttled, .waits): return .throttled
      case (.throttled, .goesElsewhere), (.full, _), (nil, _): break
      }
    }
    var outcome = Pick.none
    for tier in tiers {
      let pick = tier.pick(
        client: client, cursor: cursor, excluding: exclusion, at: now, patience: patience, using: &generator)
      switch (pick, patience) {
      case (.backend, _), (.throttled, .waits): return pick
      case (.throttled, .goesElsewhere): outcome = .throttled
      case (.full, _): if outcome == .none { outcome = .full }
      case (.none, _): break
      }
    }
    return outcome
  }
}
