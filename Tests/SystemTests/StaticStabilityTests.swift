import Foundation
import Glibc
import Sockets
import Support
import Testing

/// For how many seconds nothing can be agreed on.
private let length = ProcessInfo.processInfo.environment["MARTLET_OUTAGE"].flatMap { Int($0) }

/// Everything by which nodes agree is dead, and clients don't notice: `make fleet-soak` for long.
@Suite(
  "System/Fleet/StaticStability", .serialized,
  .enabled(if: TestNetwork.obstacle == nil, "\(TestNetwork.obstacle ?? "")"))
struct StaticStabilityTests {
  /// What is dead.
  enum Outage: CaseIterable {
    /// The log's servers: their machines answer and they don't.
    case frozen
    /// The log's servers: nobody is there.
    case killed
    /// The same, and no node hears of another one.
    case killedAndCutOff
  }

  private static let hosts = (10..<18).map { "10.77.0.\($0)" }
  private static let port: UInt16 = 81

  /// Four sessions of each host at each node.
  private static func come(to nodes: [String]) -> [ClientSocket] {
    nodes.flatMap { node in
      hosts.flatMap { host in (0..<4).compactMap { _ in try? ClientSocket(.ip(node, port), from: host) } }
    }
  }

  private func address(of name: String, _ fleet: AddressFleet) -> String {
    "10.77.0.\((fleet.names.firstIndex(of: name) ?? 0) + 1)"
  }

  @Test(
    "no session is lost, new ones come, and a node that starts serves at once what was in force",
    arguments: length == nil ? [.killedAndCutOff] : Outage.allCases)
  func nothingToAgreeBy(_ outage: Outage) throws {
    let backends = ["a", "b", "c"].enumerated().map { "\(AddressFleet.backendHost):\(9_100 + $0.offset)" }
    let fleet = try AddressFleet(
      listeners: ", { \"name\": \"own\", \"bind\": \":\(Self.port)\", \"pool\": \"own\" }",
      pools: """
        , { "name": "own", "backends": [\(backends.map { "\"\($0)\"" }.joined(separator: ", "))], "stick": {},
            "health": { "type": "none" } }
        """)
    fleet.client.stop()
    fleet.sampler.stop()
    let hub = fleet.network.hub
    let servers = try zip(backends, "abc").map { address, letter in
      try LetterServer(at: #require(SocketAddress(address)), letter: letter, in: hub)
    }
    defer { for server in servers { server.stop() } }
    for host in Self.hosts { try hub.run("ip", "address", "add", "\(host)/32", "dev", "br0") }

    let addresses = Dictionary(uniqueKeysWithValues: fleet.names.map { ($0, address(of: $0, fleet)) })
    let standing = hub.run { Self.come(to: ["10.77.0.1", "10.77.0.2"]) } ?? []
    #expect(standing.count == 64)
    func ask() throws -> [UInt8] {
      try standing.map { socket in
        try socket.send("?")
        return try #require(socket.receive(exactly: 1).first)
      }
    }
    let first = try ask()
    let clients = StickyClients(to: addresses, port: Self.port, from: Self.hosts, in: hub)
    defer { clients.stop() }
    // What runs is what all have agreed on, and not what the file says by now.
    let file = try String(contentsOfFile: fleet.file, encoding: .utf8)
    try file.replacing("\":\(Self.port)\"", with: "\":82\"").write(
      toFile: fleet.file, atomically: true, encoding: .utf8)
    sleep(1)
    let lines = ["lb1", "lb2"].map { fleet.log(of: $0).split(separator: "\n").count }

    try begin(outage, fleet)
    let start = bootTime()
    try waitUntil("nobody can agree on anything", limit: .seconds(10)) { fleet.status("lb1")?.log.live == false }
    let before = try ["lb1", "lb2"].map { try Footprint(of: #require(fleet.nodes[$0]).pid) }
    let half = UInt32((length ?? 3) * 1_000_000 / 2)
    usleep(half)
    #expect(try ask() == first)
    try clients.leave("lb3")
    fleet.kill("lb3")
    let boot = try self.boot("lb3", fleet)
    clients.come(to: "lb3", at: address(of: "lb3", fleet))
    usleep(half)
    #expect(try ask() == first)
    let after = try ["lb1", "lb2"].map { try Footprint(of: #require(fleet.nodes[$0]).pid) }
    let said = zip(["lb1", "lb2"], lines).map { name, count in
      fleet.log(of: name).split(separator: "\n").dropFirst(count).map(String.init)
    }
    let seen = clients.seen
    let seconds = Double(bootTime() - start) / 1e9
    print(
      "\(outage) for \(Int(seconds)) s: \(seen.answered.values.reduce(0, +)) sessions, \(seen.failures.count) failed, \(seen.strays.count) at another backend; lb3 alone served after \(Int(boot * 1000)) ms; lines of log \(said.map(\.count)); KiB \(before.map(\.kibibytes)) then \(after.map(\.kibibytes)); descriptors \(before.map(\.descriptors)) then \(after.map(\.descriptors))"
    )
    #expect(seen.failures.isEmpty && seen.strays.isEmpty, "\(seen)")
    #expect(fleet.names.allSatisfy { seen.answered[$0] ?? 0 > 8 }, "\(seen)")
    #expect(boot < 5)
    // However long it takes.
    for lines in said { #expect(lines.count <= 20, "\(lines.joined(separator: "\n"))") }
    for (before, after) in zip(before, after) {
      #expect(abs(after.descriptors - before.descriptors) <= 16)
      #expect(after.kibibytes - before.kibibytes <= 8_192)
    }

    try end(outage, fleet)
    try fleet.waitUntilAllReady()
    #expect(try ask() == first)
    #expect(clients.seen.failures.isEmpty, "\(clients.seen)")
  }

  private func begin(_ outage: Outage, _ fleet: AddressFleet) throws {
    for index in fleet.servers.addresses.indices {
      if outage == .frozen { fleet.servers.freeze(index) } else { fleet.servers.kill(index) }
    }
    guard outage == .killedAndCutOff else { return }
    try eachLink(fleet) { try $0.run("ip", "route", "add", "blackhole", $1) }
  }

  private func end(_ outage: Outage, _ fleet: AddressFleet) throws {
    if outage == .killedAndCutOff { try eachLink(fleet) { try $0.run("ip", "route", "delete", "blackhole", $1) } }
    for index in fleet.servers.addresses.indices {
      if outage == .frozen { fleet.servers.thaw(index) } else { try fleet.servers.start(index) }
    }
    if outage != .frozen { for index in fleet.servers.addresses.indices { try fleet.servers.waitUntilReady(index) } }
  }

  private func eachLink(_ fleet: AddressFleet, _ change: (NetworkNamespace, String) throws -> Void) throws {
    for name in fleet.names {
      for other in fleet.names where other != name { try change(fleet.network(of: name), address(of: other, fleet)) }
    }
  }

  /// Starts a node, and gives how long it took until it served a client, in seconds.
  private func boot(_ name: String, _ fleet: AddressFleet) throws -> Double {
    let start = bootTime()
    try fleet.start(name)
    let target = Target.ip(address(of: name, fleet), Self.port)
    let end = fleet.network.hub.run {
      while bootTime() - start < 20_000_000_000 {
        if (try? StickyClients.ask(target)) != nil { return bootTime() }
        usleep(2_000)
      }
      return Int64.max
    }
    guard let end, end != .max else { throw Failure("\(name) doesn't serve: \(fleet.log(of: name))") }
    return Double(end - start) / 1e9
  }

  /// What a process has of the machine.
  private struct Footprint {
    let kibibytes: Int
    let descriptors: Int

    init(of process: pid_t) throws {
      let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
      kibibytes = status.firstMatch(of: #/VmRSS:\s+([0-9]+) kB/#).flatMap { Int($0.1) } ?? 0
      descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").count
    }
  }
}
