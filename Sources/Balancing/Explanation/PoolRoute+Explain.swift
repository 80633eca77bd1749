extension PoolRoute {
  /// Explains what `pick` would do now for a session that has tried nobody. Nothing is acquired, and the rotation doesn't
  /// move: asking changes nothing.
  ///
  /// - Parameters:
  ///   - client: the hash of the client's address; only `source-hash` looks at it.
  ///   - now: nanoseconds of the monotonic clock; only guards look at it.
  ///   - patience: whether the session would wait for a backend that is held back.
  package func explain(client: UInt64?, at now: UInt64, patience: Patience = .waits) -> RouteExplanation {
    var place = cursor.current
    var explanations: [TierExplanation] = []
    var serving: Int?
    var outcome = RouteExplanation.Outcome.none
    for tier in tiers {
      let (explanation, places) = tier.explain(client: client, place: place, at: now, patience: patience)
      explanations.append(explanation)
      guard serving == nil else { continue }
      switch (explanation.outcome, patience) {
      case (.exact, _), (.drawn, _), (.throttled, .waits): (serving, outcome) = (tier.number, explanation.outcome)
      case (.throttled, .goesElsewhere): outcome = .throttled
      case (.full, _): if outcome == .none { outcome = .full }
      case (.none, _): break
      }
      // A tier that is asked in vain moves the rotation on for the next one.
      place &+= UInt64(places)
    }
    return RouteExplanation(strategy: strategy, tiers: explanations, serving: serving, outcome: outcome)
  }
}

extension Tier {
  /// Explains a pick within this tier alone, and says how many of the cursor's places it takes to ask in vain.
  fileprivate func explain(
    client: UInt64?, place: UInt64, at now: UInt64, patience: Patience
  ) -> (TierExplanation, places: Int) {
    let candidates = members.explain(at: now)
    let stand =
      switch plan {
      case .roundRobin(let plan): plan.explain(candidates, place: place)
      case .random(let plan): plan.explain(candidates)
      case .twoChoices(let plan): plan.explain(candidates)
      case .leastConnections(let plan): plan.explain(candidates, place: place)
      case .sourceHash(let plan): plan.explain(candidates, client: client, patience: patience)
      }
    let explanation = TierExplanation(
      tier: number, candidates: candidates, position: stand.position, outcome: stand.outcome)
    return (explanation, stand.places)
  }
}

/// Where a strategy stands, and what it comes to.
struct Stand {
  let position: StrategyPosition
  let outcome: RouteExplanation.Outcome
  /// So many places of the cursor are taken if nobody is found.
  var places = 0
}

extension [CandidateExplanation] {
  /// What it comes to if a draw decides among the usable ones.
  var drawn: RouteExplanation.Outcome {
    let usable = filter { $0.state == .usable }
    if let first = usable.first { return usable.count == 1 ? .exact(first.index) : .drawn }
    return contains { $0.isThrottled } ? .throttled : isEmpty ? .none : .full
  }

  /// The sum of the weights of the usable ones.
  var usableWeight: Int {
    reduce(0) { $1.state == .usable ? $0 + $1.weight : $0 }
  }
}
