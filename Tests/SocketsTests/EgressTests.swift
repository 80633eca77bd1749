import Glibc
import Sockets
import Support
import SystemPackage
import Testing

/// How connections leave this machine.
@Suite struct EgressTests {
  private func rules(_ change: (inout EgressRules) throws -> Void) rethrows -> EgressRules {
    var rules = EgressRules()
    try change(&rules)
    return rules
  }

  private func address(_ host: String) throws -> SocketAddress {
    try #require(SocketAddress(ip: host, port: 0))
  }

  /// Connects, and gives who the other end says it is; nil if this machine doesn't let it.
  private func host(
    of rules: EgressRules, to server: TestServer, for client: SocketAddress? = nil, turn: UInt64 = 0
  ) throws -> String? {
    let socket = try Socket(for: server.address)
    defer { socket.close() }
    if case .failed = socket.connect(to: server.address, by: rules, for: client, turn: turn) { return nil }
    let peer = try server.accept()
    defer { peer.close() }
    return try socket.localAddress().host
  }

  @Test("several sources are taken in turn, and one that isn't this machine's passes it on")
  func sources() throws {
    let server = try TestServer(at: .ipv4(0x7F00_0001, port: 0))
    let own = try rules { $0.source = try .addresses(["127.0.0.2", "127.0.0.3"].map(address)) }
    #expect(
      try (0..<4).map { try host(of: own, to: server, turn: $0) } == [
        "127.0.0.2", "127.0.0.3", "127.0.0.2", "127.0.0.3",
      ])
    let partly = try rules { $0.source = try .addresses(["203.0.113.9", "127.0.0.4"].map(address)) }
    #expect(try host(of: partly, to: server) == "127.0.0.4")
    let foreign = try rules { $0.source = try .addresses([address("203.0.113.9")]) }
    let socket = try Socket(for: server.address)
    defer { socket.close() }
    #expect(socket.connect(to: server.address, by: foreign) == .failed(.addressNotAvailable))
    let other = try rules { $0.source = try .addresses([address("2001:db8::1")]) }
    #expect(try host(of: other, to: server) == "127.0.0.1", "none is of its family")
  }

  @Test("a connection leaves by its client's address, and by the kernel's choice where that's of another kind")
  func client() throws {
    try #require(getuid() == 0)
    let server = try TestServer(at: .ipv4(0x7F00_0001, port: 0))
    let own = rules { $0.source = .client }
    #expect(try host(of: own, to: server, for: .ipv4(0x7F00_0009, port: 99)) == "127.0.0.9")
    #expect(
      try host(of: own, to: server, for: .ipv6(high: 0, low: 0xFFFF_7F00_000A, scope: 0, port: 99)) == "127.0.0.10")
    for other: SocketAddress? in [nil, .unix(path: ""), .ipv6(high: 0, low: 1, scope: 0, port: 99)] {
      #expect(try host(of: own, to: server, for: other) == "127.0.0.1")
    }
  }

  @Test("a client that is another machine's is who the backend sees", .enabled(if: TestNetwork.obstacle == nil))
  func transparent() throws {
    let network = try TestNetwork(nodes: 2)
    let (proxy, backend) = (network.nodes[0], network.nodes[1])
    // As Docs/Operations.md has it: what comes back for others is this machine's to take.
    try backend.run("ip", "route", "add", "198.51.100.0/24", "via", "10.77.0.1")
    try proxy.run("ip", "rule", "add", "from", "10.77.0.2", "iif", "eth0", "lookup", "100")
    try proxy.run("ip", "route", "add", "local", "0.0.0.0/0", "dev", "lo", "table", "100")
    let listening = try #require(backend.run { try? Socket(for: .ipv4(0, port: 0)) } ?? nil)
    let server = try TestServer(at: .ipv4(0x0A4D_0002, port: 80), with: listening)
    let socket = try #require(proxy.run { try? Socket(for: .ipv4(0, port: 0)) } ?? nil)
    defer { socket.close() }
    let client = try #require(SocketAddress("198.51.100.7:5555"))
    #expect(socket.connect(to: server.address, by: rules { $0.source = .client }, for: client) == .pending)
    let peer = try server.accept()
    #expect(try peer.socket.peerHost == "198.51.100.7")
    try peer.send("x")
    #expect(eventually { socket.hasInput })
    // From loopback there's no way to another machine, which isn't to blame for that; a client there leaves by another address.
    let sockets = try #require(proxy.run { (0..<2).compactMap { _ in try? Socket(for: .ipv4(0, port: 0)) } })
    defer { for socket in sockets { socket.close() } }
    let loopback = SocketAddress.ipv4(0x7F00_0001, port: 5)
    #expect(sockets[0].connect(to: server.address, by: rules { $0.source = .client }, for: loopback) == .pending)
    #expect(
      sockets[1].connect(to: server.address, by: rules { $0.source = .addresses([loopback]) })
        == .failed(.addressNotAvailable))
  }

  @Test("where a port is taken for one source, the next has it")
  func ports() throws {
    guard let network = NetworkNamespace(localPorts: 40_000...40_001) else { return }
    let listening = try #require(network.run { try? Socket(for: .ipv4(0, port: 0)) } ?? nil)
    let server = try TestServer(at: .ipv4(0x7F00_0001, port: 20_001), with: listening)
    let sources = try rules { $0.source = try .addresses(["127.0.0.2", "127.0.0.3"].map(address)) }
    let backend = server.address
    let connect = { @Sendable () -> [(Socket?, Connection)] in
      (0..<5).map { _ in
        guard let socket = try? Socket(for: backend) else { return (nil, .pending) }
        return (socket, socket.connect(to: backend, by: sources))
      }
    }
    let connections = try #require(network.run(connect))
    defer { for case (let socket?, _) in connections { socket.close() } }
    #expect(connections.map(\.1) == [.pending, .pending, .pending, .pending, .failed(.addressNotAvailable)])
    let hosts = try connections.prefix(4).compactMap { try $0.0?.localAddress().host }
    #expect(hosts == ["127.0.0.2", "127.0.0.2", "127.0.0.3", "127.0.0.3"])
  }

  @Test("packets go through an interface, with a mark and a code point", arguments: [AddressFamily.ipv4, .ipv6])
  func options(_ family: AddressFamily) throws {
    try #require(getuid() == 0)
    let server = try TestServer(at: family.freshAddress())
    let socket = try Socket(for: server.address)
    defer { socket.close() }
    let all = rules {
      $0.interface = "lo"
      $0.mark = 0x8000_0001
      $0.dscp = 46
    }
    #expect(socket.connect(to: server.address, by: all) == .pending)
    func option(_ level: Int32, _ name: Int32) -> UInt32 {
      var (value, length) = (UInt32(0), socklen_t(4))
      return getsockopt(socket.descriptor, level, name, &value, &length) == 0 ? value : 0
    }
    #expect(option(SOL_SOCKET, SO_MARK) == 0x8000_0001)
    #expect(
      (family == .ipv6 ? option(Int32(IPPROTO_IPV6), IPV6_TCLASS) : option(Int32(IPPROTO_IP), IP_TOS)) & 0xFC == 46 << 2
    )
    var (name, length) = ([CChar](repeating: 0, count: 16), socklen_t(16))
    #expect(getsockopt(socket.descriptor, SOL_SOCKET, SO_BINDTODEVICE, &name, &length) == 0)
    #expect(name.prefix(3) == [108, 111, 0])
    let nowhere = try Socket(for: server.address)
    defer { nowhere.close() }
    #expect(
      nowhere.connect(to: server.address, by: rules { $0.interface = "nosuch0" }) == .failed(Errno(rawValue: ENODEV)))
  }

  @Test("a Unix socket's connections don't leave the machine")
  func unix() throws {
    let server = try TestServer(at: AddressFamily.unix.freshAddress())
    let socket = try Socket(for: server.address)
    defer { socket.close() }
    #expect(socket.connect(to: server.address, by: rules { $0.interface = "nosuch0" }) == .established)
  }
}

extension Socket {
  /// Who is at the other end.
  fileprivate var peerHost: String {
    get throws {
      var (address, length) = (sockaddr_in(), socklen_t(MemoryLayout<sockaddr_in>.size))
      let result = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) }
      }
      guard result == 0 else { throw Errno(rawValue: errno) }
      return SocketAddress.ipv4(UInt32(bigEndian: address.sin_addr.s_addr), port: 0).host
    }
  }
}
