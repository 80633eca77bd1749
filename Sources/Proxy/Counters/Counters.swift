/// What one worker counts of one listener.
package final class ListenerCounters: Sendable {
  /// Clients accepted.
  package let accepted = Counter()
  /// Sessions begun: a backend was reached.
  package let begun = Counter()
  /// Sessions that ended, refused ones too.
  package let ended = Counter()
  /// Bytes moved from clients to backends.
  package let bytesToBackend = Counter()
  /// Bytes moved from backends to clients.
  package let bytesToClient = Counter()
  /// Sessions that reached no backend.
  package let refused = CauseCounters<Refusal>()
  /// Times that accepting paused because a limit was reached.
  package let pauses = Counter()

  /// All at 0.
  package init() {}
}

/// What one worker counts of one pool.
package final class PoolCounters: Sendable {
  /// Sessions that reached no backend.
  package let refused = CauseCounters<Refusal>()
  /// Connect attempts after a failed one, for the same session.
  package let retries = Counter()
  /// Sessions that had to wait for a backend's slot.
  package let queued = Counter()
  /// Sessions that the backends' guards held back.
  package let throttled = Counter()
  /// Clients that were back within 5 s after a session of theirs was closed as idle: the idle time is too short for them.
  package let idleRegrets = Counter()
  /// From the call to connect until the connection to a backend stood.
  package let connectTime = TimeBuckets(.waits)
  /// From then until the backend's first byte.
  package let firstByteTime = TimeBuckets(.waits)
  /// From accept until both sides were closed.
  package let sessionTime = TimeBuckets(.lives)

  /// All at 0.
  package init() {}
}

/// What one worker counts of one backend.
package final class BackendCounters: Sendable {
  /// Connections attempted.
  package let attempts = Counter()
  /// Those of them that followed a failed one to another backend, for the same session.
  package let retries = Counter()
  /// Connections that failed.
  package let failures = CauseCounters<ConnectFailure>()
  /// Sessions that reached the backend.
  package let sessions = Counter()
  /// Sessions that ended, by why.
  package let closes = CauseCounters<CloseCause>()
  /// Bytes moved from clients to the backend.
  package let bytesToBackend = Counter()
  /// Bytes moved from the backend to clients.
  package let bytesToClient = Counter()
  /// From the call to connect until the connection stood.
  package let connectTime = Histogram()
  /// From accept until both sides were closed.
  package let sessionTime = Histogram()

  /// All at 0.
  package init() {}
}

/// What one worker counts of itself.
package final class WorkerCounters: Sendable {
  /// Clients accepted.
  package let accepted = Counter()
  /// Sessions begun: a backend was reached.
  package let begun = Counter()
  /// Clients refused: no backend was reached.
  package let refused = Counter()
  /// Sessions that ended, refused ones too.
  package let ended = Counter()
  /// Turns of its loop.
  package let turns = Counter()
  /// Flows that were promoted to a pipe.
  package let promotions = Counter()
  /// Bytes that went through a pipe.
  package let spliced = Counter()
  /// Times that accepting stopped because the kernel gave no client, most often for want of descriptors.
  package let exhaustions = Counter()

  /// All at 0.
  package init() {}
}
