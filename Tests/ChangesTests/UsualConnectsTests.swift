import Balancing
import Testing

@testable import Changes

@Suite("What is usual")
struct UsualConnectsTests {
  @Test("is what was counted at the last time but one")
  func kept() {
    var kept = UsualConnects.Kept()
    let samples = (1...4).map { Regression.Sample(attempts: 10 * $0, failures: $0, eligible: 3) }
    var earlier: [Int] = []
    for sample in samples {
      kept.keep(sample)
      earlier.append(kept.earlier.attempts)
    }
    #expect(earlier == [0, 10, 20, 30])
  }
}
