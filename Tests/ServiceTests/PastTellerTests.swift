import FoundationEssentials
import Testing

@testable import Model
@testable import Service

/// How the last hour goes from one process to the next.
@Suite struct PastTellerTests {
  private func full() -> Past {
    var past = Past()
    let most = Figures(
      active: .max, sessions: .max, failures: .max, refused: .max, toBackend: .max - 1, toClient: .max)
    let pools = (0..<Past.mostPools).map { ("pool \($0) \u{202E}", most) }
    for step in 0..<FigureSeries.length where step != 5 { past.note(most, of: pools, at: 1_000_000 + step) }
    past.note(Past.Event(time: .now, kind: .start, text: "started"))
    return past
  }

  @Test("all of it arrives, in parts that no loop has long to do with")
  func parts() throws {
    let past = full()
    let teller = PastTeller(past)
    var (other, parts) = (Past(), 0)
    while let part = teller.part() {
      let bytes = HandoverMessage.past(part).bytes
      #expect(bytes.count < 65_536)
      guard case .past(let read) = HandoverMessage(bytes) else {
        Issue.record("it can't be read")
        return
      }
      #expect(read == part)
      if let events = read.events { other.fill(from: events) }
      if let series = read.series { other.fill(read.pool, from: series) }
      parts += 1
    }
    #expect(teller.isDone && parts == Past.mostPools + 2)
    #expect(other == past)
  }

  @Test("a later version may tell more of each step, and what can't be figures is left out")
  func versions() throws {
    let bytes = Data([UInt8](repeating: 0, count: 36)).base64EncodedString()
    let longer = HandoverMessage(Array("{\"past\":{\"first\":7,\"size\":36,\"figures\":\"\(bytes)\",\"more\":1}}".utf8))
    guard case .past(let part) = longer else {
      Issue.record("it can't be read")
      return
    }
    #expect(part.series == FigureSeries(first: 7, [Figures()]))
    for (first, size) in [(7, 0), (7, -1), (7, 31), (-1, 32), (Int.max, 32)] {
      let text = "{\"past\":{\"first\":\(first),\"size\":\(size),\"figures\":\"\(bytes)\"}}"
      let message = HandoverMessage(Array(text.utf8))
      #expect({ if case nil = message { true } else { false } }(), "\(first), \(size)")
    }
  }
}
