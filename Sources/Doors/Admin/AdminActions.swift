package import Changes
import Config
package import Control
import Libevent
package import Logging
package import Logs
import Model
import Proxy
import Sockets

/// What the admin door can do, and with what.
package final class AdminActions {
  let controller: Controller
  let listeners: ListenerSet
  let overrides: Overrides
  let changes: ChangeQueue
  let reloads: Reloads
  let reporter: Reporter
  let reports: ReportDesk
  let sessions: SessionDesk
  let logger: Logger
  /// Changes what is logged.
  let log: LogSwitch
  /// Starts a new process in place of this one.
  let upgrade: (_ program: String?, _ author: String, _ reply: @escaping AdminRouter.Reply) -> Void

  package init(
    controller: Controller, listeners: ListenerSet, overrides: Overrides, changes: ChangeQueue, reloads: Reloads,
    reporter: Reporter, reports: ReportDesk, sessions: SessionDesk, logger: Logger, log: LogSwitch,
    upgrade: @escaping (_ program: String?, _ author: String, _ reply: @escaping AdminRouter.Reply) -> Void
  ) {
    self.controller = controller
    self.listeners = listeners
    self.overrides = overrides
    self.changes = changes
    self.reloads = reloads
    self.reporter = reporter
    self.reports = reports
    self.sessions = sessions
    self.logger = logger
    self.log = log
    self.upgrade = upgrade
  }

  /// Everything that can be asked for.
  package var routes: [AdminRouter.Route] {
    lookRoutes + changeRoutes + sessionRoutes + configurationRoutes
  }

  func pool(_ name: String) throws(AdminRefusal) -> PoolController {
    guard let pool = controller.pool(name) else {
      let known = controller.pools.map(\.name)
      throw AdminRefusal(
        404, "there is no pool \"\(name)\"", hint: "the pools are: \(known.prefix(20).joined(separator: ", "))")
    }
    return pool
  }

  /// A pool by its name, which needn't be said where there's no other.
  func pool(orOnly name: String?) throws(AdminRefusal) -> PoolController {
    if let name { return try pool(name) }
    guard controller.pools.count == 1 else {
      let known = controller.pools.map(\.name)
      throw AdminRefusal(
        400, "pool is missing, and there are \(known.count)",
        hint: "the pools are: \(known.prefix(20).joined(separator: ", "))")
    }
    return controller.pools[0]
  }

  /// A backend of a pool, by its name, its address, or the host name that it comes from.
  func members(_ backend: String, of pool: PoolController) throws(AdminRefusal) -> [Member] {
    let endpoint = Self.endpoint(backend)
    let named = pool.members.filter { $0.backend.name == backend || $0.address == endpoint }
    if !named.isEmpty { return named }
    let resolved = pool.members.filter { $0.configuration.name == backend || $0.endpoints.contains(endpoint) }
    guard resolved.isEmpty else { return resolved }
    let known = pool.members.map(\.backend.name)
    throw AdminRefusal(
      404, "pool \(pool.name) has no backend \"\(backend)\"",
      hint: "its backends are: \(known.prefix(20).joined(separator: ", "))")
  }

  /// A backend of a pool that is given by a name without an address.
  func unresolved(_ backend: String, of pool: PoolController) -> BackendConfiguration? {
    controller.unresolved(in: pool).map(\.configuration)
      .first { $0.name == backend || $0.endpoint.description == backend }
  }

  /// What in the configuration gives a backend.
  func origin(of backend: String, in pool: PoolController) throws(AdminRefusal) -> String {
    if let entry = unresolved(backend, of: pool) { return entry.endpoint.description }
    let members = try members(backend, of: pool)
    guard let first = members.first else { return backend }
    return first.origins.map(\.description).contains(backend) ? backend : first.configuration.endpoint.description
  }

  /// Everything that a lease on a backend may call it.
  func endpoints(of backend: String, in pool: PoolController) throws(AdminRefusal) -> [String] {
    if let entry = unresolved(backend, of: pool) { return [entry.endpoint.description] }
    return try members(backend, of: pool).flatMap(\.endpoints)
  }

  /// An address as it's written here, since it can be written in more than one way; what isn't one is as it is.
  private static func endpoint(_ text: String) -> String {
    (try? Endpoint(text: text))?.description ?? text
  }

  /// What a lease calls a backend: its address, or the host name where all of its addresses are meant.
  func endpoint(_ backend: String, of members: [Member]) -> String {
    guard let first = members.first else { return backend }
    let endpoint = Self.endpoint(backend)
    if first.address != endpoint, first.endpoints.contains(endpoint) { return endpoint }
    let isWhole = members.count > 1 || first.configuration.name == backend
    return isWhole ? first.configuration.endpoint.description : first.address
  }
}

// MARK: - Looking

extension AdminActions {
  private var lookRoutes: [AdminRouter.Route] {
    [
      AdminRouter.Route(.get, "/v1/status") { [unowned self] _, reply in
        reports.ask(.json, .fresh) { reply(.success(AdminReply($0))) }
      },
      AdminRouter.Route(.get, "/v1/config") { [unowned self] _, reply in
        reply(.success(AdminReply(json: controller.configuration.renderHidingSecrets())))
      },
      AdminRouter.Route(.get, "/v1/overrides") { [unowned self] _, reply in
        reply(.success(AdminReply(AdminAnswer.Overrides(overrides: reporter.overrides))))
      },
      AdminRouter.Route(.get, "/v1/history", parameters: ["pool", "backend", "limit"]) {
        [unowned self] call, reply throws(AdminRefusal) in
        let limit = try call.count("limit", default: 100, in: 1...Controller.transitionsKept)
        let (pool, backend) = (try call.optional("pool"), try call.optional("backend"))
        if let pool { _ = try self.pool(pool) }
        let transitions = controller.transitions.reversed().lazy.filter { transition in
          (pool == nil || transition.pool == pool) && (backend == nil || transition.backend == backend)
        }
        reply(.success(AdminReply(AdminAnswer.History(transitions: Array(transitions.prefix(limit))))))
      },
      AdminRouter.Route(.get, "/v1/why", parameters: ["pool", "client"]) {
        [unowned self] call, reply throws(AdminRefusal) in
        let pool = try self.pool(orOnly: try call.optional("pool"))
        let client = try call.optional("client")
        var address: SocketAddress?
        if let client {
          guard let read = SocketAddress(ip: client, port: 0) else {
            throw AdminRefusal(400, "client must be an IP address, is \"\(client)\"", hint: "such as 10.0.0.1 or ::1")
          }
          address = read
        }
        reply(
          .success(
            AdminReply(
              Explainer(
                pool: pool, unresolved: controller.unresolved(in: pool), headroom: reporter.headroom
              ).why(client: address))))
      },
      AdminRouter.Route(.get, "/v1/log") { [unowned self] _, reply in
        reply(.success(AdminReply(AdminAnswer.Log(level: log.level.rawValue))))
      },
      AdminRouter.Route(.put, "/v1/log") { [unowned self] call, reply throws(AdminRefusal) in
        let wanted = try call.body(AdminRequest.Log.self).level
        guard let level = LogLevel(rawValue: wanted) else {
          throw AdminRefusal(
            400, "there is no level \"\(wanted)\"",
            hint: "the levels are: \(LogLevel.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        log.level = level
        reply(.success(AdminReply(AdminAnswer.Log(level: level.rawValue))))
      },
      AdminRouter.Route(.get, "/v1/openapi.json") { _, reply in
        reply(.success(AdminReply(json: OpenAPI.document)))
      },
    ]
  }
}
