/// Where a pool's next session would go, and what decides that: plain facts of one moment, for people to ask about. The
/// words for them are made elsewhere, and so is the reason why a backend isn't eligible: a route knows only those that are.
package struct RouteExplanation: Equatable, Sendable {
  /// What the search for a backend would come to, for a session that has tried none.
  package enum Outcome: Equatable, Sendable {
    /// This backend, by its place in the pool's list, if nobody else picks before.
    case exact(Int)
    /// One of the usable backends of the tier, by a draw.
    case drawn
    /// Nobody, since guards hold all back that have a free slot; with patience, the session waits.
    case throttled
    /// Nobody, since all are at their limit.
    case full
    /// Nobody, since no backend is eligible.
    case none
  }

  /// The pool's strategy.
  package let strategy: Strategy
  /// The tiers with eligible backends, in the order in which they are asked.
  package let tiers: [TierExplanation]
  /// The tier that the session ends up with: it gets a backend of it, or waits for one. Nil if it gets none at all.
  package let serving: Int?
  /// What the search comes to.
  package let outcome: Outcome

  /// The backend that the strategy would choose, by its place in the pool's list, where that doesn't depend on a draw.
  package var pick: Int? {
    if case .exact(let index) = outcome { index } else { nil }
  }
}

/// One tier: who is in it, and where its strategy stands.
package struct TierExplanation: Equatable, Sendable {
  /// The tier's number.
  package let tier: Int
  /// Its eligible backends, in the order of the pool's list.
  package let candidates: [CandidateExplanation]
  /// Where the strategy stands.
  package let position: StrategyPosition
  /// What the search comes to within this tier alone.
  package let outcome: RouteExplanation.Outcome
}

/// One eligible backend at the moment of the explanation.
package struct CandidateExplanation: Equatable, Sendable {
  /// Whether a session can have a slot of it.
  package enum State: Equatable, Sendable {
    /// It can.
    case usable
    /// All its slots are taken.
    case full
    /// It has a free slot, but its guard holds sessions back.
    case throttled(Throttle)
  }

  /// The place in the pool's list of backends.
  package let index: Int
  /// The effective weight. While anybody of the pool warms up, all weights are on a larger scale: see `SlowStart`.
  package let weight: Int
  /// The sessions over all workers.
  package let active: Int
  /// The connects in flight over all workers.
  package let connecting: Int
  /// The most sessions at a time; `Int.max` where there is no limit.
  package let maxSessions: Int
  /// What its guard lets through at present; nil without a guard.
  package let guardRules: GuardRules?
  /// Whether a session can have a slot of it.
  package let state: State

  var isThrottled: Bool {
    if case .throttled = state { true } else { false }
  }
}

/// Where a tier's strategy stands. Backends are named by their place in the pool's list.
package enum StrategyPosition: Equatable, Sendable {
  /// So many backends are told at most of those that come next.
  package static let mostNext = 12

  /// The cursor's place in the schedule, from 0, the schedule's length, and the backends that it names from there on,
  /// one round at most. Those that aren't usable are passed over.
  case roundRobin(place: Int, length: Int, next: [Int])
  /// How likely each candidate is to be drawn, in the order of the candidates; all 0 if none is usable.
  case random(probabilities: [Double])
  /// How likely each candidate is to be taken, in the order of the candidates; all 0 if none is usable.
  case twoChoices(probabilities: [Double])
  /// What each candidate's load would be with this session, (active + 1) / weight, in the order of the candidates, and
  /// the lightest of those that are usable.
  case leastConnections(loads: [Double], lightest: Int?)
  /// The client's entry in the table, the table's size, the backend that the entry belongs to, and the different ones
  /// that come after it, in the client's order of preference. Entry and owner are nil for a client without an address.
  case sourceHash(entry: Int?, size: Int, owner: Int?, next: [Int])
}
