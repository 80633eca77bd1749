import Foundation
import Support
import Testing

/// Three real processes as one fleet, on three real servers of ZooKeeper, of what keeps the log in its place, or on none.
final class FleetOnMachine {
  let folder: TemporaryFolder
  let servers: any StoreServers
  let names = ["lb1", "lb2", "lb3"]
  private(set) var nodes: [String: Subprocess] = [:]
  let nodePorts: [UInt16]
  let ports: [String: UInt16]
  let statsPorts: [String: UInt16]

  /// - Parameters:
  ///   - servers: what keeps the log; else what MARTLET_STORE says.
  ///   - configure: writes the file, if it isn't to be the usual one.
  init(
    on servers: (any StoreServers)? = nil,
    _ configure: (FleetOnMachine) throws -> Void = { try $0.configure(backend: 9) }
  ) throws {
    folder = try TemporaryFolder()
    self.servers = try servers ?? StoreKind.wanted.start()
    nodePorts = try (0..<3).map { _ in try FreePort.next() }
    ports = try Dictionary(uniqueKeysWithValues: names.map { ($0, try FreePort.next()) })
    statsPorts = try Dictionary(uniqueKeysWithValues: names.map { ($0, try FreePort.next()) })
    try folder.write("key", try Subprocess.run(MartletProgram.path, ["fleet", "key"]).output, mode: 0o600)
    try configure(self)
    for name in names { try start(name) }
  }

  deinit {
    for node in nodes.values { node.kill() }
  }

  /// The same file for all nodes: what differs is named by a variable. `CHECKED` is a port at which somebody answers, but for the last node.
  func configure(
    backend port: UInt16, more listeners: String = "", pool: String = ", \"health\": { \"type\": \"none\" }",
    backends: [UInt16] = [], moreBackends: String = "", witness: String? = nil, fleet more: String = ""
  ) throws {
    let list = zip(names, nodePorts).map {
      "{ \"name\": \"\($0)\", \"address\": \"127.0.0.1:\($1)\"\($0 == witness ? ", \"role\": \"witness\"" : "") }"
    }
    try folder.write(
      "fleet.json",
      """
      { "fleet": { "name": "edge", "nodes": [\(list.joined(separator: ", "))], "key": "\(folder.path)/key",
          "engine": \(servers.configuration), "data": "\(folder.path)/${MARTLET_NODE}/data"\(more) },
        "admin": { "socket": "\(folder.path)/${MARTLET_NODE}.sock", "state": "\(folder.path)/${MARTLET_NODE}/state" },
        "listeners": [{ "name": "web", "bind": "127.0.0.1:${WEB}", "pool": "web" }\(listeners)],
        "stats": "127.0.0.1:${STATS}",
        "pools": [{ "name": "web", "backends": [\(([port] + backends).map { "\"127.0.0.1:\($0)\"" }.joined(separator: ", "))\(moreBackends)]\(pool) }] }
      """)
  }

  var file: String { "\(folder.path)/fleet.json" }

  func start(_ name: String) throws {
    _ = try Subprocess.run("mkdir", ["-p", "\(folder.path)/\(name)"])
    nodes[name] = try MartletProgram.start(
      ["run", file],
      environment: [
        "MARTLET_NODE": name, "WEB": "\(ports[name] ?? 0)", "STATS": "\(statsPorts[name] ?? 0)",
        "CHECKED": name == "lb3" ? "9" : "\(servers.addresses.first?.port ?? nodePorts[0])",
        // On the last node somebody else has the second port already: the first node's own.
        "TWO": "\(name == "lb3" ? ports["lb1"] ?? 0 : 0)",
      ])
  }

  /// The data folder of a node.
  func data(of name: String) -> String { "\(folder.path)/\(name)/data" }

  func kill(_ name: String) {
    nodes[name]?.kill()
    nodes[name] = nil
  }

  func signal(_ name: String, _ signal: Int32) {
    nodes[name]?.send(signal)
  }

  func log(of name: String) -> String {
    nodes[name]?.text(of: .errors) ?? ""
  }

  var logs: String { names.map { "\($0): \(log(of: $0))" }.joined(separator: "\n") }

  func ask(_ name: String, _ words: String...) throws -> Subprocess.Result {
    try Subprocess.run(MartletProgram.path, words + ["--socket", "\(folder.path)/\(name).sock"])
  }

  struct Status: Decodable {
    struct Node: Decodable {
      var name: String
      var role: String?
      var voice: String?
      var present: Bool
      var generation: Int?
      var position: Int?
      var outOfStep: String?
      var own: Own?
      var clients: Int?
      var followers: [Follower]?

      struct Own: Decodable, Equatable { var configuration: Bool, overrides: Int }
      struct Follower: Decodable, Equatable {
        var node: String
        var behind: Int?
      }
    }
    struct Rollout: Decodable {
      struct Vote: Decodable {
        var node: String
        var vote: String?
        var reason: String?
      }
      var outcome: String
      var author: String
      var reason: String?
      var votes: [Vote]
    }
    struct Log: Decodable {
      var live: Bool
      var leader: String?
      var position: Int
      var trouble: String?
    }
    struct Address: Decodable {
      var owner: String?
      var state: String
      var generation: Int
    }
    var generation: Int
    var log: Log
    var nodes: [Node]
    var rollout: Rollout?
    var last: Rollout?
    var addresses: [Address]?
  }

  func status(_ name: String) -> Status? {
    guard let text = try? ask(name, "fleet", "status", "--json").output else { return nil }
    return try? JSONDecoder().decode(Status.self, from: Data(text.utf8))
  }

  /// Waits until a node sees it so.
  func waitUntil(_ what: String, on name: String, limit: Duration = .seconds(30), _ isSo: (Status) -> Bool) throws {
    try Support.waitUntil("\(what), as \(name) sees it: \(status(name).map { "\($0)" } ?? log(of: name))", limit: limit)
    {
      status(name).map(isSo) ?? false
    }
  }

  func waitUntilAllServe(_ generation: Int) throws {
    for name in names {
      try waitUntil("generation \(generation) everywhere", on: name) { status in
        status.generation == generation && status.nodes.allSatisfy { $0.present && $0.generation == generation }
      }
    }
  }

  func configuration(of name: String) throws -> String {
    try ask(name, "config").output
  }
}
