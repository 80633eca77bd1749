package import SystemPackage

/// What the control plane asks of a worker.
package enum WorkerCommand: Sendable {
  /// Serve new sessions by this table.
  case adopt(RoutingTable)
  /// Close the sessions of this backend: it went down.
  case closeSessions(backendID: Int)
  /// A backend's slot became free at another worker: see whether somebody waits for it here.
  case slotFreed(pool: String)
  /// Accept nobody any more; report when the last session has ended.
  case drain
  /// End the sessions that are left, and then the worker's thread.
  case stop
}

/// What a worker tells the control plane.
package enum WorkerEvent: Sendable {
  /// A connection to a backend failed, so many in a row over all workers and sessions.
  case connectFailed(Backend, Errno, inARow: Int)
  /// No descriptor was left for a client of this listener; it pauses.
  case descriptorsExhausted(listener: String)
  /// After `drain`: no session is left on this worker.
  case drained(worker: Int)
}
