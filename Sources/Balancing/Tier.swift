/// The candidates of one tier and the tables by which its strategy chooses among them. An object, so that a pick copies
/// nothing to look at it.
final class Tier: Sendable {
  enum Plan: Sendable {
    case roundRobin(RoundRobin)
    case random(RandomDraw)
    case twoChoices(TwoChoices)
    case leastConnections(LeastConnections)
    case sourceHash(SourceHash)
  }

  let number: Int
  let members: Members
  let plan: Plan

  /// Prepares the strategy for at least one candidate.
  init(number: Int, strategy: Strategy, candidates: [Candidate], poolSize: Int) {
    self.number = number
    members = Members(candidates)
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
    client: UInt64?, cursor: Cursor, excluding exclusion: borrowing Exclusion, at now: UInt64, patience: Patience,
    using generator: inout SplitMix64
  ) -> Pick {
    let position =
      switch plan {
      case .roundRobin(let plan):
        plan.acquire(from: members, cursor: cursor, excluding: exclusion, at: now, using: &generator)
      case .random(let plan):
        plan.acquire(from: members, excluding: exclusion, at: now, using: &generator)
      case .twoChoices(let plan):
        plan.acquire(from: members, excluding: exclusion, at: now, using: &generator)
      case .leastConnections(let plan):
        plan.acquire(from: members, cursor: cursor, excluding: exclusion, at: now)
      case .sourceHash(let plan):
        // A client without an address has no backend of its own to wait for.
        plan.acquire(
          from: members, client: client ?? generator.next(), excluding: exclusion, at: now,
          patience: client == nil ? .goesElsewhere : patience)
      }
    return position.map { .backend(members[$0].index) } ?? members.failure(excluding: exclusion)
  }
}
