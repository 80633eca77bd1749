import Balancing
import Config
import Libevent
import Logging
import Testing

@testable import Control
@testable import Model

@Suite("Who has left")
struct DepartureTests {
  private func configuration(_ pool: Int) throws -> Configuration {
    try Configuration.parse(
      """
      { listeners: [{ name: 'main', bind: ':0', pool: 'p\(pool)' }],
        pools: [{ name: 'p\(pool)', health: { type: 'none' }, backends: ['10.0.0.1:\(pool + 1)'] }] }
      """
    )
  }

  @Test("pools that were removed are forgotten, however often the configuration changes meanwhile")
  func forgotten() throws {
    let loop = EventLoop()
    var changes = 0
    var mostLeaving = 0
    let began = Instant.now
    let controller = Controller(
      try configuration(0), book: OverrideBook(), workforce: Workforce(count: 1), on: loop,
      logger: Logger(label: "test"))
    var timer: Timer?
    timer = Timer(on: loop) {
      guard let next = try? configuration(changes) else { return loop.stop() }
      changes += 1
      controller.start(with: next)
      mostLeaving = max(mostLeaving, controller.leavingPools.count)
      let isForgotten = changes > 2 && !controller.leavingPools.contains { $0.name == "p0" }
      if isForgotten || Instant.now - began > .seconds(8) { return loop.stop() }
      timer?.schedule(after: .milliseconds(20))
    }
    timer?.schedule(after: .zero)
    loop.run()
    #expect(!controller.leavingPools.contains { $0.name == "p0" }, "after \(changes) changes")
    #expect(Instant.now - began >= .seconds(1), "not before every worker has the new table")
    #expect(mostLeaving > 2)
    controller.stop()
  }
}
