import Libevent
import Sockets
import Support
import Testing

@testable import Names

@Suite struct ServiceTests {
  private func look(_ server: DNSServer, timeout: Duration = .seconds(2)) throws -> ServiceResolution {
    let loop = EventLoop()
    var found: ServiceResolution?
    let resolver = Resolver(nameservers: [server.address], timeout: timeout, hosts: noHosts, on: loop)
    let lookup = resolver.resolveService("_pg._tcp.db.example") { found = $0 }
    #expect(found == nil, "no answer while the question is being asked")
    #expect(loop.wait(seconds: 10) { found != nil })
    withExtendedLifetime(lookup) {}
    return try #require(found)
  }

  @Test("records are found, the first ones first, each once, in lower case")
  func records() throws {
    let server = try DNSServer { name, type in
      guard type == .srv, name == "_pg._tcp.db.example" else { return .noName }
      return .services([
        (20, 0, 5433, "c.example"), (10, 30, 5432, "B.example"), (10, 60, 5432, "a.example"),
        (10, 60, 5432, "a.example"),
      ])
    }
    #expect(
      try look(server)
        == .records([
          ServiceRecord(host: "a.example", port: 5432, priority: 10, weight: 60),
          ServiceRecord(host: "b.example", port: 5432, priority: 10, weight: 30),
          ServiceRecord(host: "c.example", port: 5433, priority: 20, weight: 0),
        ]))
    #expect(server.questions == ["srv _pg._tcp.db.example"])
  }

  @Test("many records come by TCP")
  func many() throws {
    let server = try DNSServer { _, _ in
      .byTCP(.services((0..<100).map { (1, 1, 80, "host\($0).example") }))
    }
    guard case .records(let records) = try look(server) else { return #expect(Bool(false), "no records") }
    #expect(records.count == 100)
  }

  private static let replies: [(DNSServer.Reply, ServiceResolution)] = [
    (.noData, .none("no SRV record")), (.noName, .none("no such name")),
    (.services([(0, 0, 80, "")]), .none("the service isn't there, says its SRV record")),
    (.serverFailure, .failed("no name server knows")), (.addresses(["10.0.0.1"]), .failed("the answer is broken")),
  ]

  @Test("what isn't there is told from what nobody knows", arguments: replies.indices)
  func failures(_ index: Int) throws {
    let (reply, expected) = Self.replies[index]
    let server = try DNSServer { _, _ in reply }
    #expect(try look(server, timeout: .milliseconds(600)) == expected)
  }

  @Test("a server that is silent, or talks nonsense, ends a look-up in time", arguments: [true, false])
  func silence(_ isSilent: Bool) throws {
    let server = try DNSServer { _, _ in isSilent ? .silence : .garbage }
    guard case .failed = try look(server, timeout: .milliseconds(300)) else {
      return #expect(Bool(false), "it's found out")
    }
  }
}
