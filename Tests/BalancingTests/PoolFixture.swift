import Balancing

/// A pool to pick from, with all that a route needs and the loads at hand.
struct PoolFixture {
  /// One backend of the pool to be made.
  struct Backend {
    var weight = 1
    var tier = 0
    var maxSessions = Int.max
    var rules: GuardRules?
  }

  let loads: [BackendLoad]
  let cursor: Cursor
  let route: PoolRoute

  init(_ strategy: Strategy, _ backends: [Backend], eligible: [Int]? = nil, start: UInt64 = 0, isSticky: Bool = false) {
    let loads = backends.map { _ in BackendLoad() }
    self.loads = loads
    cursor = Cursor(start: start)
    let candidates = (eligible ?? Array(backends.indices)).map { index in
      Candidate(
        index: index, weight: backends[index].weight, tier: backends[index].tier,
        maxSessions: backends[index].maxSessions, guardRules: backends[index].rules, load: loads[index],
        hashKey: "10.0.0.\(index):80")
    }
    route = PoolRoute(
      strategy: strategy, candidates: candidates, cursor: cursor, poolSize: backends.count, isSticky: isSticky)
  }

  init(_ strategy: Strategy, weights: [Int], eligible: [Int]? = nil, start: UInt64 = 0) {
    self.init(strategy, weights.map { Backend(weight: $0) }, eligible: eligible, start: start)
  }

  /// So many picks one after another, each of which keeps its slot.
  func picks(
    _ count: Int, excluding excluded: [Int] = [], at now: UInt64 = 1_000_000_000, patience: Patience = .waits,
    seed: UInt64 = 1
  ) -> [Pick] {
    var generator = SplitMix64(seed: seed)
    let exclusion = Exclusion(excluded)
    return (0..<count).map { client in
      route.pick(client: hash(of: client), excluding: exclusion, at: now, patience: patience, using: &generator)
    }
  }

  /// How often each backend is picked.
  func counts(_ count: Int, excluding excluded: [Int] = [], seed: UInt64 = 1) -> [Int] {
    var counts = loads.map { _ in 0 }
    for case .backend(let index) in picks(count, excluding: excluded, seed: seed) { counts[index] += 1 }
    return counts
  }
}

extension Exclusion {
  init(_ indices: [Int]) {
    self.init()
    for index in indices { insert(index) }
  }
}

/// The hash of the address of some client; each number is a different one.
func hash(of client: Int) -> UInt64 {
  ClientHash.of(bytes: withUnsafeBytes(of: UInt32(client).bigEndian, Array.init))
}
