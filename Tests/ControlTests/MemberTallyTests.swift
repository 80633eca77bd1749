import Balancing
import FoundationEssentials
import Testing

@testable import Control
@testable import Model

@Suite("What has become of a backend")
struct MemberTallyTests {
  private let began = Instant.now

  private func after(_ seconds: Double) -> Instant { began + .seconds(seconds) }

  @Test("the time that it's down adds up, whatever lies between, and goes on over an upgrade")
  func down() throws {
    var tally = MemberTally()
    tally.changed(to: .down, at: after(10))
    #expect(tally.secondsDown(at: after(13)) == 3)
    tally.changed(to: .maintenance, at: after(15))
    #expect(tally.secondsDown(at: after(100)) == 5)
    tally.changed(to: .down, at: after(200))
    let told = try JSONDecoder().decode(MemberTally.self, from: JSONEncoder().encode(tally))
    for tally in [tally, told] {
      #expect(tally.secondsDown(at: after(202)) == 7 && tally.transitions == 3)
    }
  }

  @Test("checks, failures and ejections are counted")
  func counts() {
    var tally = MemberTally()
    tally.checked(.passed(time: .milliseconds(1), detail: ""))
    tally.checked(.failed(ProbeFailure(.timeout, detail: "late", time: .seconds(1))))
    tally.ejected()
    #expect(tally.checks == 2 && tally.checkFailures == 1 && tally.ejections == 1 && tally.transitions == 0)
  }
}
