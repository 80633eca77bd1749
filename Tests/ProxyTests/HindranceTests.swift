import Proxy
import Sockets
import Support
import SystemPackage
import Testing

/// What this machine lacks or forbids isn't blamed on backends.
@Suite struct HindranceTests {
  @Test("without a local port left for one backend the next one is asked, and the first isn't blamed")
  func noPortLeft() throws {
    guard let network = NetworkNamespace(localPorts: 40_000...40_001) else { return }
    let servers = try [UInt16(20_001), 20_002].map { port in
      let socket = try #require(network.run { try? Socket(for: .ipv4(0, port: 0)) } ?? nil)
      return try TestServer(at: .ipv4(0x7F00_0001, port: port), with: socket)
    }
    let proxy = try ProxyFixture(servers.map(\.address), tiers: [0, 1], entering: { network.enter() })
    var clients: [Peer] = []
    for _ in 0..<2 {
      clients.append(try proxy.connect())
      _ = try servers[0].accept()
    }
    #expect(eventually { proxy.backends[0].counters[0].sessions.current == 2 })
    for _ in 0..<2 {
      let client = try proxy.connect()
      try client.send("hello")
      #expect(try servers[1].accept().receiveText(5) == "hello")
      clients.append(client)
    }
    #expect(proxy.failures(.resources, of: 0) == 2)
    #expect(proxy.backends[0].load.failuresInARow == 0)
    let hindered = proxy.events.first { event in
      if case .connectHindered(let backend, let error) = event { (backend.id, error) } else { nil }
    }
    #expect(hindered?.0 == 0 && hindered?.1 == .addressNotAvailable)
    // When no backend is left that could be connected to, the refusal doesn't blame one either.
    #expect(try proxy.isRefused())
    #expect(proxy.refused(.localFault) == 1 && proxy.refused(.connectFailed) == 0)
    #expect(!proxy.events.all.contains { if case .connectFailed = $0 { true } else { false } })
  }

  @Test(
    "errors of connecting are told apart by whose fault they are",
    arguments: [
      (Errno.addressNotAvailable, ConnectFailure.resources), (.tooManyOpenFiles, .resources),
      (.tooManyOpenFilesInSystem, .resources), (.noBufferSpace, .resources), (.noMemory, .resources),
      (.resourceTemporarilyUnavailable, .resources), (.permissionDenied, .forbidden), (.notPermitted, .forbidden),
      (.connectionRefused, .refused), (.timedOut, .timeout), (.noRouteToHost, .unreachable),
      (.networkDown, .unreachable),
      (.connectionReset, .reset), (.ioError, .other),
    ])
  func causes(_ error: Errno, _ cause: ConnectFailure) {
    #expect(ConnectFailure(error, isTCP: true) == cause)
    #expect(cause.isOurs == (cause == .resources || cause == .forbidden))
  }

  @Test("what a Unix socket's own backlog and file say is the backend's")
  func unixCauses() {
    #expect(ConnectFailure(.resourceTemporarilyUnavailable, isTCP: false) == .refused)
    #expect(ConnectFailure(.permissionDenied, isTCP: false) == .other)
    #expect(ConnectFailure(.noBufferSpace, isTCP: false) == .resources)
  }
}
