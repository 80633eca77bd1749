import Proxy
import Testing

@testable import Control

@Suite("What was counted of backends that are gone")
struct DepartedCountsTests {
  private func counts(_ retries: Int) -> BackendCounts {
    var counts = BackendCounts()
    counts.retries = retries
    return counts
  }

  @Test("comes back with them, and is in the sum until then")
  func back() {
    var departed = DepartedCounts()
    departed.keep(counts(3), of: "a")
    departed.keep(counts(4), of: "b")
    #expect(departed.sum.retries == 7)
    #expect(departed.takeBack("a")?.retries == 3)
    #expect(departed.takeBack("a") == nil)
    #expect(departed.sum.retries == 4)
  }

  @Test("never gets less, however many leave, and is bounded")
  func bounded() {
    var departed = DepartedCounts()
    for number in 0..<(2 * DepartedCounts.most) { departed.keep(counts(1), of: "\(number)") }
    #expect(departed.sum.retries == 2 * DepartedCounts.most)
    #expect(departed.takeBack("0") == nil)
    #expect(departed.takeBack("\(DepartedCounts.most)")?.retries == 1)
  }
}
