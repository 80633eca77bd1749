import Glibc
import Libevent
import Synchronization
import Testing

@Suite struct BackgroundWorkerTests {
  @Test("results come back on the loop's thread, in the order of the work, while the loop turns")
  func results() {
    let loop = EventLoop()
    let worker = BackgroundWorker(name: "work", on: loop)
    let here = pthread_self()
    var results: [Int] = []
    for number in 0..<100 {
      worker.perform {
        if number == 0 { usleep(100_000) }
        return pthread_equal(pthread_self(), here) == 0 ? number : -1
      } then: { result in
        #expect(pthread_equal(pthread_self(), here) != 0)
        results.append(result)
        if results.count == 100 { loop.stop() }
      }
    }
    var turns = 0
    let ticker = Ticker(on: loop) { turns += 1 }
    #expect(worker.isBusy && results.isEmpty)
    loop.run()
    #expect(results == Array(0..<100))
    #expect(turns > 5 && !worker.isBusy)
    withExtendedLifetime(ticker) {}
  }

  @Test("the end of the work can be waited for, and not longer than wanted")
  func finish() {
    let loop = EventLoop()
    let worker = BackgroundWorker(name: "work", on: loop)
    #expect(worker.finish(within: .zero))
    let isDone = Flag()
    worker.perform {
      usleep(200_000)
      isDone.set()
    } then: {
    }
    #expect(!worker.finish(within: .milliseconds(20)))
    #expect(worker.finish(within: .seconds(10)))
    #expect(isDone.isSet)
  }

  @Test("a worker may go in the callback that takes its result, and takes nothing after its end")
  func end() {
    let loop = EventLoop()
    var worker: BackgroundWorker? = BackgroundWorker(name: "work", on: loop)
    var taken = 0
    for _ in 0..<10 {
      worker?.perform {
      } then: {
        taken += 1
        worker = nil
      }
    }
    let limit = Timer(on: loop) { loop.stop() }
    limit.schedule(after: .milliseconds(300))
    loop.run()
    #expect(taken == 1)
  }

  private final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .acquiring) }

    func set() {
      value.store(true, ordering: .releasing)
    }
  }

  private final class Ticker {
    private var timer: Timer?

    init(on loop: EventLoop, _ tick: @escaping () -> Void) {
      timer = Timer(on: loop) { [unowned self] in
        tick()
        timer?.schedule(after: .milliseconds(5))
      }
      timer?.schedule(after: .zero)
    }
  }
}
