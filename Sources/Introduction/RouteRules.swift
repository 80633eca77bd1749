package import Sockets

/// By which of several conditions, the first one that holds, a client goes. Made once for a configuration: what a look-up costs doesn't hang on how
/// many names there are.
package struct RouteRules: Sendable {
  /// The conditions in their order.
  package let conditions: [RouteCondition]
  /// The places of those that have a name among theirs, ascending.
  private let places: [String: [Int]]

  /// Rules of these.
  package init(_ conditions: [RouteCondition]) {
    self.conditions = conditions
    var places: [String: [Int]] = [:]
    for (place, condition) in conditions.enumerated() {
      for name in Set(condition.sni) { places[name, default: []].append(place) }
    }
    self.places = places
  }

  /// What they come to.
  package enum Decision: Equatable, Sendable {
    /// The condition at this place is the first one that holds.
    case route(Int)
    /// None holds.
    case none
    /// It hangs on what the client says.
    case open
  }

  /// By which condition a client goes.
  ///
  /// - Parameter facts: what it has said; nil as long as that isn't known.
  package func decide(for client: SocketAddress, _ facts: ClientFacts?) -> Decision {
    guard let facts else {
      for (place, condition) in conditions.enumerated() where condition.mayBe(client) {
        return condition.asksForFacts ? .open : .route(place)
      }
      return .none
    }
    let named = facts.serverName.map(places(naming:))
    for (place, condition) in conditions.enumerated()
    where unmet(condition, at: place, by: client, facts, named) == nil {
      return .route(place)
    }
    return .none
  }

  /// What each condition asks first that a client isn't; nil for those that hold.
  package func unmet(by client: SocketAddress, _ facts: ClientFacts) -> [RouteCondition.Key?] {
    let named = facts.serverName.map(places(naming:))
    return conditions.enumerated().map { unmet($0.element, at: $0.offset, by: client, facts, named) }
  }

  private func unmet(
    _ condition: RouteCondition, at place: Int, by client: SocketAddress, _ facts: ClientFacts, _ named: Set<Int>?
  ) -> RouteCondition.Key? {
    if !condition.mayBe(client) { return .from }
    if !condition.protocols.isEmpty, facts.protocol.map(condition.protocols.contains) != true { return .protocol }
    if !condition.sni.isEmpty, named?.contains(place) != true { return .sni }
    if !condition.alpn.isEmpty, !facts.alpn.contains(where: condition.alpn.contains) { return .alpn }
    return nil
  }

  /// The places of the conditions that have this name among theirs, or one that it stands under.
  private func places(naming name: String) -> Set<Int> {
    guard !places.isEmpty else { return [] }
    var found = Set(places[name] ?? [])
    found.formUnion(places["*"] ?? [])
    var rest = name[...]
    while let dot = rest.firstIndex(of: ".") {
      if let under = places["*" + rest[dot...]] { found.formUnion(under) }
      rest = rest[rest.index(after: dot)...]
    }
    return found
  }
}
