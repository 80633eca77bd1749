import Config
import Glibc
import Introduction
import Sockets
import Support
import Testing

@testable import Proxy

/// What is handed over to be logged of sessions.
@Suite struct AccessRecordTests {
  private static func log(
    only: [AccessLogKind] = [], sample: Double = 1, interval: Duration? = nil, format: AccessLogFormat = .json
  ) -> AccessLogConfiguration {
    var log = AccessLogConfiguration(to: .stdout)
    (log.only, log.sample, log.interval, log.format) = (only, sample, interval, format)
    return log
  }

  @Test("of a session that has ended, all is told that's known")
  func ended() throws {
    let listening = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([listening.address], accessLog: Self.log())
    let client = try proxy.connect()
    let server = try listening.accept()
    let address = try client.socket.localAddress()
    try client.send("12345")
    #expect(server.receiveText(5) == "12345")
    try server.send("123")
    #expect(client.receiveText(3) == "123")
    let source = server.peerPort
    client.close()
    server.close()
    let record = try #require(proxy.logged(1).first)
    let session = record.session
    #expect(session.id == 1 && session.client == address && session.peer == address)
    #expect(session.listener === proxy.listener && session.backend === proxy.backends[0])
    #expect(session.bytesToBackend == 5 && session.bytesToClient == 3 && session.end == .closed(.clientEnded))
    #expect(session.attempts == 1 && session.failures.isEmpty && !session.isFailed)
    #expect(session.introductionTime == nil && session.waitTime == 0)
    let (connect, firstByte) = (try #require(session.connectTime), try #require(session.firstByteTime))
    #expect(connect > 0 && firstByte > 0 && connect + firstByte <= session.duration)
    // The one that the backend saw.
    #expect(source != nil && record.source?.port == source)
    #expect(record.log === proxy.accessLogs.log(for: Self.log()))
  }

  @Test("nothing is where nothing is asked for")
  func off() throws {
    let pair = try RelayedPair()
    pair.client.close()
    pair.server.close()
    #expect(eventually { pair.proxy.isAtRest })
    _ = eventually(seconds: 0.3) { false }
    #expect(pair.proxy.logged(0).isEmpty)
  }

  @Test("who isn't wanted on the line isn't asked for, and the kernel neither")
  func withoutSource() throws {
    let listening = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let template = try AccessLogTemplate("{client}")
    let proxy = try ProxyFixture([listening.address], accessLog: Self.log(format: .template(template)))
    let client = try proxy.connect()
    try listening.accept().close()
    client.close()
    #expect(try #require(proxy.logged(1).first).source == nil)
  }

  @Test("connects that failed are told with their reasons, whatever came of it")
  func failures() throws {
    let listening = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let dead = try ConnectTests.deadAddress()
    let proxy = try ProxyFixture([dead, listening.address], tiers: [0, 1], accessLog: Self.log(only: [.failed]))
    let client = try proxy.connect()
    try listening.accept().close()
    client.close()
    let session = try #require(proxy.logged(1).first).session
    #expect(session.failures.map(\.backend.address) == [dead] && session.failures.map(\.failure) == [.refused])
    #expect(session.backend?.address == listening.address && session.attempts == 2 && session.isFailed)
  }

  @Test("only those that failed")
  func onlyFailed() throws {
    let listening = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([listening.address], accessLog: Self.log(only: [.failed]))
    for isBroken in [false, true, false] {
      let client = try proxy.connect()
      let server = try listening.accept()
      try client.send("x")
      #expect(server.receiveText(1) == "x")
      if isBroken { client.reset() } else { client.close() }
      #expect(server.receiveToEnd().ending == (isBroken ? .reset : .end))
      server.close()
    }
    #expect(eventually { proxy.isAtRest })
    #expect(proxy.logged(1).map(\.session.end) == [.closed(.clientReset)])
    // A bound of time would prove nothing: the others were over when the last one was.
    #expect(proxy.logged(0).isEmpty)
  }

  @Test("a share of the sessions, and the same ones each time")
  func sample() throws {
    let proxy = try ProxyFixture([], accessLog: Self.log(sample: 0.25))
    for _ in 0..<400 { #expect(try proxy.isRefused()) }
    #expect(eventually { proxy.isAtRest })
    _ = eventually(seconds: 0.3) { false }
    let logged = proxy.logged(0).count
    #expect((50...160).contains(logged), "\(logged)")
    let none = try ProxyFixture([], accessLog: Self.log(sample: 0))
    for _ in 0..<50 { #expect(try none.isRefused()) }
    #expect(eventually { none.isAtRest })
    _ = eventually(seconds: 0.3) { false }
    #expect(none.logged(0).isEmpty)
  }

  @Test("while it lasts a session is told of again and again")
  func interval() throws {
    let listening = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture([listening.address], accessLog: Self.log(interval: .milliseconds(200)))
    let client = try proxy.connect()
    let server = try listening.accept()
    try client.send("12345")
    #expect(server.receiveText(5) == "12345")
    let lasting = proxy.logged(2)
    #expect(lasting.count >= 2 && lasting.allSatisfy { $0.session.end == nil && $0.session.bytesToBackend == 5 })
    #expect(lasting.allSatisfy { $0.source != nil && $0.session.backend === proxy.backends[0] })
    client.close()
    server.close()
    let all = proxy.logged(1) { $0.session.end != nil }
    #expect(all.last?.session.end == .closed(.clientEnded))
  }

  @Test("what began with a header has both addresses, and how long that took")
  func introduced() throws {
    let listening = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let rules = IntroductionRules(
      proxies: [try AddressRange("127.0.0.0/8")], versions: [.v1], patience: 5_000_000_000)
    let proxy = try ProxyFixture([listening.address], introduction: rules, accessLog: Self.log())
    let client = try proxy.connect()
    try client.send("PROXY TCP4 192.0.2.1 198.51.100.7 4711 443\r\n")
    try listening.accept().close()
    let address = try client.socket.localAddress()
    client.close()
    let session = try #require(proxy.logged(1).first).session
    #expect(session.client == .ipv4(0xC000_0201, port: 4711) && session.peer == address)
    let time = try #require(session.introductionTime)
    #expect(time > 0 && time < session.duration)
  }

  @Test("who waits in a queue is told with how long")
  func waited() throws {
    let listening = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let proxy = try ProxyFixture(
      [listening.address], policy: .test(queue: 10, queueTimeout: 200), backendSessions: 1, accessLog: Self.log())
    let first = try proxy.connect()
    let server = try listening.accept()
    #expect(try proxy.isRefused())
    let session = try #require(proxy.logged(1).first).session
    #expect(session.end == .refused(.queueTimeout) && session.backend == nil)
    #expect(try #require(session.waitTime) >= 200_000_000)
    withExtendedLifetime((first, server)) {}
  }

  @Test("what doesn't fit until somebody takes it is lost, and counted")
  func bounded() throws {
    let proxy = try ProxyFixture([], accessLog: Self.log())
    #expect(try proxy.isRefused())
    let record = try #require(proxy.logged(1).first)
    let outbox = AccessLogs(workers: 1).outboxes[0]
    let before = record.log.tally.lost
    for _ in 0..<20 {
      var records = Array(repeating: record, count: 1_000)
      outbox.put(&records)
      #expect(records.isEmpty)
    }
    #expect(record.log.tally.lost - before == 20_000 - RecordOutbox.capacity)
    var taken: [AccessRecord] = []
    outbox.take(&taken)
    #expect(taken.count == RecordOutbox.capacity)
  }
}

extension ProxyFixture {
  /// Waits until so many records have come that are meant, and gives all that have come.
  func logged(_ count: Int, where isMeant: (AccessRecord) -> Bool = { _ in true }) -> [AccessRecord] {
    var all: [AccessRecord] = []
    _ = eventually {
      for outbox in accessLogs.outboxes {
        var records: [AccessRecord] = []
        outbox.take(&records)
        all += records
      }
      return all.count(where: isMeant) >= count
    }
    return all
  }
}

extension Peer {
  /// The port of the other side.
  fileprivate var peerPort: UInt16? {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(socket.descriptor, $0, &length) }
    }
    return result == 0 ? UInt16(bigEndian: address.sin_port) : nil
  }
}
