package import Config
import Libevent
package import Names
package import Sockets

/// Where the servers are: those given by address at once, those given by name as far as it has been looked up. They are gone
/// through in turn, from one that is picked at random, so that nodes spread over them.
package final class StoreAddressBook {
  /// A name is looked up again at most so often.
  private static let shortestPause = Duration.seconds(1)

  /// What comes of looking names up.
  package enum Event {
    /// There is an address that wasn't known.
    case found
    /// A name has none.
    case failed(String, why: String)
  }

  private let endpoints: [Endpoint]
  private let resolver: Resolver
  private let deliver: (Event) -> Void
  private var names: [String: Name] = [:]
  private var position = Int.random(in: 0..<1000)

  private struct Name {
    /// Those of the last answer that had some: a name server that is away takes nothing away.
    var addresses: [SocketAddress] = []
    var lookup: Lookup?
    var began: UInt64 = 0
  }

  /// Starts to look names up.
  ///
  /// - Parameter deliver: takes what comes of it, not before this returns.
  package init(_ endpoints: [Endpoint], resolver: Resolver, deliver: @escaping (Event) -> Void) {
    self.endpoints = endpoints
    self.resolver = resolver
    self.deliver = deliver
    lookUp()
  }

  /// All that are known, in the order in which they're given.
  package var servers: [StoreServer] {
    endpoints.flatMap { endpoint -> [StoreServer] in
      let addresses: [SocketAddress] =
        switch endpoint {
        case .address(let address): [address]
        case .name(let name, let port): names[name]?.addresses.map { $0.with(port: port) } ?? []
        case .targets: []
        }
      return addresses.map { StoreServer($0, of: endpoint) }
    }
  }

  /// The next one to dial, other than that one; nil if none is known.
  package func next(otherThan taken: SocketAddress?) -> StoreServer? {
    let servers = servers
    // In turn through all of them: among the others only, two links that dial by turns would never come to some.
    for _ in servers.indices {
      position += 1
      let next = servers[position % servers.count]
      if next.address != taken { return next }
    }
    return nil
  }

  /// Looks all names up that aren't being looked up and weren't just now: something isn't where it was, or isn't known yet.
  package func lookUp() {
    let now = MonotonicClock.now()
    for case .name(let name, _) in endpoints {
      var known = names[name] ?? Name()
      guard known.lookup == nil, known.began == 0 || now >= known.began + Self.shortestPause.clockNanoseconds else {
        continue
      }
      known.began = now
      known.lookup = resolver.resolve(name) { [unowned self] in take($0, of: name) }
      names[name] = known
    }
  }

  private func take(_ resolution: Resolution, of name: String) {
    guard var known = names[name] else { return }
    let isNew = !resolution.addresses.allSatisfy(known.addresses.contains)
    if !resolution.addresses.isEmpty { known.addresses = resolution.addresses }
    if !resolution.isPartial { known.lookup = nil }
    names[name] = known
    if isNew { deliver(.found) }
    if known.addresses.isEmpty, let trouble = resolution.trouble { deliver(.failed(name, why: trouble)) }
  }
}
