import Balancing
import Testing

@testable import Model

@Suite("Changes of a weight")
struct WeightChangeTests {
  @Test(
    "come to another weight",
    arguments: [
      ("5", 1, "5"), ("0", 1, "0"), ("0.8", 1, "0.8"), ("-20%", 1, "0.8"), ("+50%", 1, "1.5"), ("-34%", 3, "1.98"),
      ("-100%", 7, "0"), ("+0%", 7, "7"), ("+2.5%", 200, "205"), ("-99%", 1, "0.01"), ("+156%", 100, "256"),
    ])
  func changes(_ text: String, _ now: Int, _ result: String) throws {
    let change = try #require(WeightChange(text))
    guard case .weight(let weight) = change.applied(to: Weight(now)) else {
      Issue.record("\(text) of \(now) is refused")
      return
    }
    #expect(weight.description == result)
  }

  @Test(
    "are refused where they'd come to nothing that can be",
    arguments: [
      ("+50%", 200, "would be 300"), ("-150%", 1, "below 0"), ("+50%", 0, "is 0"), ("-99.9%", 1, "less than 0.01"),
      ("-0.1%", 1, "still be 1"),
    ])
  func impossible(_ text: String, _ now: Int, _ problem: String) throws {
    let change = try #require(WeightChange(text))
    guard case .impossible(let said, let hint) = change.applied(to: Weight(now)) else {
      Issue.record("\(text) of \(now) is let through")
      return
    }
    #expect(said.contains(problem) && !hint.isEmpty, "\(said)")
  }

  @Test(
    "are nothing else",
    arguments: ["", "+5", "-5", "x", "%", "+%", "5%", "1e2", "0x8", ".5", "5.", "257", "0.123", "inf", "+nan%"])
  func forms(_ text: String) {
    #expect(WeightChange(text) == nil)
  }
}
