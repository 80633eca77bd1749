import Libevent
import Sockets
import Testing

@testable import Names

func ip(_ text: String) -> SocketAddress { SocketAddress(ip: text, port: 0) ?? .unix(path: text) }

let noHosts = HostsFile(path: "/nonexistent")

/// Looks a name up; every answer that comes until the last, none if that never ends.
func answers(
  of name: String = "db.example", asking nameservers: [SocketAddress] = [], timeout: Duration = .seconds(2),
  families: Set<AddressFamily> = [.ipv4, .ipv6], known: String? = nil, hosts: HostsFile = noHosts,
  resolvConf: String = "/nonexistent", hasRoute: @escaping (SocketAddress) -> Bool = { _ in true }
) -> [Resolution] {
  let loop = EventLoop()
  let limit = Timer(on: loop) { loop.stop() }
  limit.schedule(after: .seconds(10))
  var found: [Resolution] = []
  let resolver = Resolver(
    nameservers: nameservers, timeout: timeout, families: families, hosts: hosts, resolvConf: resolvConf, on: loop,
    hasRoute: hasRoute)
  let lookup = resolver.resolve(name, known: known) {
    #expect(found.last?.isPartial != false, "nothing after the last answer")
    found.append($0)
    if !$0.isPartial { loop.stop() }
  }
  #expect(found.isEmpty, "no answer while the question is being asked")
  loop.run()
  withExtendedLifetime(lookup) {}
  return found
}

/// Looks a name up; nil if that never ends.
func resolve(
  _ name: String = "db.example", asking nameservers: [SocketAddress] = [], timeout: Duration = .seconds(2),
  known: String? = nil, hosts: HostsFile = noHosts, resolvConf: String = "/nonexistent"
) -> Resolution? {
  answers(
    of: name, asking: nameservers, timeout: timeout, known: known, hosts: hosts, resolvConf: resolvConf
  ).last
}

/// The two answers without what else is said of them.
func parts(_ resolution: Resolution?) -> [Resolution.Answer] {
  resolution.map { [$0.ipv4, $0.ipv6] } ?? []
}
