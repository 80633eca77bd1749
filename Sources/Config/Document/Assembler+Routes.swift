internal import Introduction
internal import Sockets

// What is wrong, and what is doubtful, between a listener's routes, and between them and pools.

extension Diagnostics {
  /// A listener's routes.
  mutating func routes(
    of listener: Located<ListenerDocument>, among pools: [Located<PoolDocument>]?
  ) -> [RouteConfiguration] {
    let routes = listener.value.routes ?? []
    warnOfHidden(routes)
    if let pools { warnOfWaiting(listener, routes, among: pools) }
    return routes.map { route in
      let pool = route.value.pool ?? ""
      return RouteConfiguration(name: route.value.name ?? pool, condition: route.value.condition, pool: pool)
    }
  }

  /// Names that a route before has already: its clients go there.
  private mutating func warnOfHidden(_ routes: [Located<RouteDocument>]) {
    var before: [(route: Located<RouteDocument>, names: RouteCondition)] = []
    for route in routes {
      let rules = RouteRules(before.map(\.names))
      for name in route.value.sni ?? [] {
        // What stands under a name is found as one more of those.
        let asked = ClientFacts(.tls, serverName: name)
        guard case .route(let place) = rules.decide(for: .unix(path: ""), asked) else { continue }
        let first = before[place].route
        warning(
          route.place(of: "sni"),
          "nobody who asks for \"\(name)\" gets here: \(shown(first.place, from: route.place)) takes them all",
          hint: "put this route before that one, or remove the name")
        break
      }
      let names = RouteCondition(sni: route.value.sni ?? [])
      if route.value.condition == names { before.append((route, names)) }
    }
  }

  /// Clients that wait for their server to speak first are waited for in vain.
  private mutating func warnOfWaiting(
    _ listener: Located<ListenerDocument>, _ routes: [Located<RouteDocument>], among pools: [Located<PoolDocument>]
  ) {
    guard routes.contains(where: { $0.value.condition.asksForFacts }), let name = listener.value.pool,
      let pool = pools.first(where: { $0.value.name == name })?.value
    else { return }
    let greeting = (pool.backends ?? []).compactMap { $0.value.address?.port }.first { Self.speaksFirst($0) }
    let reason: String
    if let greeting {
      reason = "port \(greeting)"
    } else if case .script(let script) = pool.health.check, script.send == Secret([]) {
      reason = "its health check"
    } else {
      return
    }
    warning(
      listener.place(of: "pool"),
      "the servers of \"\(name)\" seem to speak first (\(reason)), so that their clients say nothing, and each waits for "
        + DurationText.write(listener.value.introduction),
      hint: "give them a listener without routes by sni, alpn or protocol, or a shorter \"introduction\"")
  }

  /// FTP, SMTP, POP3, IMAP, MySQL, VNC, as IANA has registered them.
  private static func speaksFirst(_ port: UInt16) -> Bool { [21, 25, 110, 143, 587, 3306, 5900].contains(port) }
}
