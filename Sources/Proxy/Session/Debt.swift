import Sockets

/// What is known of the acknowledgements that a session's peers owe.
///
/// Keepalive is silent while bytes are underway, and TCP's own patience is a quarter of an hour. TCP_USER_TIMEOUT would
/// shorten it, but counts a closed window as well, and so breaks the session of a reader that pauses. So those who stand
/// are asked now and then for the time of the last acknowledgement: only where something has moved since they were asked
/// last, or something was owed then.
struct Debt {
  /// The worker's tick in which they were asked last; at first the one in which the session began.
  var asked: UInt32
  /// Something was owed then.
  var isOwed = false
}

extension Worker {
  /// They are asked so many times in the time that they have.
  private static let asksPerPatience: UInt64 = 8
  /// In so many ticks a packet was repeated twice that isn't acknowledged: only then does the kernel tell of a debt
  /// (`Socket.silence`). The first time to repeat it is 0.2 s at least and seldom more than 1 s (RFC 6298), the next one
  /// twice that.
  private static let ticksToTell: UInt32 = 30

  /// Breaks a session one of whose peers has owed an acknowledgement for too long.
  ///
  /// - Returns: whether it did.
  func collectDebt(of session: Session) -> Bool {
    let last = session.debt.asked
    let interval = UInt32(clamping: peerPatience / Self.asksPerPatience / Self.tickNanoseconds)
    // What moved shortly before they were asked may not have been owed for long enough then.
    let grace = max(interval, Self.ticksToTell)
    guard tick &- last >= interval,
      session.debt.isOwed || Int32(bitPattern: session.lastActive &+ grace &- last) >= 0
    else { return false }
    let client = session.client.silence
    let server = session.server?.silence ?? 0
    session.debt = Debt(asked: tick, isOwed: client > 0 || server > 0)
    if server >= peerPatience {
      session.serverLost()
    } else if client >= peerPatience {
      session.clientLost()
    } else {
      return false
    }
    return true
  }
}
