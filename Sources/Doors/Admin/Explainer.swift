import Balancing
import Config
import Control
import Model
import Proxy
import Sockets
import Text

/// Puts into words where a pool's next session goes, and why.
struct Explainer {
  let pool: PoolController
  let unresolved: [UnresolvedBackend]
  /// The listeners through which sessions come.
  let listeners: [ListenerConfiguration]
  let admission: AdmissionBook
  let headroom: Report.Headroom
  let incidents: Incidents

  /// The decision as the strategy would make it now.
  ///
  /// - Parameter client: who asks; only `source-hash` makes a difference of it.
  func why(client: SocketAddress?) -> AdminAnswer.Why {
    let now = Instant.now
    let snapshot = pool.snapshot(at: now)
    let explanation = snapshot.route.explain(client: client.flatMap(\.hostHash), at: now.nanoseconds)
    let candidates = Dictionary(
      explanation.tiers.flatMap { tier in tier.candidates.map { ($0.index, (tier: tier, candidate: $0)) } },
      uniquingKeysWith: { first, _ in first })
    let own = OwnBackend(of: client, in: pool, explanation, at: now)
    let backends = pool.members.indices.map { index in
      let chance = own?.isUsable == true ? (own?.index == index ? 1 : 0) : chance(of: index, explanation)
      return backend(index, candidates[index]?.candidate, chance: chance, explanation, at: now)
    }
    let nobody = unresolved.map { backend in
      let configuration = backend.configuration
      return AdminAnswer.Why.Backend(
        name: configuration.name, address: configuration.endpoint.description, tier: configuration.tier,
        isEligible: false, reason: backend.reason, weight: 0, active: 0, chance: 0)
    }
    let serving = explanation.tiers.first { $0.tier == explanation.serving }
    return AdminAnswer.Why(
      pool: pool.name, strategy: explanation.strategy.rawValue, client: client?.host,
      backends: backends + nobody,
      position: serving.map { position($0.position) } ?? "no tier has an eligible backend",
      next: serving.map { next($0.position).map(name) } ?? [], pick: (own?.pick ?? explanation.pick).map(name),
      sentence: turnedAway(client) ?? own?.sentence ?? sentence(explanation, serving),
      admission: client.map(decisions),
      hints: [own?.hint].compactMap(\.self) + hints(client))
  }

  // MARK: Admission

  private func decisions(on client: SocketAddress) -> [AdminAnswer.Why.Admission] {
    listeners.compactMap { listener in
      admission.decision(on: client, at: listener).map {
        AdminAnswer.Why.Admission(listener: listener.name, isLetIn: $0.isLetIn, reason: $0.reason)
      }
    }
  }

  /// What becomes of a client that no listener lets in; nil if one does.
  private func turnedAway(_ client: SocketAddress?) -> String? {
    guard let client else { return nil }
    let decisions = decisions(on: client)
    guard !listeners.isEmpty, decisions.count(where: { !$0.isLetIn }) == listeners.count else { return nil }
    return decisions.count == 1
      ? "The session is refused: listener \(decisions[0].listener) doesn't let \(client.host) in."
      : "The session is refused: no listener lets \(client.host) in."
  }

  private func name(_ index: Int) -> String {
    pool.members.indices.contains(index) ? pool.members[index].backend.name : "?"
  }

  // MARK: Backends

  private func backend(
    _ index: Int, _ candidate: CandidateExplanation?, chance: Double?, _ explanation: RouteExplanation,
    at now: Instant
  ) -> AdminAnswer.Why.Backend {
    let member = pool.members[index]
    return AdminAnswer.Why.Backend(
      name: member.backend.name, address: member.address, tier: member.configuration.tier,
      isEligible: candidate != nil, reason: reason(member, candidate, explanation),
      weight: candidate == nil ? 0 : member.weight.value * member.progress(at: now),
      active: member.backend.load.active, chance: chance)
  }

  private func reason(
    _ member: Member, _ candidate: CandidateExplanation?, _ explanation: RouteExplanation
  ) -> String {
    guard let candidate else { return "\(member.state.rawValue): \(member.reason)" }
    switch candidate.state {
    case .full: return "all of its \(candidate.maxSessions) sessions are taken"
    case .throttled(.connecting): return "its guard: \(candidate.connecting) connects are in flight"
    case .throttled(.rate): return "its guard: too many connections in this second"
    case .usable: break
    }
    guard member.state.isEligible else { return "used though \(member.state.rawValue): nobody else is left (panic)" }
    if let serving = explanation.serving, member.configuration.tier != serving {
      return "\(member.state.rawValue), in reserve: tier \(serving) serves"
    }
    return member.state == .up ? "up" : "\(member.state.rawValue): \(member.reason)"
  }

  /// The probability that the next session goes there, where it's known; 0 outside of the tier that serves.
  private func chance(of index: Int, _ explanation: RouteExplanation) -> Double? {
    guard let serving = explanation.tiers.first(where: { $0.tier == explanation.serving }),
      let place = serving.candidates.firstIndex(where: { $0.index == index })
    else { return 0 }
    switch serving.position {
    case .random(let probabilities), .twoChoices(let probabilities): return probabilities[place]
    case .roundRobin, .leastConnections, .sourceHash:
      return explanation.pick.map { $0 == index ? 1 : 0 }
    }
  }

  // MARK: The strategy

  private func position(_ position: StrategyPosition) -> String {
    switch position {
    case .roundRobin(let place, let length, _): "place \(place + 1) of \(length) in the schedule"
    case .random: "drawn at random, by weight"
    case .twoChoices: "the less loaded of two drawn at random, by weight"
    case .leastConnections(_, let lightest):
      lightest.map { "the fewest sessions for its weight has \(name($0))" } ?? "nobody can take a session"
    case .sourceHash(let entry, let size, let owner, _):
      if let entry, let owner {
        "entry \(entry) of \(size) in the table, which is \(name(owner))'s"
      } else {
        "the entry in a table of \(size) hangs on the client's address: ask with a client"
      }
    }
  }

  private func next(_ position: StrategyPosition) -> [Int] {
    switch position {
    case .roundRobin(_, _, let next): next
    case .sourceHash(_, _, let owner, let next): [owner].compactMap(\.self) + next
    case .leastConnections(_, let lightest): [lightest].compactMap(\.self)
    case .random, .twoChoices: []
    }
  }

  private func sentence(_ explanation: RouteExplanation, _ serving: TierExplanation?) -> String {
    let tier = serving.map { $0.tier == 0 ? "" : " (tier \($0.tier): the tiers before it have nobody)" } ?? ""
    return switch explanation.outcome {
    case .exact(let index): "The next session goes to \(name(index))\(tier), if no other comes before it."
    case .drawn: "The next session's backend is drawn\(tier)."
    case .throttled: "The next session waits: guards hold back every backend that has room\(tier)."
    case .full:
      pool.configuration.queue.size > 0
        ? "The next session waits in the queue: all eligible backends are at their limit."
        : "The next session is refused: all eligible backends are at their limit, and there is no queue."
    case .none: "The next session is refused: no backend is eligible."
    }
  }

  private func hints(_ client: SocketAddress?) -> [String] {
    var hints: [String] = []
    let regrets = pool.counts.idleRegrets
    if regrets > 0, let limit = pool.configuration.timeouts.idle {
      hints.append(
        "\(regrets) \(regrets == 1 ? "client was" : "clients were") back within 5 s after the idle limit of "
          + "\(limit.configured) had ended the session: timeouts.idle is too short for them")
    }
    if client != nil, pool.configuration.strategy != .sourceHash, pool.configuration.stick == nil {
      hints.append("\(pool.configuration.strategy.rawValue) makes no difference between clients")
    }
    hints += pool.hindrances.recent(at: .now)
    hints += incidents.recent(at: listeners.map(\.name), of: pool.name, now: .now).map { words, age in
      "\(words), \(StatsText.duration(age.inSeconds.rounded())) ago"
    }
    let limiting = headroom.limiting
    if limiting.share >= Report.nearLimit {
      hints.append("\(limiting.name): \(limiting.used) of \(limiting.limit) are used")
    }
    return hints
  }
}
