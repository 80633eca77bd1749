import Foundation
import Glibc
import Support
import Testing

extension System {
  /// Listeners of one port at addresses of which one stands for the other's clients, too.
  @Suite(.needs("nginx")) struct SharedPort {
    let stage = Stage()

    /// A pool for each address, in which a server answers with its name.
    private struct Front {
      let port: UInt16
      let servers: [Nginx]

      func keys(_ hosts: [(host: String, server: Int)]) -> String {
        let listeners = hosts.map {
          "{ \"name\": \"\(servers[$0.server].name)\", \"bind\": \"\($0.host):\(port)\", \"pool\": \"\(servers[$0.server].name)\" }"
        }
        let pools = servers.map {
          "{ \"name\": \"\($0.name)\", \"backends\": [\"\($0.address)\"], \"health\": \(fastHealth) }"
        }
        return """
          "listeners": [\(listeners.joined(separator: ", "))], "pools": [\(pools.joined(separator: ", "))], \
          "workers": 2
          """
      }

      /// Who answers a client of an address; all clients get the same answer.
      func who(_ host: String) throws -> Set<String> {
        Set(try (0..<20).map { _ in String(try ask(.ip(host, port)).body.prefix(1)) })
      }
    }

    private let ipv4 = (host: "0.0.0.0", server: 0), both = (host: "[::]", server: 1),
      one = (host: "127.0.0.1", server: 2)

    private func front(_ count: Int) throws -> Front {
      Front(port: try FreePort.next(), servers: try stage.nginx(count: count))
    }

    @Test("each client comes to the listener whose address says most of it, in whatever order they're in the file")
    func order() throws {
      for hosts in [[ipv4, both, one], [one, both, ipv4], [both, one, ipv4]] {
        let front = try front(3)
        let proxy = try stage.martlet(front.keys(hosts))
        try proxy.waitUntilAllUp()
        #expect(try front.who("127.0.0.1") == ["c"])
        #expect(try front.who("127.0.0.2") == ["a"])
        #expect(try front.who("::1") == ["b"])
        #expect(try proxy.stop() == .code(0))
      }
    }

    @Test("a listener for IPv4 comes and goes beside one for all, over reloads and an upgrade, and nobody is refused")
    func change() throws {
      let front = try front(2)
      let proxy = try stage.martlet(front.keys([both]))
      try proxy.waitUntilAllUp()
      let loads = [Load(.ip("127.0.0.1", front.port), clients: 2), Load(.ip("::1", front.port), clients: 2)]
      #expect(try front.who("127.0.0.1") == ["b"])
      for _ in 0..<5 {
        try proxy.reload(front.keys([both, ipv4]))
        #expect(try front.who("127.0.0.1") == ["a"])
        #expect(try front.who("::1") == ["b"])
        try proxy.reload(front.keys([both]))
        #expect(try front.who("127.0.0.1") == ["b"])
      }
      try proxy.reload(front.keys([ipv4, both]))
      struct Upgraded: Decodable { let pid: pid_t }
      let next = try proxy.ask(Upgraded.self, "POST", "/v1/upgrade", "{}").pid
      defer { kill(next, SIGKILL) }
      #expect(try front.who("127.0.0.1") == ["a"])
      #expect(try front.who("::1") == ["b"])
      try proxy.reload(front.keys([both]))
      #expect(try front.who("127.0.0.1") == ["b"])
      for (load, servers) in zip(loads, [["a", "b"], ["b"]]) {
        let attempts = try load.end()
        #expect(attempts.count > 50)
        #expect(attempts.filter(\.isFailed).isEmpty, "\(attempts.filter(\.isFailed).prefix(3))")
        #expect(Set(attempts.compactMap(\.server)) == Set(servers))
        // Whose first packet is dropped comes again after a second.
        let slow = attempts.filter { $0.ended - $0.began > .milliseconds(900) }
        #expect(slow.isEmpty, "\(slow.prefix(3))")
      }
    }

    @Test("an address that comes later is bound with freebind, and refused without, with that as the remedy")
    func freebind() throws {
      let server = try stage.nginx("a")
      // Of TEST-NET-1, which is nobody's (RFC 5737).
      func keys(_ more: String) -> String {
        """
        "listeners": [{ "name": "own", "bind": "127.0.0.1:0" }, { "name": "late", "bind": "192.0.2.1:0"\(more) }],
        "pools": [{ "name": "main", "backends": ["\(server.address)"] }]
        """
      }
      let proxy = try stage.martlet(keys(", \"freebind\": true"))
      #expect(try proxy.report().listeners.map(\.state) == ["listening", "listening"])
      try proxy.configure(keys("").replacing("late", with: "other"))
      let refused = try proxy.admin("POST", "/v1/reload", "{}")
      #expect(refused.status == 409 && refused.body.contains("freebind"), "\(refused)")
    }

    @Test("what somebody else has of a port is noticed, although the rest of it is ours")
    func stranger() throws {
      let front = try front(2)
      let proxy = try stage.martlet(front.keys([ipv4]))
      try proxy.waitUntilAllUp()
      // Another proxy of the same user, at IPv6's part of the port alone.
      let other = stage.keep(try SharedIPv6Port(front.port))
      try proxy.configure(front.keys([ipv4, both]))
      let refused = try proxy.admin("POST", "/v1/reload", "{}")
      #expect(refused.status == 409 && refused.body.contains("address already in use"), "\(refused)")
      withExtendedLifetime(other) {}
    }
  }
}

/// A socket that listens at all IPv6 addresses, lets others of its user share them, and answers nobody.
private final class SharedIPv6Port {
  private let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)

  init(_ port: UInt16) throws {
    var one: Int32 = 1
    for (level, option) in [(SOL_SOCKET, SO_REUSEPORT), (Int32(IPPROTO_IPV6), IPV6_V6ONLY)] {
      setsockopt(descriptor, level, option, &one, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
      }
    }
    guard bound == 0, listen(descriptor, 8) == 0 else { throw Failure("port \(port) can't be shared") }
  }

  deinit { close(descriptor) }
}
