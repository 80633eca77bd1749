import Control
import Model
import Proxy
import Sockets

/// Which clients get the backend that they had, to be looked at and forgotten.
struct StickActions {
  let backends: BackendFinder

  var routes: [AdminRouter.Route] {
    [
      AdminRouter.Route(.get, "/v1/stick", parameters: ["pool", "client", "limit"]) {
        call, reply throws(AdminRefusal) in
        let pool = try backends.pool(orOnly: try call.optional("pool"))
        let client = try key(of: try call.optional("client"))
        let limit = try call.count("limit", default: 20, in: 1...10_000)
        let table = try table(of: pool)
        reply(.success(AdminReply(answer(pool, table, client, limit))))
      },
      AdminRouter.Route(.delete, "/v1/stick", parameters: ["pool", "client"]) { call, reply throws(AdminRefusal) in
        let pool = try backends.pool(orOnly: try call.optional("pool"))
        let client = try key(of: try call.optional("client"))
        let table = try table(of: pool)
        guard let client else {
          let count = table.keep { _ in false }
          let message = "\(count) \(count == 1 ? "client" : "clients") of pool \(pool.name) forgotten"
          return reply(.success(AdminReply(AdminAnswer.Done(message: message, warnings: []))))
        }
        guard table.forget(client) else {
          throw AdminRefusal(
            404, "pool \(pool.name) remembers no client \(client)", hint: "`martlet stick` lists those seen last")
        }
        let message = "client \(client) of pool \(pool.name) forgotten"
        reply(.success(AdminReply(AdminAnswer.Done(message: message, warnings: []))))
      },
    ]
  }

  private func table(of pool: PoolController) throws(AdminRefusal) -> StickTable {
    guard let table = pool.stick.table else {
      throw AdminRefusal(
        409, "pool \(pool.name) doesn't send clients back to the backend they had",
        hint: "\"stick\": {} in the pool's configuration has it do so")
    }
    return table
  }

  private func key(of client: String?) throws(AdminRefusal) -> StickKey? {
    guard let client else { return nil }
    // As it's listed, too.
    let host = client.hasSuffix("/64") ? String(client.dropLast(3)) : client
    guard let address = SocketAddress(ip: host, port: 0), let key = StickKey(address) else {
      throw AdminRefusal(400, "client must be an IP address, is \"\(client)\"", hint: "such as 10.0.0.1 or ::1")
    }
    return key
  }

  private func answer(
    _ pool: PoolController, _ table: StickTable, _ client: StickKey?, _ limit: Int
  ) -> AdminAnswer.Stick {
    let now = MonotonicClock.now()
    let names = Dictionary(pool.members.map { ($0.backend.id, $0.backend.name) }) { first, _ in first }
    let listed =
      client.map { [table.entry(of: $0, at: now)].compactMap(\.self) } ?? table.clients(atMost: limit, at: now)
    let figures = table.figures(at: now)
    let shares = table.shares
    return AdminAnswer.Stick(
      pool: pool.name, figures: Report.Stick(figures),
      backends: Dictionary(pool.members.map { ($0.backend.name, shares[$0.backend.id] ?? 0) }, uniquingKeysWith: +),
      clients: listed.compactMap { entry in
        guard let name = names[entry.backend] else { return nil }
        return AdminAnswer.Stick.Client(
          client: entry.client.description, backend: name, idle: max(Int(now / 1_000_000_000) - Int(entry.seen), 0))
      })
  }
}
