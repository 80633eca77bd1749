import CLibevent
import Glibc

/// What a loop does when it has nothing ready.
package enum AfterTurn {
  /// Sleeps until something happens.
  case wait
  /// Looks for news without sleeping: there is work left over from this turn.
  case goOn
}

/// An event loop: libevent's `event_base`, run by the thread that made it.
///
/// A turn is one look at the kernel's readiness list and all the callbacks that follow from it. Readiness is reported
/// by edge where asked for, and changes to a descriptor's registration are collected and applied once per turn (libevent's
/// changelist), so a descriptor that is added and closed within a turn costs no system call at all. The price of the
/// changelist: a registered descriptor that has a duplicate anywhere mustn't be closed in the turn in which its event ends.
@safe
package final class EventLoop {
  let base: OpaquePointer
  /// Counts the turns.
  package private(set) var turn: UInt64 = 0
  private let owner = pthread_self()
  private var stopping = false
  /// A callback may be under way.
  private var isDispatching = false
  private var afterCallbacks: [() -> Void] = []
  private var watch: TurnWatch?

  /// Makes a loop for the calling thread. Stops the program if the kernel has no epoll to give.
  package init() {
    let config = unsafe event_config_new()
    unsafe event_config_set_flag(config, Int32(EVENT_BASE_FLAG_NOLOCK.rawValue))
    unsafe event_config_set_flag(config, Int32(EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST.rawValue))
    unsafe event_config_require_features(config, Int32(EV_FEATURE_ET.rawValue | EV_FEATURE_EARLY_CLOSE.rawValue))
    defer { unsafe event_config_free(config) }
    guard let base = unsafe event_base_new_with_config(config) else {
      preconditionFailure("no event loop: the kernel refuses epoll, or no descriptor is left")
    }
    unsafe self.base = base
  }

  deinit {
    runAfterCallbacks()
    unsafe event_base_free(base)
  }

  /// Runs turn after turn until `stop`. `afterTurn` is called at the end of each, when no callback is pending any more.
  package func run(afterTurn: () -> AfterTurn = { .wait }) {
    assertOnLoop()
    stopping = false
    var next = AfterTurn.wait
    while !stopping {
      let flags =
        switch next {
        case .wait: EVLOOP_ONCE
        case .goOn: EVLOOP_NONBLOCK
        }
      turn &+= 1
      isDispatching = true
      let outcome = unsafe event_base_loop(base, flags)
      isDispatching = false
      if !afterCallbacks.isEmpty { runAfterCallbacks() }
      if outcome < 0 { break }
      next = afterTurn()
      watch?.end()
    }
  }

  /// Does what mustn't be done while libevent is in the midst of something, such as freeing that: at the end of the turn, or
  /// at once if none is under way. The action mustn't keep the loop.
  func afterCallbacks(_ action: @escaping () -> Void) {
    assertOnLoop()
    isDispatching ? afterCallbacks.append(action) : action()
  }

  private func runAfterCallbacks() {
    let actions = afterCallbacks
    afterCallbacks = []
    for action in actions { action() }
  }

  /// Notes from now on which turns are slow. For a loop on which nothing may take long; it costs a system call a turn.
  package func watchTurns() {
    assertOnLoop()
    if watch == nil { watch = TurnWatch() }
  }

  /// How many turns were slow since `watchTurns`: they took more than 50 ms, or made a timer so late.
  package var slowTurns: Int { watch?.slowTurns ?? 0 }

  func timer(late nanoseconds: UInt64) {
    watch?.timer(late: nanoseconds)
  }

  /// Ends `run` after the turn that is under way.
  package func stop() {
    assertOnLoop()
    stopping = true
    unsafe event_base_loopbreak(base)
  }

  /// Traps in debug builds when called from another thread than the loop's own.
  @inline(__always)
  package func assertOnLoop() {
    assert(pthread_equal(pthread_self(), owner) != 0, "an event loop was touched from another thread")
  }
}
