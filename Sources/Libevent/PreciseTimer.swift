import CLinux
import Glibc

/// A timer that is exact to microseconds, for delays of a few milliseconds: a timerfd(2), where libevent's timers go by a
/// clock that moves in steps of up to 10 ms. It costs a system call each time that it's scheduled.
package final class PreciseTimer {
  private let core: Core
  private let descriptor: Int32

  /// Makes a timer that isn't running. Stops the program if no descriptor is left for it.
  package init(on loop: EventLoop, action: @escaping () -> Void) {
    descriptor = linux_timerfd_create(CLOCK_MONOTONIC, LINUX_TFD_NONBLOCK | LINUX_TFD_CLOEXEC)
    precondition(descriptor >= 0, "no descriptor is left for a timer")
    core = Core(descriptor, on: loop, action: action)
  }

  deinit {
    core.end()
    _ = close(descriptor)
  }

  /// Fires once, this long from now; replaces an earlier schedule. What has expired is forgotten by it.
  package func schedule(after delay: Duration) {
    let (seconds, attoseconds) = max(delay, .nanoseconds(1)).components
    var due = itimerspec()
    due.it_value = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    _ = unsafe linux_timerfd_settime(descriptor, 0, &due, nil)
  }

  private final class Core: IOHandler {
    private let action: () -> Void
    private var event: IOEvent?

    init(_ descriptor: Int32, on loop: EventLoop, action: @escaping () -> Void) {
      self.action = action
      super.init()
      // By edge: what has expired needn't be read.
      event = IOEvent(descriptor, on: loop, trigger: .edge, handler: self)
    }

    override func ready(_ descriptor: Int32, _ readiness: Readiness) {
      if event != nil { action() }
    }

    func end() {
      event = nil
    }
  }
}
