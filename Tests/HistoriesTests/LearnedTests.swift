import Histories
import Testing

@Suite struct LearnedTests {
  @Test("what a process has taken up is read from its log")
  func log() {
    let log = """
      {"time":"2026-11-28T02:25:17.066Z","level":"notice","message":"web/127.0.0.1:9 stays up: weight 91 set by root on lb1: 90","backend":"127.0.0.1:9"}
      {"time":"2026-11-28T02:25:17.066Z","level":"notice","message":"fleet: web/127.0.0.1:9 weight 91 set by root on lb1: 90","position":"1615"}
      {"time":"2026-11-28T02:25:17.067Z","level":"notice","message":"fleet: web/127.0.0.1:9 no longer drained by root on lb1: 7, taken back by root on lb2","position":"1616"}
      {"time":"2026-11-28T02:25:17.068Z","level":"notice","message":"fleet: web/127.0.0.1:12 in maintenance by root on lb2: 8","position":"1617"}
      {"time":"2026-11-28T02:25:17.069Z","level":"notice","mess
      """
    #expect(
      History.Learned.all(in: log, node: 2, run: 5) == [
        History.Learned(node: 2, run: 5, at: 1615, change: 90), History.Learned(node: 2, run: 5, at: 1617, change: 8),
      ])
  }
}
