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
    let all = table.clients(atMost: .max, at: now).filter { names[$0.backend] != nil }
    let listed = client.map { client in all.filter { $0.client == client } } ?? Array(all.prefix(limit))
    var counts = Dictionary(pool.members.map { ($0.backend.name, 0) }) { first, _ in first }
    for entry in all { counts[names[entry.backend] ?? "", default: 0] += 1 }
    return AdminAnswer.Stick(
      pool: pool.name, figures: Report.Stick(table.figures(at: now)), backends: counts,
      clients: listed.map { entry in
        AdminAnswer.Stick.Client(
          client: entry.client.description, backend: names[entry.backend] ?? "",
          idle: max(Int(now / 1_000_000_000) - Int(entry.seen), 0))
      })
  }
}
