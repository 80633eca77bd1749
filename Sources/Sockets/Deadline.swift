import Glibc

/// The moment when a wait is over, by the clock that never jumps.
package struct Deadline: Sendable {
  /// Nanoseconds of the clock.
  private let end: UInt64

  /// The moment so far from now.
  package init(after duration: Duration) {
    end = MonotonicClock.now() + duration.clockNanoseconds
  }

  /// How long it is until then; nil once it's over.
  package var remaining: Duration? {
    let now = MonotonicClock.now()
    return now < end ? .nanoseconds(end - now) : nil
  }
}

/// What a blocking caller waits for.
package enum Awaited: Sendable {
  /// Something to read: bytes, the end, an error, or a client to accept.
  case input
  /// Room to write, or an error.
  case room
}

extension Socket {
  /// Blocks the thread until the socket is ready; false if that doesn't come before the deadline. For commands and for
  /// moments in which nothing else can go on: a loop never waits.
  package func wait(for awaited: Awaited, until deadline: Deadline) -> Bool {
    let events =
      switch awaited {
      case .input: POLLIN
      case .room: POLLOUT
      }
    while let remaining = deadline.remaining {
      var poll = pollfd(fd: descriptor, events: Int16(events), revents: 0)
      let ready = unsafe Glibc.poll(&poll, 1, remaining.wholeMilliseconds)
      if ready > 0 { return true }
    }
    return false
  }
}

extension Duration {
  /// The duration in milliseconds, rounded up, as poll(2) takes it.
  var wholeMilliseconds: Int32 {
    Int32(clamping: Int64((self / .milliseconds(1)).rounded(.up)))
  }
}
