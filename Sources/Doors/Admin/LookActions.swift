import Config
import Control
import Logs
import Model
import Sockets

/// What can be looked at: nothing changes by it but the level of the log.
struct LookActions {
  let controller: Controller
  let backends: BackendFinder
  let reporter: Reporter
  let reports: ReportDesk
  let chronicle: Chronicle
  /// Changes what is logged.
  let log: LogSwitch

  var routes: [AdminRouter.Route] {
    [
      AdminRouter.Route(.get, "/v1/status") { _, reply in
        reports.ask(.json, .fresh) { reply(.success(AdminReply($0))) }
      },
      AdminRouter.Route(.get, "/v1/figures", parameters: ["after"]) { call, reply throws(AdminRefusal) in
        let step = try call.optional("after") == nil ? nil : try call.count("after", default: 0, in: 0...Int.max)
        reports.write { [hour = chronicle.history] in
          hour.response(after: step)
        } answer: {
          reply(.success(AdminReply($0)))
        }
      },
      AdminRouter.Route(.get, "/v1/config") { _, reply in
        reply(.success(AdminReply(json: controller.configuration.renderHidingSecrets())))
      },
      AdminRouter.Route(.get, "/v1/overrides") { _, reply in
        reply(.success(AdminReply(AdminAnswer.Overrides(overrides: reporter.overrides, admission: reporter.admission))))
      },
      AdminRouter.Route(.get, "/v1/history", parameters: ["pool", "backend", "limit"]) {
        call, reply throws(AdminRefusal) in
        let limit = try call.count("limit", default: 100, in: 1...TransitionLog.kept)
        let (pool, backend) = (try call.optional("pool"), try call.optional("backend"))
        if let pool { _ = try backends.pool(pool) }
        let transitions = controller.transitions.ring.reversed().lazy.filter { transition in
          (pool == nil || transition.pool == pool) && (backend == nil || transition.backend == backend)
        }
        reply(.success(AdminReply(AdminAnswer.History(transitions: Array(transitions.prefix(limit))))))
      },
      AdminRouter.Route(.get, "/v1/why", parameters: ["pool", "client"]) {
        call, reply throws(AdminRefusal) in
        let (pool, listeners) = try poolAndListeners(of: try call.optional("pool"))
        let client = try call.optional("client")
        var address: SocketAddress?
        if let client {
          guard let read = SocketAddress(ip: client, port: 0) else {
            throw AdminRefusal(400, "client must be an IP address, is \"\(client)\"", hint: "such as 10.0.0.1 or ::1")
          }
          address = read
        }
        let explainer = Explainer(
          pool: pool, unresolved: controller.unresolved(in: pool), listeners: listeners,
          admission: controller.admission, headroom: reporter.headroom)
        reply(.success(AdminReply(explainer.why(client: address))))
      },
      AdminRouter.Route(.get, "/v1/log") { _, reply in
        reply(.success(AdminReply(AdminAnswer.Log(level: log.level.rawValue))))
      },
      AdminRouter.Route(.put, "/v1/log") { call, reply throws(AdminRefusal) in
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

  /// A pool by its name, or by that of a listener that leads to it, with the listeners that are meant; the only pool without a name.
  private func poolAndListeners(
    of name: String?
  ) throws(AdminRefusal) -> (PoolController, [ListenerConfiguration]) {
    let listeners = controller.configuration.listeners
    let named = listeners.filter { $0.name == name }
    if let listener = named.first, let pool = controller.pool(listener.pool),
      controller.pool(listener.name) == nil || listener.name == listener.pool
    {
      return (pool, named)
    }
    let pool = try backends.pool(orOnly: name)
    return (pool, listeners.filter { $0.pool == pool.name })
  }
}
