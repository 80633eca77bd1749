package import SystemPackage

/// Why a session that reached a backend ended. The raw value is the key in stats.
package enum CloseCause: String, CaseIterable, Sendable {
  /// The client ended first (FIN), then the backend.
  case clientEnded
  /// The backend ended first (FIN), then the client.
  case backendEnded
  /// The client broke the connection (RST).
  case clientReset
  /// The backend broke the connection (RST).
  case backendReset
  /// The client stopped answering.
  case clientLost
  /// The backend stopped answering.
  case backendLost
  /// Nothing moved for the pool's idle time.
  case idle
  /// One side had ended, and nothing moved for the pool's half-closed time.
  case halfClosed
  /// The backend went down, and its pool closes sessions then.
  case backendDown
  /// The proxy shut down before the session had ended by itself.
  case shutdown
}

/// Why a session was refused or given up before it reached a backend. The raw value is the key in stats.
package enum Refusal: String, CaseIterable, Sendable {
  /// No backend of the pool is eligible.
  case noBackend
  /// Every backend that was tried failed.
  case connectFailed
  /// All eligible backends are at their limit, and the pool's queue is off or full.
  case saturated
  /// The wait for a backend's slot took too long.
  case queueTimeout
  /// No descriptor was left for the backend's side.
  case descriptors
  /// The client was gone before a backend was reached.
  case clientLeft
  /// The proxy shut down before a backend was reached.
  case shutdown
}

/// Why a connection to a backend failed. The raw value is the key in stats.
package enum ConnectFailure: String, CaseIterable, Sendable {
  /// Nobody listens there (RST).
  case refused
  /// No answer within the time for one try.
  case timeout
  /// No way there: network or host unreachable.
  case unreachable
  /// It stood and was broken before a byte was exchanged.
  case reset
  /// This machine has no port, memory or descriptor left for it.
  case resources
  /// Anything else.
  case other

  /// Sorts an error of connect(2) or of the first transfer.
  package init(_ error: Errno) {
    self =
      switch error {
      // A Unix socket that nobody listens on may not even exist any more.
      case .connectionRefused, .noSuchFileOrDirectory: .refused
      case .timedOut: .timeout
      case .networkUnreachable, .noRouteToHost, .hostIsDown, .networkDown: .unreachable
      case .connectionReset, .brokenPipe, .connectionAbort: .reset
      // EAGAIN: the backlog of a Unix socket is full, or no local port is left.
      case .addressNotAvailable, .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noBufferSpace, .noMemory,
        .resourceTemporarilyUnavailable:
        .resources
      default: .other
      }
  }
}

/// One counter for each case of an enumeration. One thread writes.
package struct CauseCounters<Cause: CaseIterable & Hashable & Sendable>: ~Copyable, Sendable
where Cause.AllCases == [Cause] {
  private let counts = InlineArray<10, Counter> { _ in Counter() }

  init() {
    precondition(Cause.allCases.count <= counts.count)
  }

  func add(_ cause: Cause) {
    counts[Self.index(of: cause)].add()
  }

  /// The count of one cause now, from any thread.
  package subscript(cause: Cause) -> Int {
    counts[Self.index(of: cause)].current
  }

  private static func index(of cause: Cause) -> Int {
    Cause.allCases.firstIndex(of: cause) ?? 0
  }
}
