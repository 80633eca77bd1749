import Balancing
import FoundationEssentials
import Testing

@testable import Model

@Suite("Changes")
struct ChangeTests {
  private static let lease = Lease(
    pool: "web", endpoint: "10.0.0.1:80", term: .weight(Weight(3)), author: "ann", reason: "new disk",
    since: Timestamp(milliseconds: 1), until: Timestamp(milliseconds: 2))

  @Test(
    "what is asked of one process can be told to another",
    arguments: [
      .configuration(rollout: 7), .override(lease),
      .takeBack(pool: "web", endpoints: ["10.0.0.1:80", "db:1"], about: .service),
      .takeBack(pool: "web", endpoints: [], about: nil), .overrides(.init(taken: [lease], ended: [lease])),
      .addresses(of: "db.example"),
    ] as [Change.Action])
  func told(action: Change.Action) throws {
    let change = Change(action, by: "ann", because: "it was asked for")
    #expect(try JSONDecoder().decode(Change.self, from: try JSONEncoder().encode(change)) == change)
  }
}
