import Testing

@testable import Control

/// Which sessions are taken for ones that come back, and which aren't.
@Suite struct LoopDetectorTests {
  private typealias Order = LoopDetector.Order

  /// Feeds windows of 50 ms in which as many come as the rule says, by the order before and the window's number, until
  /// something is found or so many have passed.
  private func run(
    windows: Int = 100, answers: Int = 0, _ arrivals: (_ order: Order, _ number: Int) -> Int
  ) -> (found: Bool, held: Int) {
    var detector = LoopDetector()
    var order = Order.watch(closely: false)
    var held = 0
    for number in 0..<windows {
      order = detector.observe(
        LoopDetector.Window(length: .milliseconds(50), arrivals: arrivals(order, number), answers: answers))
      if order == .hold { held += 1 }
      if case .found = order { return (true, held) }
    }
    return (false, held)
  }

  @Test("what comes only as long as others go is found within half a second")
  func loop() {
    #expect(run(windows: 12) { order, _ in order == .hold ? 2 : 250 }.found)
    #expect(run(windows: 12) { order, _ in order == .hold ? 1 : 20 }.found, "slow ones too")
  }

  @Test(
    "who comes whether others are held back or not is let alone for a minute: a service that hangs has such clients")
  func hanging() {
    let (found, held) = run(windows: 1_000) { _, _ in 100 }
    #expect(!found)
    #expect(held == 2)
    #expect(run(windows: 1_300) { _, _ in 100 }.held == 4, "then it's tried again")
  }

  @Test("a crowd that comes once is no loop, however it falls", arguments: 1...20)
  func burst(length: Int) {
    #expect(!run { _, number in number < length ? 200 : 0 }.found)
    // And one that comes again and again, by a clock of its own.
    #expect(!run(windows: 500) { _, number in number % (length + 3) < length ? 200 : 0 }.found)
  }

  @Test("where anybody is answered or ends in order, and where few come, nothing is tried")
  func service() {
    #expect(run(answers: 1) { order, _ in order == .hold ? 0 : 1_000 } == (false, 0))
    #expect(run { _, _ in 10 } == (false, 0))
  }
}
