import Libevent
import Testing

@testable import Changes

@Suite("What is tried again")
struct RetryTests {
  @Test("the time to the next try doubles up to the longest")
  func backoff() {
    var backoff = Retry.Backoff(shortest: .seconds(1), longest: .seconds(10))
    #expect((0..<6).map { _ in backoff.next() } == [1, 2, 4, 8, 10, 10].map { .seconds($0) })
    for _ in 0..<200 { #expect(backoff.next() == .seconds(10)) }
  }

  @Test("it's tried until it's told to stop, and begins with the shortest time again")
  func tries() {
    let loop = EventLoop()
    var tries = 0
    var retry: Retry?
    let limit = Timer(on: loop) { loop.stop() }
    limit.schedule(after: .seconds(10))
    retry = Retry(.init(shortest: .milliseconds(1), longest: .milliseconds(4)), on: loop) {
      tries += 1
      #expect(retry?.nextTry == nil)
      if tries < 5 { retry?.failed() } else { loop.stop() }
    }
    #expect(retry?.nextTry == nil)
    retry?.failed()
    #expect(retry?.nextTry != nil)
    loop.run()
    #expect(tries == 5)
    retry?.failed()
    retry?.stop()
    #expect(retry?.nextTry == nil)
    limit.schedule(after: .milliseconds(50))
    loop.run()
    #expect(tries == 5)
  }
}
