import Balancing
import Control
import Model
import Proxy
import Sockets

/// The sessions that stand, and those that have ended.
struct SessionActions {
  let controller: Controller
  let backends: BackendFinder
  let listeners: ListenerSet
  let sessions: SessionDesk

  var routes: [AdminRouter.Route] {
    [
      AdminRouter.Route(
        .get, "/v1/sessions", parameters: ["pool", "backend", "listener", "client", "olderThan", "limit"]
      ) { call, reply throws(AdminRefusal) in
        let selection = try selection(
          pool: try call.optional("pool"), backend: try call.optional("backend"),
          listener: try call.optional("listener"), client: try call.optional("client"),
          olderThan: try call.seconds("olderThan"), ids: nil)
        let limit = try call.count("limit", default: 100, in: 1...10_000)
        sessions.find(selection, limit: limit) { found in
          let names = BackendNames(controller)
          reply(
            .success(
              AdminReply(
                AdminAnswer.Sessions(
                  total: found.total, sessions: found.sessions.map { describe($0, names) }))))
        }
      },
      AdminRouter.Route(.post, "/v1/sessions/close") { call, reply throws(AdminRefusal) in
        try close(try call.body(AdminRequest.CloseSessions.self), by: call.author, reply)
      },
      AdminRouter.Route(.post, "/v1/rebalance") { call, reply throws(AdminRefusal) in
        let request = try call.body(AdminRequest.Rebalance.self)
        reply(.success(AdminReply(try rebalance(try backends.pool(request.pool)))))
      },
      AdminRouter.Route(.get, "/v1/recent", parameters: ["pool", "limit"]) {
        call, reply throws(AdminRefusal) in
        let pool = try call.optional("pool")
        let limit = try call.count("limit", default: 100, in: 1...SessionDesk.recentKept)
        if let pool { _ = try backends.pool(pool) }
        sessions.history { ended in
          let matching = ended.lazy.filter { pool == nil || $0.pool == pool }.prefix(limit)
          reply(.success(AdminReply(AdminAnswer.Recent(sessions: Array(matching)))))
        }
      },
    ]
  }

  private func selection(
    pool: String?, backend: String?, listener: String?, client: String?, olderThan: Double?, ids: [String]?
  ) throws(AdminRefusal) -> SessionSelection {
    var selection = SessionSelection()
    if let pool {
      let controlled = try backends.pool(pool)
      selection.pool = controlled.name
      if let backend {
        // Also one that was removed and still has sessions.
        let leaving = controlled.leaving.filter { $0.backend.name == backend || $0.address == backend }
        let members = leaving.isEmpty ? try backends.members(backend, of: controlled) : leaving
        selection.backendIDs = Set(members.map(\.backend.id))
      }
    } else if backend != nil {
      throw AdminRefusal(400, "backend needs a pool", hint: "name the pool as well")
    }
    if let listener {
      let known = (listeners.listeners + listeners.leaving).map(\.configuration.name)
      guard known.contains(listener) else {
        throw AdminRefusal(
          404, "there is no listener \"\(listener)\"",
          hint: "the listeners are: \(known.prefix(20).joined(separator: ", "))")
      }
      selection.listener = listener
    }
    if let client {
      guard let address = SocketAddress(ip: client, port: 0) else {
        throw AdminRefusal(400, "client must be an IP address, is \"\(client)\"", hint: "such as 10.0.0.1 or ::1")
      }
      selection.clients = [address]
    }
    if let olderThan {
      guard olderThan >= 0, olderThan.isFinite, olderThan <= AdminRequest.longestTime * 100 else {
        throw AdminRefusal(400, "olderThan must be a number of seconds, is \(olderThan)")
      }
      selection.olderThan = UInt64(olderThan * 1e9)
    }
    if let ids {
      selection.ids = Set(
        try ids.map { (text) throws(AdminRefusal) in
          guard let id = UInt64(digits: text) else { throw AdminRefusal(400, "there is no session \"\(text)\"") }
          return id
        })
    }
    return selection
  }

  private func close(
    _ request: AdminRequest.CloseSessions, by author: String, _ reply: @escaping AdminRouter.Reply
  ) throws(AdminRefusal) {
    let isNarrow =
      request.pool != nil || request.backend != nil || request.listener != nil || request.client != nil
      || request.olderThan != nil || request.ids != nil
    guard isNarrow || request.all == true else {
      throw AdminRefusal(400, "nothing is selected", hint: "say which sessions, or \"all\": true")
    }
    let selection = try selection(
      pool: request.pool, backend: request.backend, listener: request.listener, client: request.client,
      olderThan: request.olderThan, ids: request.ids)
    let isAtOnce = request.now ?? false
    // By their ids: who comes later isn't meant.
    sessions.find(selection, limit: .max) { found in
      let rate = controller.configuration.eviction.rate
      if found.total > 0 {
        controller.evictions.close(
          Set(found.sessions.map(\.id)), "selected by \(author)",
          patience: isAtOnce ? nil : controller.configuration.eviction.patience)
      }
      reply(
        .success(
          AdminReply(AdminAnswer.Closing(matching: found.total, perSecond: isAtOnce ? nil : rate))))
    }
  }

  private func rebalance(_ pool: PoolController) throws(AdminRefusal) -> AdminAnswer.Rebalance {
    let now = Instant.now
    let eligible = pool.members.filter { $0.isEligible(at: now) }
    guard let tier = eligible.map(\.configuration.tier).min() else {
      throw AdminRefusal(
        409, "pool \(pool.name) has no eligible backend", hint: "`martlet why \(pool.name)` tells why")
    }
    let serving = eligible.filter { $0.configuration.tier == tier }
    let shares = FairShare.excess(
      of: serving.map {
        FairShare.Holding(
          weight: $0.weight.hundredths, active: $0.backend.load.active, maxSessions: $0.configuration.maxSessions)
      })
    for (member, excess) in zip(serving, shares) where excess > 0 {
      controller.evictions.rebalance(
        member.backend.id, "\(pool.name)/\(member.backend.name) (rebalance)", excess: excess,
        patience: controller.configuration.eviction.patience)
    }
    return AdminAnswer.Rebalance(
      pool: pool.name,
      shares: zip(serving, shares).map {
        AdminAnswer.Rebalance.Share(backend: $0.backend.name, active: $0.backend.load.active, excess: $1)
      }, perSecond: controller.configuration.eviction.rate)
  }

  private func describe(_ session: SessionSummary, _ names: BackendNames) -> AdminAnswer.Session {
    AdminAnswer.Session(
      id: String(session.id), client: session.client.description, listener: session.listener.name,
      pool: session.pool?.name, backend: names.name(of: session.backend), sni: session.facts?.serverName,
      alpn: session.facts.flatMap { $0.alpn.isEmpty ? nil : $0.alpn }, phase: session.phase.rawValue,
      age: Double(session.age) / 1e9,
      idle: Double(session.idle) / 1e9,
      bytes: Report.Bytes(toBackend: session.bytesToBackend, toClient: session.bytesToClient), worker: session.worker)
  }
}
