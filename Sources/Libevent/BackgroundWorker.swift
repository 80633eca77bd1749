import Glibc
import Synchronization

/// A thread for what may block or takes long: a loop hands work over, and gets what came of it back in one of its turns.
///
/// Work is done one piece after the other, in the order in which it came. Whoever must not wait for another's work has a
/// worker of its own.
package final class BackgroundWorker {
  private enum Order: Sendable {
    case work(ticket: Int, @Sendable () -> Void)
    case end
  }

  private let loop: EventLoop
  private let orders = Mailbox<Order>()
  private let finished = Mailbox<Int>()
  private var receiver: MailboxReceiver?
  private var tickets = 0
  /// What takes the results that aren't there yet, by the tickets of the work.
  private var awaited: [Int: () -> Void] = [:]
  private let done = Done()

  /// For a loop, on whose thread results are taken. The thread's name shows in `top -H`.
  package init(name: String, on loop: EventLoop) {
    self.loop = loop
    // Whoever takes a result may end this object, while further results are in the box.
    receiver = finished.receive(on: loop) { [weak self] ticket in self?.awaited.removeValue(forKey: ticket)?() }
    startThread(name)
  }

  deinit {
    orders.post(.end)
  }

  /// Does the work on the thread, then takes its result on the loop's thread; not at all if this object is gone by then.
  package func perform<Result: Sendable>(
    _ work: @escaping @Sendable () -> Result, then take: @escaping (Result) -> Void
  ) {
    loop.assertOnLoop()
    tickets += 1
    let outcome = Outcome<Result>()
    awaited[tickets] = { if let result = outcome.take() { take(result) } }
    orders.post(.work(ticket: tickets) { outcome.leave(work()) })
  }

  /// Whether some work isn't done, or its result isn't taken yet.
  package var isBusy: Bool { !awaited.isEmpty }

  /// Waits until all work so far is done, at most so long; false if that was too short. For the end of a process.
  @discardableResult
  package func finish(within limit: Duration) -> Bool {
    let deadline = ContinuousClock.now + limit
    while done.count.load(ordering: .acquiring) < tickets {
      guard ContinuousClock.now < deadline else { return false }
      usleep(1000)
    }
    return true
  }

  private func startThread(_ name: String) {
    _ = LoopThread(name: name) { [orders, finished, done] in
      let loop = EventLoop()
      let receiver = orders.receive(on: loop) { order in
        switch order {
        case .work(let ticket, let work):
          work()
          done.count.add(1, ordering: .releasing)
          finished.post(ticket)
        case .end: loop.stop()
        }
      }
      loop.run()
      withExtendedLifetime(receiver) {}
    }
  }

  /// How many pieces of work are done.
  private final class Done: Sendable {
    let count = Atomic(0)
  }

  /// What came of a piece of work, left by the thread for the loop.
  private final class Outcome<Result: Sendable>: Sendable {
    private let result = Mutex<Result?>(nil)

    func leave(_ new: Result) {
      result.withLock { $0 = new }
    }

    func take() -> Result? {
      result.withLock { $0.take() }
    }
  }
}
