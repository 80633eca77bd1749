import Balancing
import Testing

@Suite("Least connections")
struct LeastConnectionsTests {
  @Test("keeps backends in proportion to their weights", arguments: [[1, 1, 1], [1, 2, 3], [10, 1], [7, 7, 1, 3]])
  func proportional(weights: [Int]) {
    #expect(
      PoolFixture(.leastConnections, weights: weights).counts(weights.reduce(0, +) * 50) == weights.map { $0 * 50 })
  }

  @Test("fills up the one that has the fewest")
  func fillsUp() {
    let pool = PoolFixture(.leastConnections, weights: [1, 1, 1])
    for (index, active) in [5, 2, 4].enumerated() {
      for _ in 0..<active { _ = pool.loads[index].acquire(limit: .max) }
    }
    #expect(pool.picks(2) == [.backend(1), .backend(1)])
    #expect(pool.counts(5) == [1, 2, 2])
  }

  @Test("lets idle backends take turns")
  func turns() {
    let pool = PoolFixture(.leastConnections, weights: [1, 1, 1])
    var counts = [0, 0, 0]
    for _ in 0..<300 {
      for case .backend(let index) in pool.picks(1) {
        counts[index] += 1
        pool.loads[index].release()
      }
    }
    #expect(counts == [100, 100, 100])
  }

  @Test("sends a lone session to the heaviest")
  func heaviest() {
    let pool = PoolFixture(.leastConnections, weights: [1, 10, 9])
    for _ in 0..<6 {
      #expect(pool.picks(1) == [.backend(1)])
      pool.loads[1].release()
    }
  }

  @Test("goes by the loads of all workers")
  func shared() async {
    let pool = PoolFixture(.leastConnections, weights: [1, 1, 1, 1])
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 { group.addTask { _ = pool.picks(1_000) } }
    }
    // Workers that look at the same moment may see the same minimum, each of them once.
    for load in pool.loads { #expect(abs(load.active - 1_000) <= 4) }
  }

  @Test("passes over the least loaded if it is full")
  func full() {
    let pool = PoolFixture(.leastConnections, [.init(maxSessions: 1), .init(), .init()])
    #expect(pool.counts(201) == [1, 100, 100])
  }
}

@Suite("Two choices")
struct TwoChoicesTests {
  @Test("is nearly as even as the least loaded of all, where random isn't")
  func even() {
    func spread(_ strategy: Strategy) -> Int {
      let counts = PoolFixture(strategy, weights: Array(repeating: 1, count: 50)).counts(5_000)
      return (counts.max() ?? 0) - (counts.min() ?? 0)
    }
    #expect(spread(.twoChoices) <= 8)
    #expect(spread(.random) > 20)
  }

  @Test("always takes the less loaded of two")
  func lessLoaded() {
    let pool = PoolFixture(.twoChoices, weights: [1, 1])
    for _ in 0..<100 { _ = pool.loads[0].acquire(limit: .max) }
    #expect(pool.counts(100) == [0, 100])
  }

  @Test("never takes the most loaded")
  func neverTheWorst() {
    let pool = PoolFixture(.twoChoices, weights: [1, 1, 1, 1])
    for _ in 0..<1_000 { _ = pool.loads[2].acquire(limit: .max) }
    #expect(pool.counts(600)[2] == 0)
  }

  @Test("weighs loads by weight", arguments: [[1, 3], [1, 2, 3, 4], [20, 1, 1]])
  func weighted(weights: [Int]) {
    let counts = PoolFixture(.twoChoices, weights: weights).counts(weights.reduce(0, +) * 200)
    for (count, weight) in zip(counts, weights) {
      #expect(abs(Double(count) / Double(weight * 200) - 1) < 0.1, "\(counts)")
    }
  }

  @Test("takes the other one if the less loaded was tried or is full")
  func other() {
    let pool = PoolFixture(.twoChoices, [.init(), .init(maxSessions: 2), .init(maxSessions: 0)])
    for _ in 0..<5 { _ = pool.loads[0].acquire(limit: .max) }
    #expect(pool.picks(4) == [.backend(1), .backend(1), .backend(0), .backend(0)])
    #expect(pool.picks(1, excluding: [1]) == [.backend(0)])
  }
}
