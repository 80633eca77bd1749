import Config
import Control
import Introduction
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
      AdminRouter.Route(.get, "/v1/why", parameters: ["pool", "client", "sni", "alpn", "protocol"]) {
        call, reply throws(AdminRefusal) in
        reply(.success(AdminReply(try why(call))))
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

  /// Where a client's session goes, by a listener's routes if one is named that has some, and to which backend of the pool.
  private func why(_ call: AdminCall) throws(AdminRefusal) -> AdminAnswer.Why {
    let name = try call.optional("pool")
    let client = try address(call)
    let facts = try facts(call)
    let listeners = controller.configuration.listeners
    guard let listener = listener(named: name), !listener.routes.isEmpty else {
      guard facts == nil else {
        throw AdminRefusal(
          409, "what a client says is looked at by listeners with routes, and this is none",
          hint: "name such a listener")
      }
      let named = listener(named: name)
      let pool = try backends.pool(orOnly: named?.pool ?? name)
      return explainer(pool, named.map { [$0] } ?? listeners.filter { $0.pools.contains(pool.name) }).why(
        client: client)
    }
    let routes = RouteExplainer(listener: listener, client: client, facts: facts ?? ClientFacts())
    guard let pool = routes.pool else { return routes.refusal }
    var answer = explainer(try backends.pool(pool), [listener]).why(client: client)
    answer.routes = routes.decisions
    return answer
  }

  private func explainer(_ pool: PoolController, _ listeners: [ListenerConfiguration]) -> Explainer {
    Explainer(
      pool: pool, unresolved: controller.unresolved(in: pool), listeners: listeners, admission: controller.admission,
      headroom: reporter.headroom, incidents: controller.incidents)
  }

  /// A listener by its name, unless that's rather meant to be a pool's; the only one, if it has routes, without a name.
  private func listener(named name: String?) -> ListenerConfiguration? {
    let listeners = controller.configuration.listeners
    guard let name else { return listeners.count == 1 && !listeners[0].routes.isEmpty ? listeners[0] : nil }
    return listeners.first { $0.name == name && (controller.pool(name) == nil || $0.pools.contains(name)) }
  }

  private func address(_ call: AdminCall) throws(AdminRefusal) -> SocketAddress? {
    guard let client = try call.optional("client") else { return nil }
    guard let address = SocketAddress(ip: client, port: 0) else {
      throw AdminRefusal(400, "client must be an IP address, is \"\(client)\"", hint: "such as 10.0.0.1 or ::1")
    }
    return address
  }

  /// What the client says; nil if that isn't told.
  private func facts(_ call: AdminCall) throws(AdminRefusal) -> ClientFacts? {
    let (sni, alpn, word) = (try call.optional("sni"), try call.optional("alpn"), try call.optional("protocol"))
    guard sni != nil || alpn != nil || word != nil else { return nil }
    let spoken = word.map { ClientProtocol(rawValue: $0) } ?? .tls
    guard let spoken, spoken == .tls || sni == nil && alpn == nil else {
      throw AdminRefusal(
        400,
        "protocol must be one of \(ClientProtocol.allCases.map(\.rawValue).joined(separator: ", ")), and tls with sni or alpn",
        hint: "leave it out for tls")
    }
    let name = sni.map { $0.hasSuffix(".") ? String($0.dropLast()).lowercased() : $0.lowercased() }
    let protocols = (alpn ?? "").split(separator: ",").map { String($0.filter { $0 != " " }) }
    return ClientFacts(spoken, serverName: name, alpn: protocols)
  }
}
