import Glibc
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
  /// The backend broke the connection before a byte was exchanged, and another backend was looked for.
  case retried
  /// The backend was drained, or it or the listener was removed, and the session wasn't over in time.
  case drained
  /// The backend, the pool or the listener was removed, and its sessions are closed then.
  case removed
  /// The session reached the pool's maximum age.
  case expired
  /// The backend had more than its share of the pool's sessions.
  case rebalanced
  /// An operator closed it.
  case closed
  /// The address that it came in at went to another node of the fleet.
  case addressMoved
  /// The proxy shut down before the session had ended by itself.
  case shutdown

  /// The cause in words for people.
  package var text: String {
    switch self {
    case .clientEnded: "the client ended it"
    case .backendEnded: "the backend ended it"
    case .clientReset: "the client broke it"
    case .backendReset: "the backend broke it"
    case .clientLost: "the client stopped answering"
    case .backendLost: "the backend stopped answering"
    case .idle: "nothing moved for too long"
    case .halfClosed: "one side had ended, and nothing moved for too long"
    case .backendDown: "the backend went down"
    case .retried: "the backend broke it before a byte was exchanged; another one was looked for"
    case .drained: "its backend is in maintenance, or its time after a removal was over"
    case .removed: "its backend, pool or listener was removed"
    case .expired: "it had reached its maximum age"
    case .rebalanced: "its backend had more than its share of sessions"
    case .closed: "an operator closed it"
    case .addressMoved: "the address that it came in at went to another node"
    case .shutdown: "the proxy shut down"
    }
  }
}

/// Why a session was refused or given up before it reached a backend. The raw value is the key in stats.
package enum Refusal: String, CaseIterable, Sendable {
  /// No backend of the pool is eligible.
  case noBackend
  /// Every backend that was tried failed.
  case connectFailed
  /// This machine couldn't connect to any backend that was tried, for its own want or by its own rules.
  case localFault
  /// All eligible backends are at their limit, and the pool's queue is off or full.
  case saturated
  /// The wait for a backend's slot took too long.
  case queueTimeout
  /// The guards of all backends that it could go to held it back, and it had waited for long enough or nobody more may wait.
  case throttled
  /// No descriptor was left for the backend's side.
  case descriptors
  /// The client was gone before a backend was reached.
  case clientLeft
  /// An operator ended it, its listener was removed or its address went to another node, before a backend was reached.
  case closed
  /// The proxy shut down before a backend was reached.
  case shutdown
  /// The connection doesn't begin with a header of the PROXY protocol, as it has to.
  case proxyMissing
  /// The header is of a version that isn't taken.
  case proxyVersion
  /// The header is cut short, or makes no sense.
  case proxyMalformed
  /// The header is longer than one may be.
  case proxyTooLong
  /// The header was changed on its way, by its checksum.
  case proxyChecksum
  /// It took too long until it was known who the client is, or what it wants.
  case introductionTimeout
  /// None of its listener's routes takes it, and no pool is there for all others.
  case noRoute
  /// Its listener lets nobody in from there.
  case addressDenied
  /// Its listener lets others in, and not whom no range of its lists has.
  case addressNotAllowed
  /// More clients come to its listener than its rate lets in.
  case listenerRate
  /// It comes more often than a client may.
  case clientRate
  /// It has as many sessions as a client may have.
  case clientSessions

  /// Those by which a listener turns clients away, before anything is made for them or known of them but their address.
  package static let ofAdmission: [Refusal] = [
    .addressDenied, .addressNotAllowed, .listenerRate, .clientRate, .clientSessions,
  ]

  /// The cause in words for people.
  package var text: String {
    switch self {
    case .noBackend: "no backend was eligible"
    case .connectFailed: "every backend that was tried failed"
    case .localFault: "this machine lacked a port or memory for the backend's side, or didn't allow it"
    case .saturated: "all backends were full, and nobody more could wait"
    case .queueTimeout: "it waited too long for a free place on a backend"
    case .throttled: "the backends' guards held it back for too long"
    case .descriptors: "no descriptor was left for the backend's side"
    case .clientLeft: "the client left before a backend was reached"
    case .closed: "it was closed before a backend was reached"
    case .shutdown: "the proxy shut down before a backend was reached"
    case .proxyMissing: "it began without the header of the PROXY protocol that has to come from there"
    case .proxyVersion: "its PROXY protocol header was of a version that isn't taken"
    case .proxyMalformed: "its PROXY protocol header was cut short, or made no sense"
    case .proxyTooLong: "its PROXY protocol header was longer than one may be"
    case .proxyChecksum: "its PROXY protocol header was changed on its way"
    case .introductionTimeout: "it took too long until it was known who the client is, or what it wants"
    case .noRoute: "none of its listener's routes takes it"
    case .addressDenied: "its address isn't let in"
    case .addressNotAllowed: "its address isn't among those that are let in"
    case .listenerRate: "more clients come than the listener's rate lets in"
    case .clientRate: "it comes more often than a client may"
    case .clientSessions: "it has as many sessions as a client may have"
    }
  }
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
  /// This machine has no port, memory or descriptor left for it, or hasn't what it was to leave by: an address, an interface.
  case resources
  /// This machine doesn't allow it: a rule of its firewall or a security policy.
  case forbidden
  /// Anything else.
  case other

  /// Whether it's this machine's fault, and says nothing about the backend.
  package var isOurs: Bool {
    switch self {
    case .resources, .forbidden: true
    case .refused, .timeout, .unreachable, .reset, .other: false
    }
  }

  /// Sorts an error of socket(2), connect(2) or the first transfer.
  ///
  /// - Parameter isTCP: of a Unix socket some errors tell about its own file and its own backlog.
  package init(_ error: Errno, isTCP: Bool) {
    self =
      switch error {
      case .resourceTemporarilyUnavailable where !isTCP: .refused
      case .permissionDenied where isTCP, .notPermitted where isTCP: .forbidden
      // A Unix socket that nobody listens on may not even exist any more.
      case .connectionRefused, .noSuchFileOrDirectory: .refused
      case .timedOut: .timeout
      case .networkUnreachable, .noRouteToHost, .hostIsDown, .networkDown: .unreachable
      case .connectionReset, .brokenPipe, .connectionAbort: .reset
      // SO_BINDTODEVICE alone says that there's no such device.
      // Nor is there a port where a client asks for none and the backend has none of its own.
      case .addressRequired, .addressNotAvailable, Errno(rawValue: ENODEV), .tooManyOpenFiles,
        .tooManyOpenFilesInSystem, .noBufferSpace,
        .noMemory,
        .resourceTemporarilyUnavailable:
        .resources
      default: .other
      }
  }
}

/// One counter for each case of an enumeration. One thread writes.
package struct CauseCounters<Cause: CaseIterable & Hashable & Sendable>: ~Copyable, Sendable
where Cause.AllCases == [Cause] {
  private let counts = InlineArray<24, Counter> { _ in Counter() }

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

  /// The count of all causes now, from any thread.
  package var total: Int {
    var total = 0
    for index in counts.indices { total += counts[index].current }
    return total
  }

  private static func index(of cause: Cause) -> Int {
    Cause.allCases.firstIndex(of: cause) ?? 0
  }
}
