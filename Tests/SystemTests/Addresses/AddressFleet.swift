import Foundation
import Sockets
import Support

/// Three machines on a bridge, each with a process that is a node of one fleet; the servers of the fleet's log, a backend and a
/// client are at the bridge itself. One address moves between the machines.
final class AddressFleet {
  static let address = "10.77.0.100"
  let network: TestNetwork
  let servers: any StoreServers
  let sampler: HolderSampler
  let client: SteadyClient
  let names = ["lb1", "lb2", "lb3"]
  /// Where clients come to.
  let address: SocketAddress
  private let folder: TemporaryFolder
  private var text = ""
  private let backends: [GreetingServer]
  private(set) var nodes: [String: Subprocess] = [:]

  /// Where the backend is: at the hub, at an address of its own.
  static let backendHost = "10.77.0.253"

  /// Starts it all, and waits until somebody answers at the address.
  ///
  /// - Parameters:
  ///   - lease: the address's lease.
  ///   - more: more keys of the address.
  ///   - health: the pool's health checks.
  ///   - backends: how many there are.
  ///   - answer: whether backends greet a client only when it has said something; each greets with a letter of its own.
  ///   - pool: more keys of the pool.
  ///   - listeners: more listeners, each after a comma.
  ///   - pools: more pools, likewise.
  ///   - drain: how long sessions may go on when a node is stopped.
  init(
    lease: String = "3s", more: String = "", health: String = "\"type\": \"none\"", backends count: Int = 1,
    answer: Bool = false, pool: String = "", listeners: String = "", pools: String = "",
    drain: String = "2s"
  ) throws {
    folder = try TemporaryFolder()
    network = try TestNetwork(nodes: 3)
    servers = try StoreKind.wanted.start(in: (network.hub, TestNetwork.hubAddress))
    try network.hub.run("ip", "address", "add", "\(Self.backendHost)/24", "dev", "br0")
    guard let own = SocketAddress("\(Self.backendHost):9000"), let target = SocketAddress("\(Self.address):80") else {
      throw Failure("no address")
    }
    address = target
    let hub = network.hub
    backends = try (0..<count).map { index in
      try GreetingServer(
        at: own.with(port: 9_000 + UInt16(index)), greeting: UInt8(ascii: "a") + UInt8(index), answers: answer, in: hub)
    }
    sampler = HolderSampler(of: Self.address, in: network)
    client = SteadyClient(to: target, from: network.hub)
    try folder.write("key", try Subprocess.run(MartletProgram.path, ["fleet", "key"]).output, mode: 0o600)
    let list = names.enumerated().map { "{ \"name\": \"\($1)\", \"address\": \"10.77.0.\($0 + 1):7400\" }" }
    text = """
      { "fleet": { "name": "edge", "nodes": [\(list.joined(separator: ", "))], "key": "\(folder.path)/key",
          "engine": \(servers.configuration), "data": "\(folder.path)/${MARTLET_NODE}/data",
          "addresses": [{ "name": "web", "address": "\(Self.address)", "interface": "eth0", "lease": "\(lease)"\(more) }] },
        "admin": { "socket": "\(folder.path)/${MARTLET_NODE}.sock", "state": "\(folder.path)/${MARTLET_NODE}/state" },
        "shutdown": { "drain": "\(drain)" }, "workers": 1,
        "listeners": [{ "name": "web", "bind": "\(Self.address):80", "pool": "web" }\(listeners)],
        "pools": [{ "name": "web", "backends": [\(backends.map { "\"\($0.address)\"" }.joined(separator: ", "))], "health": { \(health) }\(pool) }\(pools)] }
      """
    try folder.write("fleet.json", text)
    for name in names { try start(name) }
    try waitUntilServed()
    try waitUntilAllReady()
  }

  deinit {
    sampler.stop()
    client.stop()
    for node in nodes.values {
      node.send(SIGCONT)
      node.kill()
    }
  }

  /// What the file says of the engine with which it began.
  var engine: String { servers.configuration }

  var file: String { "\(folder.path)/fleet.json" }

  /// Has the file of all nodes name another engine, from their next start on; nil for the one with which it began.
  func name(_ engine: String?) throws {
    let own = servers.configuration
    try folder.write("fleet.json", engine.map { text.replacing(own, with: $0) } ?? text)
  }

  func start(_ name: String) throws {
    _ = try Subprocess.run("mkdir", ["-p", "\(folder.path)/\(name)"])
    nodes[name] = try Subprocess(
      "nsenter", ["--net=\(network(of: name).path)", MartletProgram.path, "run", file],
      environment: ["MARTLET_NODE": name])
  }

  func network(of name: String) -> NetworkNamespace { network.nodes[names.firstIndex(of: name) ?? 0] }

  func kill(_ name: String) {
    nodes[name]?.kill()
    nodes[name] = nil
  }

  /// A process that took over isn't a child of this test: it's ended by the one way that there is.
  func endSuccessor(of name: String) {
    let report = (try? ask(name, "status", "--json").output) ?? ""
    guard let pid = report.firstMatch(of: #/"pid" ?: ?([0-9]+)/#).flatMap({ pid_t($0.1) }) else { return }
    _ = Foundation.kill(pid, SIGKILL)
  }

  func log(of name: String) -> String { nodes[name]?.text(of: .errors) ?? "" }

  @discardableResult
  func ask(_ name: String, _ words: String...) throws -> Subprocess.Result {
    try Subprocess.run(MartletProgram.path, words + ["--socket", "\(folder.path)/\(name).sock"])
  }

  /// The engine by which a node goes, as its data folder says it: among other bytes.
  func eraEngine(of name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: "\(folder.path)/\(name)/data/era")), as: UTF8.self)
  }

  /// What is run when a node's process has ended.
  ///
  /// - Parameter wrapper: by what it's run, in the node's network.
  func withdraw(_ name: String, by wrapper: [String] = []) throws -> Subprocess.Result {
    try Subprocess.run(
      "nsenter",
      ["--net=\(network(of: name).path)"] + wrapper + [
        MartletProgram.path, "fleet", "withdraw", file, "--node", name,
      ], environment: ["MARTLET_NODE": name])
  }

  struct Status: Decodable {
    struct Node: Decodable {
      var name: String
      var present: Bool
    }
    struct Address: Decodable {
      var owner: String?
      var generation: Int
      var candidates: [String]
      var problem: String?
    }
    struct Log: Decodable {
      var live: Bool
      var position: Int
      var trouble: String?
    }
    var log: Log
    var nodes: [Node]
    var addresses: [Address]
  }

  func status(_ name: String) -> Status? {
    guard let text = try? ask(name, "fleet", "status", "--json").output else { return nil }
    return try? JSONDecoder().decode(Status.self, from: Data(text.utf8))
  }

  /// Who has the address by what the machines say.
  var holder: String? { sampler.seen.holders.last?.node.map { names[$0] } }

  func waitUntilServed(since moment: Int64 = bootTime()) throws {
    try waitUntil("somebody answers at the address: \(logs)", limit: .seconds(40)) { client.isAnswered(since: moment) }
  }

  /// Waits until all nodes are there and could have the address.
  func waitUntilAllReady() throws {
    try waitUntil("all nodes may have the address: \(logs)", limit: .seconds(30)) {
      names.allSatisfy { status($0)?.addresses.first?.candidates == names }
    }
  }

  /// What nodes say now, and what they have logged.
  var logs: String {
    names.map { name in
      let status = nodes[name].flatMap { _ in try? ask(name, "fleet", "status", "--json").output } ?? "no answer"
      return "\(name): \(status)\n\(log(of: name))"
    }.joined(separator: "\n")
  }

  /// Lets something happen to whoever has the address, waits until another one has it and answers, and gives for how long nobody
  /// did, in seconds.
  func failOver(_ deed: (String) throws -> Void) throws -> Double {
    guard let owner = holder else { throw Failure("nobody has the address: \(logs)") }
    let start = bootTime()
    try deed(owner)
    try waitUntil("another one than \(owner) has the address: \(logs)", limit: .seconds(20)) {
      holder.map { $0 != owner } ?? false
    }
    try waitUntilServed()
    usleep(100_000)
    return client.longestGap(since: start)
  }
}
