/// A candidate as the hot path wants it: without its text.
struct Member {
  let index: Int
  let weight: Int
  let maxSessions: Int
  let load: BackendLoad

  /// Whether an attempt to take a slot has a chance.
  func isUsable(excluding exclusion: borrowing Exclusion) -> Bool {
    !exclusion.contains(index) && load.active < maxSessions
  }

  /// Takes a slot unless the session has tried this one before or it is full.
  func acquire(excluding exclusion: borrowing Exclusion) -> Bool {
    !exclusion.contains(index) && load.acquire(limit: maxSessions)
  }
}

/// The candidates of one tier and the tables by which its strategy chooses among them.
struct Tier {
  private enum Plan {
    case roundRobin(RoundRobin)
    case random(RandomDraw)
    case twoChoices(TwoChoices)
    case leastConnections(LeastConnections)
    case sourceHash(SourceHash)
  }

  private let members: [Member]
  private let plan: Plan

  /// Prepares the strategy for at least one candidate.
  init(strategy: Strategy, candidates: [Candidate], poolSize: Int) {
    members = candidates.map {
      Member(index: $0.index, weight: $0.weight, maxSessions: $0.maxSessions, load: $0.load)
    }
    let weights = candidates.map(\.weight)
    plan =
      switch strategy {
      case .roundRobin: .roundRobin(RoundRobin(weights: weights))
      case .random: .random(RandomDraw(weights: weights))
      case .twoChoices: .twoChoices(TwoChoices(weights: weights))
      case .leastConnections: .leastConnections(LeastConnections())
      case .sourceHash: .sourceHash(SourceHash(weights: weights, keys: candidates.map(\.hashKey), poolSize: poolSize))
      }
  }

  /// Picks within this tier alone.
  func pick(
    client: UInt64?, cursor: Cursor, excluding exclusion: borrowing Exclusion, using generator: inout SplitMix64
  ) -> Pick {
    let position =
      switch plan {
      case .roundRobin(let plan):
        plan.acquire(from: members, cursor: cursor, excluding: exclusion, using: &generator)
      case .random(let plan):
        plan.acquire(from: members, excluding: exclusion, using: &generator)
      case .twoChoices(let plan):
        plan.acquire(from: members, excluding: exclusion, using: &generator)
      case .leastConnections(let plan):
        plan.acquire(from: members, cursor: cursor, excluding: exclusion)
      case .sourceHash(let plan):
        plan.acquire(from: members, client: client ?? generator.next(), excluding: exclusion)
      }
    if let position { return .backend(members[position].index) }
    for member in members where !exclusion.contains(member.index) { return .full }
    return .none
  }
}
