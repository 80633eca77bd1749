import Balancing
import Testing

@Suite struct AgentStateTests {
  /// Lines one after the other, what isn't understood of the last one, and what holds then.
  private static let cases: [([String], String?, String?, String?)] = [
    ([""], nil, nil, nil), (["75%"], nil, "75%", nil), (["up"], nil, "up", nil), (["UP 99%"], nil, "99% up", nil),
    (["ready,up,100%"], nil, "100% ready up", nil), (["drain\t50%"], nil, "50% drain", nil),
    (["MAINT"], nil, "maint", nil),
    (["down #disk is full"], nil, "down", "disk is full"), (["stopped#x"], "stopped#x", nil, nil),
    (["stopped # by ann, for an hour"], nil, "stopped", "by ann, for an hour"), (["fail"], nil, "fail", nil),
    (["failed"], nil, "fail", nil), (["up down"], nil, "down", nil), (["10% 20%"], nil, "20%", nil),
    // What isn't said stays as it was.
    (["50% drain down #x", "80%"], nil, "80% drain down", "x"),
    (["50% drain down #x", "ready"], nil, "50% ready down", "x"),
    (["down #x", "up"], nil, "up", nil), (["down #x", "down"], nil, "down", nil),
    (["drain", "up #fine"], nil, "drain up", "fine"), (["drain #why"], nil, "drain", nil),
    // What isn't understood has no effect.
    (["75"], "75", nil, nil), (["-5% up"], "-5%", "up", nil), (["5%%"], "5%%", nil, nil), (["%"], "%", nil, nil),
    (["9999999%"], "9999999%", nil, nil), (["maxconn:30 up"], "maxconn:30", "up", nil),
    (["half dead up"], "half", "up", nil),
    (["٣%"], "٣%", nil, nil),
  ]

  @Test func words() {
    for (lines, foreign, words, reason) in Self.cases {
      var state = AgentState()
      var last: String?
      for line in lines { last = state.hear(line) }
      #expect(last == foreign && state.words == words && state.reason == reason, "\(lines): \(state)")
    }
  }

  @Test func weights() {
    func weight(_ weight: Weight, _ line: String) -> Weight {
      var state = AgentState()
      _ = state.hear(line)
      return state.applied(to: weight)
    }
    #expect(weight(10, "up") == 10 && weight(10, "50%") == 5 && weight(3, "50%") == Weight(nearest: 1.5))
    #expect(weight(10, "0%") == 0 && weight(0, "100%") == 0)
    // A hundredth at least, and the largest at most.
    #expect(weight(1, "0%") == 0 && weight(1, "1%").hundredths == 1)
    #expect(weight(200, "999%") == Weight(Weight.largest))
  }
}
