import Testing

@testable import Libevent

/// How long clients may take, and who has to go first.
@Suite struct HTTPPatienceTests {
  private let patience = HTTPPatience(limits: HTTPServer.Limits())
  private let second: UInt64 = 1_000_000_000

  /// A client that has come at 0, and has sent or taken so many bytes in its phase.
  private func client(_ phase: HTTPProgress.Phase, moved: Int = 0) -> HTTPProgress {
    var progress = HTTPProgress(at: 0)
    progress.enter(phase, at: 0)
    progress.took(moved)
    progress.sent(moved, at: 0)
    return progress
  }

  @Test("after 5 s a client has to move 1 KiB a second, and after 30 s it has to be done")
  func overdue() {
    for phase in [HTTPProgress.Phase.asking, .taking] {
      #expect(!patience.isOver(client(phase), at: 4 * second))
      #expect(patience.isOver(client(phase, moved: 6), at: 6 * second))
      #expect(!patience.isOver(client(phase, moved: 7000), at: 6 * second))
      #expect(patience.isOver(client(phase, moved: 100 << 20), at: 31 * second))
    }
    #expect(!patience.isOver(client(.handled), at: 1000 * second))
    #expect(!patience.isOver(client(.resting), at: 9 * second))
    #expect(patience.isOver(client(.resting), at: 11 * second))
  }

  @Test("when places are short who rests goes first, then the slowest; nobody whose request is handled, nobody new")
  func precedence() throws {
    let now = 3 * second
    let order = [
      client(.resting), client(.asking, moved: 3), client(.taking, moved: 3000), client(.asking, moved: 30_000),
    ]
    let ranks = try order.map { try #require(patience.precedence($0, at: now)) }
    #expect(ranks == ranks.sorted() && Set(ranks).count == ranks.count)
    #expect(patience.precedence(client(.handled), at: now) == nil)
    #expect(patience.precedence(client(.asking), at: second / 5) == nil)
    #expect(patience.precedence(client(.taking), at: second) == nil)
  }

  @Test("who rests asks with its first byte, from then on")
  func phases() {
    var progress = client(.resting)
    progress.sent(10, at: 7 * second)
    #expect(progress.phase == .asking && progress.since == 7 * second && progress.moved == 10)
    progress.took(10)
    #expect(progress.moved == 10)
    progress.enter(.handled, at: 8 * second)
    progress.sent(10, at: 9 * second)
    #expect(progress.moved == 0 && progress.since == 8 * second)
  }

  @Test("a content counts once, as long as somebody takes it")
  func held() {
    var held = HTTPContentsHeld()
    let (one, other) = (HTTPContent([1, 2, 3]), HTTPContent([4]))
    for content in [one, one, other] { held.hold(content) }
    #expect(held.bytes == 4)
    held.release(one)
    #expect(held.bytes == 4)
    held.release(one)
    held.release(one)
    #expect(held.bytes == 1)
    held.release(other)
    #expect(held.bytes == 0)
  }
}
