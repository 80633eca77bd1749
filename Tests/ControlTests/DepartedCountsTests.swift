import Proxy
import Testing

@testable import Control

@Suite("What was counted of backends that are gone")
struct DepartedCountsTests {
  private func entry(_ sessions: Int) -> DepartedCounts.Entry {
    var entry = DepartedCounts.Entry()
    entry.own.retries = sessions
    return entry
  }

  @Test("comes back with them, and is in the sum until then")
  func back() {
    var departed = DepartedCounts()
    departed.keep(entry(3), of: "a")
    departed.keep(entry(4), of: "b")
    #expect(departed.sum.retries == 7)
    #expect(departed.takeBack("a")?.own.retries == 3)
    #expect(departed.takeBack("a") == nil)
    #expect(departed.sum.retries == 4)
    var counted = BackendCounts()
    counted.retries = 10
    #expect(departed.inherit(counted, of: "name b") && !departed.inherit(counted, of: "b c"))
    #expect(departed.sum.retries == 14)
    #expect(departed.takeBack("b")?.inherited.retries == 10)
  }

  @Test("never gets less, however many leave, and is bounded")
  func bounded() {
    var departed = DepartedCounts()
    for number in 0..<(2 * DepartedCounts.most) { departed.keep(entry(1), of: "\(number)") }
    #expect(departed.sum.retries == 2 * DepartedCounts.most)
    #expect(departed.takeBack("0") == nil)
    #expect(departed.takeBack("\(DepartedCounts.most)")?.own.retries == 1)
  }
}
