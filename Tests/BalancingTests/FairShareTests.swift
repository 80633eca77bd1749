import Balancing
import Testing

@Suite("Fair shares")
struct FairShareTests {
  typealias Holding = FairShare.Holding

  private func excess(_ weights: [Int], _ active: [Int], limits: [Int] = []) -> [Int] {
    FairShare.excess(
      of: weights.indices.map {
        Holding(weight: weights[$0], active: active[$0], maxSessions: limits.isEmpty ? .max : limits[$0])
      })
  }

  @Test(
    "say how many sessions of each backend are too many",
    arguments: [
      ([1, 1], [10, 10], [0, 0]),
      // One came back empty.
      ([1, 1], [10, 0], [5, 0]), ([1, 1, 1], [30, 30, 0], [10, 10, 0]), ([2, 1, 1], [60, 20, 0], [20, 0, 0]),
      // What doesn't come out even stays where it is.
      ([1, 1], [1, 0], [0, 0]), ([1, 1], [0, 1], [0, 0]), ([1, 1, 1], [0, 4, 4], [0, 1, 1]),
      ([1, 1, 1], [4, 3, 3], [0, 0, 0]), ([1, 1, 1], [3, 3, 4], [0, 0, 0]),
      // The larger remainder has the odd one.
      ([3, 1], [0, 2], [0, 1]), ([1, 1, 5], [2, 0, 0], [2, 0, 0]), ([5, 3, 2], [3, 3, 2], [0, 1, 0]),
      ([1, 3], [100, 100], [50, 0]), ([1_000_000_000, 1], [0, 1_000_000], [0, 1_000_000]),
      // Nothing to share, or nobody to share with.
      ([1, 2], [0, 0], [0, 0]), ([7], [100], [0]), ([], [], []),
    ] as [([Int], [Int], [Int])])
  func table(weights: [Int], active: [Int], expected: [Int]) {
    #expect(excess(weights, active) == expected)
  }

  @Test(
    "ask for no more than the others can take",
    arguments: [
      // The one that is empty can take 3.
      ([1, 1], [10, 0], [.max, 3], [3, 0]), ([1, 1, 1], [20, 10, 0], [.max, .max, 0], [5, 0, 0]),
      // What a limit leaves goes to the next, whose own limit may cut it off, too.
      ([1, 1, 1, 1], [40, 0, 0, 0], [.max, 5, 8, .max], [26, 0, 0, 0]),
      ([1, 1, 1], [30, 0, 0], [.max, 4, 12], [16, 0, 0]),
      // Limits below what is there already: only what has a place elsewhere.
      ([1, 1], [10, 10], [5, 5], [0, 0]), ([1, 1, 1], [10, 10, 0], [5, 5, 4], [2, 2, 0]),
      ([1, 1, 1], [30, 10, 0], [5, 5, 6], [5, 1, 0]), ([1, 1], [10, 0], [0, 0], [0, 0]),
    ] as [([Int], [Int], [Int], [Int])])
  func limited(weights: [Int], active: [Int], limits: [Int], expected: [Int]) {
    #expect(excess(weights, active, limits: limits) == expected)
  }

  @Test("take nobody below its share, and make all even when what they take is with the others", arguments: 0..<1_000)
  func properties(seed: Int) {
    var generator = SplitMix64(seed: UInt64(seed))
    let heaviest = [1, 10, 1_000_000].randomElement(using: &generator) ?? 1
    let busiest = [3, 30, 300].randomElement(using: &generator) ?? 1
    var holdings = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
      Holding(
        weight: Int.random(in: 1...heaviest, using: &generator), active: Int.random(in: 0...busiest, using: &generator))
    }
    let total = holdings.reduce(0) { $0 + $1.active }
    let sum = holdings.reduce(0) { $0 + $1.weight }
    let shares = holdings.map { Double(total) * Double($0.weight) / Double(sum) }
    let excess = FairShare.excess(of: holdings)
    for index in holdings.indices {
      holdings[index].active -= excess[index]
      #expect(Double(holdings[index].active) < shares[index] + 1)
      if excess[index] > 0 { #expect(Double(holdings[index].active) > shares[index] - 1) }
    }
    // One by one to whoever is furthest below its share.
    for _ in 0..<excess.reduce(0, +) {
      let neediest = holdings.indices.max {
        shares[$0] - Double(holdings[$0].active) < shares[$1] - Double(holdings[$1].active)
      }
      holdings[neediest ?? 0].active += 1
    }
    for (holding, share) in zip(holdings, shares) { #expect(abs(Double(holding.active) - share) < 1) }
    #expect(FairShare.excess(of: holdings) == holdings.map { _ in 0 })
  }

  @Test("ask for no more than there are free places, whatever the limits", arguments: 0..<1_000)
  func limits(seed: Int) {
    var generator = SplitMix64(seed: UInt64(seed))
    let holdings = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
      Holding(
        weight: Int.random(in: 1...9, using: &generator), active: Int.random(in: 0...50, using: &generator),
        maxSessions: Int.random(in: 0...80, using: &generator))
    }
    let excess = FairShare.excess(of: holdings)
    let places = zip(holdings, excess).reduce(0) { $1.1 > 0 ? $0 : $0 + max($1.0.maxSessions - $1.0.active, 0) }
    #expect(excess.reduce(0, +) <= places)
    for (count, holding) in zip(excess, holdings) { #expect((0...holding.active).contains(count)) }
  }

  @Test("trap at no numbers")
  func extremes() {
    let holdings = [
      Holding(weight: -1, active: -1, maxSessions: -1), Holding(weight: 1_000_000_000, active: .max / 4),
      Holding(weight: 1_000_000_000, active: .max / 4, maxSessions: 0),
    ]
    #expect(FairShare.excess(of: holdings).count == 3)
  }
}
