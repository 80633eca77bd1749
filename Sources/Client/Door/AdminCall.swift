package import Config
import FoundationEssentials
package import Libevent
package import Model

/// A request to the admin door, and what its answer is.
package struct AdminCall<Answer: Decodable & Sendable>: Sendable {
  /// What is asked to be done.
  package let method: HTTPMethod
  /// The path.
  package let path: String
  /// The parameters.
  package let query: [String: String]
  /// The content, JSON.
  package let body: [UInt8]?
  /// How long the answer may take.
  package private(set) var limit: Duration

  /// How long an answer may take that the process knows at once.
  package static var soon: Duration { .seconds(10) }
  /// How long an answer may take that others are waited for: the workers, the first health checks, a new process.
  package static var inTime: Duration { .seconds(75) }

  /// The same call with another limit.
  package func within(_ limit: Duration) -> Self {
    var call = self
    call.limit = limit
    return call
  }

  private init(
    _ method: HTTPMethod, _ path: String, query: [(name: String, value: String?)] = [],
    limit: Duration = Self.soon
  ) {
    self.method = method
    self.path = path
    self.query = Dictionary(uniqueKeysWithValues: query.compactMap { name, value in value.map { (name, $0) } })
    body = nil
    self.limit = limit
  }

  private init(_ method: HTTPMethod, _ path: String, _ content: some Encodable, limit: Duration = Self.soon) {
    self.method = method
    self.path = path
    query = [:]
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // A number that isn't finite: nothing else of a request can't be written, and durations are read as finite ones.
    guard let json = try? encoder.encode(content) else { preconditionFailure("a request isn't JSON") }
    body = Array(json)
    self.limit = limit
  }
}

// MARK: - Looking

extension AdminCall<Report> {
  /// How the process is.
  package static var status: Self { Self(.get, "/v1/status") }
}

extension AdminCall<PlainJSON> {
  /// The configuration that runs.
  package static var configuration: Self { Self(.get, "/v1/config") }
}

extension AdminCall<AdminAnswer.Overrides> {
  /// The changes made at run time.
  package static var overrides: Self { Self(.get, "/v1/overrides") }
}

extension AdminCall<AdminAnswer.Sessions> {
  /// The sessions that all the parts of a selection apply to.
  package static func sessions(_ selection: AdminRequest.CloseSessions, limit: Int?) -> Self {
    Self(
      .get, "/v1/sessions",
      query: [
        ("pool", selection.pool), ("backend", selection.backend), ("listener", selection.listener),
        ("client", selection.client), ("olderThan", selection.olderThan.map(number)),
        ("limit", limit.map(String.init)),
      ])
  }
}

extension AdminCall<AdminAnswer.Why> {
  /// What the pool's strategy would decide now, for a client.
  ///
  /// - Parameters:
  ///   - sni: the server that it asks for by TLS.
  ///   - alpn: the protocols that it would speak within TLS, with commas between them.
  ///   - protocol: what it speaks.
  package static func why(
    pool: String?, client: String?, sni: String? = nil, alpn: String? = nil, protocol: String? = nil
  ) -> Self {
    Self(
      .get, "/v1/why",
      query: [("pool", pool), ("client", client), ("sni", sni), ("alpn", alpn), ("protocol", `protocol`)])
  }
}

extension AdminCall<AdminAnswer.Stick> {
  /// Which backends clients of a pool had.
  package static func stick(pool: String?, client: String?, limit: Int?) -> Self {
    Self(.get, "/v1/stick", query: [("pool", pool), ("client", client), ("limit", limit.map(String.init))])
  }
}

extension AdminCall<AdminAnswer.History> {
  /// The latest changes of state, of a pool or of one of its backends.
  package static func history(pool: String?, backend: String?, limit: Int?) -> Self {
    Self(
      .get, "/v1/history", query: [("pool", pool), ("backend", backend), ("limit", limit.map(String.init))])
  }
}

extension AdminCall<AdminAnswer.Recent> {
  /// The sessions that ended last.
  package static func recent(pool: String?, limit: Int?) -> Self {
    Self(.get, "/v1/recent", query: [("pool", pool), ("limit", limit.map(String.init))])
  }
}

extension AdminCall<AdminAnswer.Fleet> {
  /// How the fleet is.
  package static var fleet: Self { Self(.get, "/v1/fleet") }
}

extension AdminCall<AdminAnswer.Done> {
  /// Lets a floating address go to a node, or to whichever may have it.
  package static func move(_ address: String, to node: String?) -> Self {
    Self(.post, "/v1/fleet/move", AdminRequest.MoveAddress(address: address, node: node))
  }

  /// Lets the node own no address.
  package static var leave: Self { Self(.post, "/v1/fleet/leave") }

  /// Lets the node own addresses again.
  package static var join: Self { Self(.post, "/v1/fleet/join") }

  /// Lets a node vote with the memory that it has now.
  package static func replace(_ node: String) -> Self {
    Self(.post, "/v1/fleet/replace", AdminRequest.VotingNode(node: node))
  }

  /// Lets a node vote no more.
  package static func remove(_ node: String) -> Self {
    Self(.post, "/v1/fleet/remove", AdminRequest.VotingNode(node: node))
  }

  /// Lets the fleet go on from what the node has, without those who are named as lost for good; if nobody is, it's told who would be.
  package static func restore(acceptLoss lost: [String]?) -> Self {
    Self(.post, "/v1/fleet/restore", AdminRequest.Restore(acceptLoss: lost))
  }
}

extension AdminCall<AdminAnswer.Log> {
  /// What is logged.
  package static var log: Self { Self(.get, "/v1/log") }
}

// MARK: - Changing

extension AdminCall<AdminAnswer.Done> {
  /// Changes what a backend is for.
  package static func override(_ request: AdminRequest.Override) -> Self { Self(.post, "/v1/overrides", request) }

  /// Says who may come in.
  package static func admit(_ request: AdminRequest.Admission) -> Self { Self(.post, "/v1/admission", request) }

  /// Takes back what was said of a range at a listener, or at all.
  package static func takeBackAdmission(of range: String, listener: String?) -> Self {
    Self(.delete, "/v1/admission", query: [("range", range), ("listener", listener)])
  }

  /// Takes back all changes of a backend; forced even if nobody is left to serve its pool, in a fleet perhaps of this node alone.
  package static func removeOverrides(
    of backend: BackendPath, isForced: Bool = false, thisNode: Bool = false
  ) -> Self {
    Self(
      .delete, "/v1/overrides",
      query: [
        ("pool", backend.pool), ("backend", backend.backend), ("force", isForced ? "true" : nil),
        ("thisNode", thisNode ? "true" : nil),
      ])
  }

  /// Forgets which backend a client of a pool had, or all of them.
  package static func forgetStuck(pool: String?, client: String?) -> Self {
    Self(.delete, "/v1/stick", query: [("pool", pool), ("client", client)])
  }

  /// Adds a backend.
  package static func add(_ request: AdminRequest.AddBackend) -> Self { Self(.post, "/v1/backends", request) }

  /// Removes a backend, for so many seconds or until that is taken back; forced even if nobody is left to serve its pool, in a fleet
  /// perhaps from this node alone.
  package static func remove(
    _ backend: BackendPath, seconds: Double?, reason: String?, isForced: Bool = false, thisNode: Bool = false
  ) -> Self {
    Self(
      .delete, "/v1/backends",
      query: [
        ("pool", backend.pool), ("backend", backend.backend), ("seconds", seconds.map(number)),
        ("reason", reason), ("force", isForced ? "true" : nil), ("thisNode", thisNode ? "true" : nil),
      ])
  }

  /// Opens the files of the access log anew.
  package static var reopenLog: Self { Self(.post, "/v1/log/reopen") }

  /// Keeps the configuration that was loaded on probation.
  package static var confirm: Self { Self(.post, "/v1/confirm", limit: inTime) }
}

extension AdminCall<AdminAnswer.Closing> {
  /// Ends sessions.
  package static func close(_ selection: AdminRequest.CloseSessions) -> Self {
    Self(.post, "/v1/sessions/close", selection)
  }
}

extension AdminCall<AdminAnswer.Rebalance> {
  /// Ends the sessions that are over the backends' fair shares.
  package static func rebalance(pool: String) -> Self {
    Self(.post, "/v1/rebalance", AdminRequest.Rebalance(pool: pool))
  }
}

extension AdminCall<AdminAnswer.Plan> {
  /// What a reload would do.
  package static func plan(_ request: AdminRequest.Reload) -> Self { Self(.post, "/v1/plan", request, limit: inTime) }
}

extension AdminCall<AdminAnswer.Reloaded> {
  /// Loads a configuration.
  package static func reload(_ request: AdminRequest.Reload) -> Self {
    Self(.post, "/v1/reload", request, limit: inTime)
  }

  /// Goes back to the configuration before.
  package static var revert: Self { Self(.post, "/v1/revert", limit: inTime) }
}

extension AdminCall<AdminAnswer.Upgraded> {
  /// Hands everything over to a new process.
  package static func upgrade(_ request: AdminRequest.Upgrade) -> Self {
    Self(.post, "/v1/upgrade", request, limit: inTime)
  }
}

extension AdminCall<AdminAnswer.Log> {
  /// Sets what is logged.
  package static func setLog(_ level: LogLevel) -> Self {
    Self(.put, "/v1/log", AdminRequest.Log(level: level.rawValue))
  }
}

/// JSON that nobody looks into.
package struct PlainJSON: Decodable, Sendable {
  /// Takes anything.
  package init(from decoder: any Decoder) {}
}

/// A number without a needless point.
private func number(_ value: Double) -> String {
  Int(exactly: value).map(String.init) ?? "\(value)"
}
