import Libevent
import Sockets
import Testing

@testable import Control

@Suite struct EvictionSchedulerTests {
  /// Without threads: what workers would say is said by the test.
  private func scheduler(_ loop: EventLoop, rate: Int = 100) -> EvictionScheduler {
    EvictionScheduler(Workforce(count: 2), rate: rate, on: loop)
  }

  @Test("an order is over when each worker has said that it's done, whether sessions are left or not")
  func over() {
    let loop = EventLoop()
    let scheduler = scheduler(loop)
    scheduler.rebalance(7, "a", excess: 3, patience: .seconds(60))
    scheduler.rebalance(8, "b", excess: 3, patience: .seconds(60))
    #expect(scheduler.count == 2)
    // Its quota used up, and others left; at the other worker nobody was there.
    scheduler.finished(0, order: 1, remaining: 5)
    #expect(scheduler.count == 2)
    scheduler.finished(1, order: 1, remaining: 0)
    #expect(scheduler.count == 1)
    scheduler.finished(1, order: 1, remaining: 0)
    #expect(scheduler.count == 1)
  }

  @Test("a rebalancing whose sessions are never between bytes gives up in the end")
  func patience() {
    let loop = EventLoop()
    let scheduler = scheduler(loop, rate: 1000)
    scheduler.rebalance(7, "a", excess: 10, patience: .milliseconds(20))
    scheduler.rebalance(8, "b", excess: 10, patience: .seconds(60))
    let end = Timer(on: loop) { loop.stop() }
    end.schedule(after: .milliseconds(200))
    loop.run()
    #expect(scheduler.count == 1)
  }

  @Test("who waits for an address to be left is told once, and who comes by it in the next moments still ends")
  func address() throws {
    let loop = EventLoop()
    let scheduler = scheduler(loop)
    let host = try #require(SocketAddress(ip: "10.0.0.100", port: 0))
    var told = 0
    scheduler.leave(host, "address web") { told += 1 }
    scheduler.finished(0, order: 1, remaining: 0)
    #expect(told == 0)
    scheduler.finished(1, order: 1, remaining: 0)
    #expect(told == 1 && scheduler.count == 1)
    // It comes back, and whoever comes by it then stays.
    scheduler.returned(host)
    #expect(told == 1 && scheduler.count == 0)
  }
}
