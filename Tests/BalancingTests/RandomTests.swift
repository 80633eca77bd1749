import Balancing
import Testing

@Suite("Random")
struct RandomTests {
  /// Whether counts are as likely as not by chance: the chi-squared statistic against its mean and spread.
  private func fits(_ counts: [Int], _ weights: [Int]) -> Bool {
    let total = Double(counts.reduce(0, +))
    let sum = Double(weights.reduce(0, +))
    let statistic = zip(counts, weights).map { count, weight in
      let expected = total * Double(weight) / sum
      return (Double(count) - expected) * (Double(count) - expected) / expected
    }.reduce(0, +)
    let freedom = Double(counts.count - 1)
    return statistic < freedom + 5 * (2 * freedom).squareRoot() + 5
  }

  @Test("draws each backend by its weight", arguments: 0..<100)
  func proportional(seed: Int) {
    var generator = SplitMix64(seed: UInt64(seed))
    let weights = (0..<Int.random(in: 1...20, using: &generator)).map { _ in Int.random(in: 1...50, using: &generator) }
    let counts = PoolFixture(.random, weights: weights).counts(20_000, seed: UInt64(seed) + 1_000)
    #expect(fits(counts, weights), "\(weights) \(counts)")
  }

  @Test("draws the others by weight when some are excluded", arguments: [[0], [0, 1], [3]])
  func proportionalWithout(excluded: [Int]) {
    let weights = [1_000, 5, 3, 1, 1]
    let counts = PoolFixture(.random, weights: weights).counts(20_000, excluding: excluded)
    let others = weights.indices.filter { !excluded.contains($0) }
    #expect(fits(others.map { counts[$0] }, others.map { weights[$0] }), "\(counts)")
  }

  @Test("draws the others by weight when one is full")
  func proportionalBesideFull() {
    let pool = PoolFixture(.random, [.init(weight: 50, maxSessions: 0), .init(weight: 1), .init(weight: 2)])
    let counts = pool.counts(9_000)
    #expect(fits(Array(counts.dropFirst()), [1, 2]), "\(counts)")
  }

  @Test("holds with weights at the end of their range")
  func largeWeights() {
    let largest = 1_000_000_000
    let counts = PoolFixture(.random, weights: [largest, largest, largest / 2, 1]).counts(10_000)
    #expect(fits(Array(counts.dropLast()), [2, 2, 1]), "\(counts)")
    let beyond = PoolFixture(.random, weights: [.max, largest, 0, -5]).counts(10_000)
    #expect(fits(Array(beyond.prefix(2)), [1, 1]), "\(beyond)")
  }

  @Test("repeats itself with the same seed, and only then")
  func seeded() {
    let pool = PoolFixture(.random, weights: [1, 1, 1, 1])
    #expect(pool.picks(100, seed: 3) == pool.picks(100, seed: 3))
    #expect(pool.picks(100, seed: 3) != pool.picks(100, seed: 4))
  }

  @Test("goes by the published generator")
  func published() {
    // The first outputs for seed 1234567 of the reference implementation (Vigna, splitmix64.c).
    var generator = SplitMix64(seed: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
    ]
    #expect(expected.map { _ in generator.next() } == expected)
  }
}
