import Config
import Control
import Introduction
import Model
import Sockets

/// Puts into words by which of a listener's routes a client goes, and why not by those before.
struct RouteExplainer {
  let listener: ListenerConfiguration
  /// Who asks; nil for whoever isn't named by any `from`.
  let client: SocketAddress?
  /// What it says first.
  let facts: ClientFacts

  /// The place of the route that takes it; nil if none does.
  private var taker: Int? { unmet.firstIndex(of: nil) }

  /// The pool that it goes to; nil if it's turned away.
  var pool: String? { taker.map { listener.routes[$0].pool } ?? listener.pool }

  /// What each route does with it, in their order; at the end what becomes of those whom none takes.
  var decisions: [AdminAnswer.Why.Route] {
    let (unmet, taker) = (unmet, taker)
    let routes = listener.routes.enumerated().map { place, route in
      let reason =
        if let key = unmet[place] {
          reason(key, route.condition)
        } else if place == taker {
          "all of that holds"
        } else {
          "all of that holds, but one before takes it"
        }
      return AdminAnswer.Why.Route(
        listener: listener.name, name: route.name, takes: route.condition.text, pool: route.pool,
        isTaken: place == taker, reason: reason)
    }
    return routes + [
      AdminAnswer.Why.Route(
        listener: listener.name, name: RouteBook.others, pool: listener.pool, isTaken: taker == nil,
        reason: taker == nil ? "no route takes it" : "a route takes it")
    ]
  }

  /// What becomes of a client whom no route takes and the listener has no pool for.
  var refusal: AdminAnswer.Why {
    AdminAnswer.Why(
      client: client?.host, backends: [], position: "", next: [],
      sentence:
        "The session is refused: no route of listener \(listener.name) takes it, and there is no pool for others.",
      routes: decisions, hints: [])
  }

  /// What each route asks first that the client isn't; nil for those of which all holds.
  private var unmet: [RouteCondition.Key?] {
    let conditions = listener.routes.map(\.condition)
    let unmet = RouteRules(conditions).unmet(by: client ?? .unix(path: ""), facts)
    return zip(conditions, unmet).map { client == nil && !$0.from.isEmpty ? .from : $1 }
  }

  private func reason(_ key: RouteCondition.Key, _ condition: RouteCondition) -> String {
    switch key {
    case .from: client.map { "the client is at \($0.host)" } ?? "it hangs on where the client is: ask with a client"
    case .protocol: facts.protocol.map { "the client speaks \($0.rawValue)" } ?? "the client says nothing that is known"
    case .sni: facts.serverName.map { "the client asks for \($0)" } ?? "the client names no server"
    case .alpn:
      facts.alpn.isEmpty ? "the client offers no protocols" : "the client offers \(facts.alpn.joined(separator: ", "))"
    }
  }
}
