import CLibevent
import Glibc
import Sockets

/// A timer on a loop, for the rare and the periodic: what happens to each session is timed by a worker's sweep instead.
@safe
package final class Timer {
  private let loop: EventLoop
  private let action: () -> Void
  private var event: OpaquePointer?
  /// When it's to fire, by the clock that never jumps.
  private var due: UInt64 = 0

  /// Makes a timer that isn't running.
  package init(on loop: EventLoop, action: @escaping () -> Void) {
    self.loop = loop
    self.action = action
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe event = event_new(
      loop.base, -1, 0,
      { _, _, context in
        guard let context = unsafe context else { return }
        // Held over the call: the action may drop the last reference to its own timer.
        let timer = unsafe Unmanaged<Timer>.fromOpaque(context).takeUnretainedValue()
        withExtendedLifetime(timer) { timer.fire() }
      }, context)
  }

  deinit {
    if let event = unsafe event { unsafe event_free(event) }
  }

  private func fire() {
    let now = MonotonicClock.now()
    if now > due { loop.timer(late: now - due) }
    action()
  }

  /// Fires once, this long from now; replaces an earlier schedule.
  package func schedule(after delay: Duration) {
    loop.assertOnLoop()
    let nanoseconds = delay.clockNanoseconds
    var timeout = timeval(.nanoseconds(nanoseconds))
    due = MonotonicClock.now() + nanoseconds
    if let event = unsafe event { unsafe event_add(event, &timeout) }
  }

  /// Fires once, as soon as whatever the loop is calling has returned, and before what the loop only finds then: replaces an
  /// earlier schedule.
  ///
  /// A timer of no time fires in the loop's next turn, behind all that has become ready by then.
  package func fireNext() {
    loop.assertOnLoop()
    due = MonotonicClock.now()
    guard let event = unsafe event else { return }
    unsafe event_del(event)
    unsafe event_active(event, Int32(EV_TIMEOUT), 0)
  }

  /// Doesn't fire any more.
  package func cancel() {
    loop.assertOnLoop()
    if let event = unsafe event { unsafe event_del(event) }
  }

  /// Whether it's going to fire.
  package var isScheduled: Bool {
    guard let event = unsafe event else { return false }
    return unsafe event_pending(event, Int16(EV_TIMEOUT), nil) != 0
  }
}

extension timeval {
  /// The duration, cut to microseconds; a negative one counts as none.
  init(_ duration: Duration) {
    let (seconds, attoseconds) = max(duration, .zero).components
    self.init(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
  }
}
