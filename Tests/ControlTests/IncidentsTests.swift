import Balancing
import Testing

@testable import Control

@Suite struct IncidentsTests {
  private let start = Instant(nanoseconds: 1_000_000_000)

  @Test("the last of each kind is told, the latest first, of those listeners and that pool alone")
  func last() {
    var incidents = Incidents()
    incidents.note(.beginning, at: "edge", "first", now: start)
    incidents.note(.beginning, at: "edge", "second", now: start + .seconds(1))
    incidents.note(.admission, at: "edge", "third", now: start + .seconds(2))
    incidents.note(.silence, at: "web", "fourth", now: start + .seconds(3))
    incidents.note(.silence, at: "mail", "another pool", now: start + .seconds(3))
    incidents.note(.admission, at: "other", "another listener", now: start + .seconds(3))
    // A listener may be called as a pool is.
    incidents.note(.admission, at: "web", "a listener", now: start + .seconds(3))
    let told = incidents.recent(at: ["edge"], of: "web", now: start + .seconds(4))
    #expect(told.map(\.words) == ["fourth", "third", "second"])
    #expect(told.map(\.age) == [.seconds(1), .seconds(2), .seconds(3)])
  }

  @Test("what is older than ten minutes isn't told")
  func old() {
    var incidents = Incidents()
    incidents.note(.admission, at: "edge", "old", now: start)
    #expect(incidents.recent(at: ["edge"], of: "web", now: start + .seconds(600)).count == 1)
    #expect(incidents.recent(at: ["edge"], of: "web", now: start + .seconds(601)).isEmpty)
  }
}
