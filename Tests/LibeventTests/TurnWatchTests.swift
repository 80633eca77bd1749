import Glibc
import Libevent
import Testing

/// Turns that take too long.
@Suite struct TurnWatchTests {
  @Test("a turn that computes for long or makes a timer late is slow, a long sleep isn't")
  func slow() {
    let loop = EventLoop()
    var steps = 0
    var counts: [Int] = []
    var timer: Timer?
    timer = Timer(on: loop) {
      steps += 1
      counts.append(loop.slowTurns)
      switch steps {
      case 1: timer?.schedule(after: .milliseconds(200))
      case 2:
        let end = clock() + CLOCKS_PER_SEC / 5
        while clock() < end {}
        timer?.schedule(after: .milliseconds(1))
      default: loop.stop()
      }
    }
    timer?.schedule(after: .milliseconds(1))
    loop.watchTurns()
    loop.run()
    #expect(counts.count == 3 && counts[1] - counts[0] <= 1)
    #expect(counts[2] > counts[1])
    let before = loop.slowTurns
    let late = Timer(on: loop) { loop.stop() }
    late.schedule(after: .milliseconds(10))
    // Whatever blocks: what it holds up comes late.
    let blocker = Timer(on: loop) { usleep(300_000) }
    blocker.schedule(after: .zero)
    loop.run()
    #expect(loop.slowTurns > before)
  }
}
