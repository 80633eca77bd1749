import Foundation
import Sockets
import Support
import Synchronization
import Testing

extension System {
  /// Backends that are found: by SRV records and in files.
  @Suite struct Discovery {
    let stage = Stage()

    private typealias Service = (priority: UInt16, weight: UInt16, port: UInt16, host: String)

    /// A name server whose records of `_web._tcp.example` a test changes, or that is silent; every host in there is 127.0.0.1.
    private final class Zone: Sendable {
      private let known: Mutex<[Service]?>

      init(_ services: [Service]?) { known = Mutex(services) }

      func set(_ services: [Service]?) { known.withLock { $0 = services } }

      func server() throws -> DNSServer {
        try DNSServer { [self] name, type in
          guard let services = known.withLock({ $0 }) else { return .serverFailure }
          switch type {
          case .srv where name == "_web._tcp.example": return services.isEmpty ? .noName : .services(services)
          case .a where services.contains { $0.host == name }: return .addresses(["127.0.0.1"])
          default: return .noName
          }
        }
      }
    }

    private func keys(_ backends: String, _ more: String = "") -> String {
      """
      "listeners": [{ "name": "main", "bind": "127.0.0.1:0" }],
      "pools": [{ "name": "main", "backends": [\(backends)], "health": \(fastHealth) }]\(more)
      """
    }

    private func resolver(_ server: DNSServer) -> String {
      ", \"resolver\": { \"nameservers\": [\"\(server.address)\"], \"interval\": \"1s\", \"timeout\": \"1s\" }"
    }

    @Test("SRV records say where backends are, with what weight and in which tier", .needs("nginx"))
    func srv() throws {
      let servers = try stage.nginx(count: 3)
      let ports = servers.map { if case .ip(_, let port) = $0.target { port } else { UInt16(0) } }
      let zone = Zone([(10, 3, ports[0], "a.example"), (10, 1, ports[1], "b.example"), (20, 0, ports[2], "c.example")])
      let server = try zone.server()
      let entry = "{ \"srv\": \"_web._tcp.example\" }"
      let proxy = try stage.martlet(keys(entry, resolver(server)))
      let report = try proxy.waitUntil("all are up") { report in
        report.pools[0].backends.count == 3 && report.pools[0].backends.allSatisfy { $0.state == "up" }
      }
      #expect(report.pools[0].backends.map(\.effectiveWeight) == [3, 1, 1])
      #expect(report.pools[0].backends.map(\.tier) == [0, 0, 1])
      let answers = try (0..<40).map { _ in try ask(.local(proxy.port())).body }
      #expect(answers.count { $0 == "a\n" } == 30 && answers.count { $0 == "b\n" } == 10)
      // Nobody knows, or nobody is there: everybody stays.
      for silence in [nil, [Service]()] {
        zone.set(silence)
        try waitUntil("it's told") {
          proxy.log.contains(silence == nil ? "no name server knows" : "isn't to be gone by: no such name")
        }
        #expect(try proxy.report().pools[0].backends.count == 3)
      }
      // One has gone, and one has moved.
      zone.set([(10, 1, ports[1], "b.example"), (10, 1, ports[2], "c.example")])
      let moved = try proxy.waitUntil("they've come") { report in
        report.pools[0].backends.map(\.tier) == [0, 0] && report.pools[0].backends.allSatisfy { $0.state == "up" }
      }
      #expect(moved.transitions.contains { $0.to == "absent" && $0.reason.contains("srv:_web._tcp.example") })
      #expect(try (0..<4).map { _ in try ask(.local(proxy.port())).body }.sorted() == ["b\n", "b\n", "c\n", "c\n"])
    }

    @Test("a file says where backends are, and what is wrong with it takes nobody away", .needs("nginx"))
    func file() throws {
      let servers = try stage.nginx(count: 2)
      let folder = try stage.folder()
      func write(_ text: String) throws -> String { try folder.write("targets.json", text) }
      let path = try write("[{ \"targets\": [\"\(servers[0].address)\"] }]")
      let proxy = try stage.martlet(keys("{ \"file\": \"\(path)\" }"))
      // It's there from the first moment.
      #expect(try proxy.report().pools[0].backends.map(\.address) == [servers[0].address])
      try proxy.waitUntilAllUp()
      let both =
        "[{ \"targets\": [\"\(servers[0].address)\", \"\(servers[1].address)\"], \"labels\": { \"weight\": \"2\" } }]"
      _ = try write(both)
      let report = try proxy.waitUntil("the second one is up") { report in
        report.pools[0].backends.count == 2 && report.pools[0].backends.allSatisfy { $0.state == "up" }
      }
      #expect(report.pools[0].backends.map(\.effectiveWeight) == [2, 2])
      for (wrong, problem) in [("[{ \"targets\": [\"x\"] }]", "has no port"), ("[]", "it has no targets")] {
        _ = try write(wrong)
        try waitUntil("\(problem) is told") { proxy.log.contains(problem) }
        #expect(try proxy.report().pools[0].backends.count == 2)
      }
      // The next process knows what this one does.
      struct Upgraded: Decodable { let pid: Int32? }
      _ = try proxy.admin("POST", "/v1/upgrade", "{}")
      #expect(try proxy.report().pools[0].backends.count == 2)
      _ = try write(both)
      try waitUntil("it's right again") { proxy.log.contains("is right again") }
      let check = try MartletProgram.run([
        "check", try folder.write("wrong.json", "{ \(keys("{ \"file\": \"\(folder.write("w.json", "[1]"))\" }")) }"),
      ])
      #expect(check.exit == .code(78) && check.errors.contains("[0]: must be an object"), "\(check)")
    }

    @Test(
      "ZooKeeper knows who is there: sessions' own nodes come and go, and its end takes nobody away",
      .needs("nginx", "java"))
    func zooKeeper() throws {
      let nginx = try stage.nginx(count: 3)
      let servers = try ZooKeeperServers()
      let more = ", \"zookeeper\": { \"servers\": [\"\(servers.addresses[0])\"], \"root\": \"/services\" }"
      let found = keys("{ \"zookeeper\": \"/db\" }", more)
      // What isn't there yet is refused where somebody else is served by, and waited for where nobody is.
      let other = try stage.martlet(keys("\"\(nginx[0].address)\""))
      try other.configure(found)
      let (status, body) = try other.admin("POST", "/v1/reload", "{}")
      #expect(status == 409 || status == 422, "\(status)")
      #expect(body.contains("no backends are found at zookeeper:/db") && body.contains("has no such node"), "\(body)")
      let proxy = try stage.martlet(found)
      let waiting = try proxy.waitUntil("it's told what is missing") { report in
        report.pools[0].backends.contains { $0.reason.contains("ZooKeeper has no such node yet") }
      }
      #expect(waiting.pools[0].backends.map(\.state) == ["unresolved"])
      let (steady, passing) = (
        try ZooKeeperShell(to: servers.addresses[0]), try ZooKeeperShell(to: servers.addresses[0])
      )
      guard case .ip(_, let port) = nginx[1].target else { return }
      try steady.tell(
        "create /services", "create /services/db",
        "create /services/db/a {\"name\":\"db\",\"id\":\"a\",\"address\":\"127.0.0.1\",\"port\":\(port),\"enabled\":true}",
        "create /services/db/wrong hello", "create /services/db/b \(nginx[0].address)")
      try passing.tell("create -e /services/db/c \(nginx[2].address)")
      try proxy.waitUntil("all are up") { report in
        report.pools[0].backends.count == 3 && report.pools[0].backends.allSatisfy { $0.state == "up" }
      }
      #expect(Set(try (0..<6).map { _ in try ask(.local(proxy.port())).body }) == ["a\n", "b\n", "c\n"])
      try waitUntil("who can't be read is told") {
        proxy.log.contains("children that can't be read: wrong is no backend")
      }
      try passing.tell("close")
      let left = try proxy.waitUntil("one has gone") { $0.pools[0].backends.count == 2 }
      #expect(left.transitions.contains { $0.to == "absent" && $0.reason.contains("zookeeper:/db has other backends") })
      try other.reload(found)
      #expect(try other.report().pools[0].backends.map(\.state) == ["up", "up"])
      // The same path below another root: nobody goes on with what was found below the one before.
      let elsewhere = found.replacingOccurrences(of: "\"/services\"", with: "\"/elsewhere\"")
      try other.configure(elsewhere)
      let (refused, why) = try other.admin("POST", "/v1/reload", "{}")
      #expect((refused == 409 || refused == 422) && why.contains("has no such node"), "\(refused): \(why)")
      try steady.tell("create /elsewhere", "create /elsewhere/db", "create /elsewhere/db/a \(nginx[2].address)")
      try other.reload(elsewhere)
      #expect(try other.report().pools[0].backends.map(\.address) == [nginx[2].address])
      try other.reload(found)
      #expect(try other.report().pools[0].backends.map(\.state) == ["up", "up"])
      // The next process knows what this one does, and nobody else can be asked.
      servers.kill(0)
      try waitUntil("it's told") { proxy.log.contains("ZooKeeper isn't reached, and what was found there stays") }
      _ = try proxy.admin("POST", "/v1/upgrade", "{}")
      #expect(try proxy.report().pools[0].backends.map(\.state) == ["up", "up"])
      // What is dropped isn't done.
      #expect(throws: Failure.self) {
        try steady.tell("set /services/db/b \(nginx[2].address)", limit: .milliseconds(1))
      }
      try servers.start(0)
      try steady.tell("set /services/db/b \(nginx[2].address)")
      let report = try proxy.waitUntil("it's found again") { report in
        report.pools[0].backends.contains { $0.address == nginx[2].address }
      }
      #expect(report.pools[0].backends.count == 2)
      try waitUntil("it's told once") { other.log.contains("ZooKeeper is reached again") }
      #expect(other.log.split(separator: "ZooKeeper isn't reached").count == 2, "once: \(other.log)")
    }

    @Test(
      "a reload to a source where nothing is found is refused, and one that is found is there at once", .needs("nginx"))
    func reload() throws {
      let nginx = try stage.nginx("a")
      guard case .ip(_, let port) = nginx.target else { return }
      let zone = Zone([])
      let server = try zone.server()
      let proxy = try stage.martlet(keys("\"\(nginx.address)\"", resolver(server)))
      try proxy.waitUntilAllUp()
      let found = keys("{ \"srv\": \"_web._tcp.example\" }", resolver(server))
      try proxy.configure(found)
      let (status, body) = try proxy.admin("POST", "/v1/reload", "{}")
      #expect(status == 409 || status == 422, "\(status)")
      #expect(body.contains("no backends are found at srv:_web._tcp.example"), "\(body)")
      // So does who looks at backends before anything runs.
      let file = try stage.folder().write("martlet.json", "{ \(found) }")
      let nobody = try MartletProgram.run(["doctor", file])
      #expect(
        nobody.exit == .code(1) && nobody.output.contains("  ! no such name: see to where it's found"), "\(nobody)")
      zone.set([(0, 0, port, "a.example")])
      let somebody = try MartletProgram.run(["doctor", file])
      #expect(somebody.exit == .code(0) && somebody.output.contains("main/a.example:\(port)\n"), "\(somebody)")
      try proxy.reload(found)
      #expect(try proxy.report().pools[0].backends.map(\.state) == ["up"])
      #expect(try ask(.local(proxy.port())).body == "a\n")
    }
  }
}
