import Foundation
import Glibc
import Histories
import Support
import Synchronization

/// Machines on a bridge, each with a process that is a node of one fleet whose nodes agree by themselves, and with a small disk for what it may not
/// forget. Clients come to the nodes' admin doors.
final class HistoryFleet {
  let names: [String]
  let doors: Doors
  let network: TestNetwork
  private let disks: SmallDisks
  private let folder: TemporaryFolder
  private var nodes: [String: Subprocess] = [:]
  /// The nodes that have the former program.
  private var former: Set<String> = []
  /// What processes have logged that have ended.
  private var logs: [(node: Int, run: Int, text: String)] = []

  /// What clients have to know of it, in whatever thread they are.
  final class Doors: Sendable {
    let names: [String]
    private let folder: String
    private let runs = Mutex<[String: Int]>([:])

    fileprivate init(_ names: [String], in folder: String) {
      (self.names, self.folder) = (names, folder)
    }

    /// Where a node's admin door is.
    func path(of name: String) -> String { "\(folder)/\(name).sock" }

    /// How often a node has been started.
    func run(of name: String) -> Int { runs.withLock { $0[name] ?? 0 } }

    fileprivate func starts(_ name: String) { runs.withLock { $0[name, default: 0] += 1 } }
  }

  /// Why there can be none on this machine; nil if there can.
  static let obstacle = TestNetwork.obstacle ?? SmallDisks.obstacle

  /// A journal with its spare file is 34 MiB.
  private static let diskBytes = 40 << 20

  init(nodes count: Int) throws {
    let names = (1...count).map { "lb\($0)" }
    self.names = names
    network = try TestNetwork(nodes: count)
    let folder = try TemporaryFolder()
    self.folder = folder
    doors = Doors(names, in: folder.path)
    for name in names {
      try FileManager.default.createDirectory(
        atPath: "\(folder.path)/\(name)/data", withIntermediateDirectories: true)
    }
    guard let disks = SmallDisks(at: names.map { "\(folder.path)/\($0)/data" }, bytes: Self.diskBytes) else {
      throw Failure("no small disks")
    }
    self.disks = disks
    try folder.write("key", try Subprocess.run(MartletProgram.path, ["fleet", "key"]).output, mode: 0o600)
    let list = names.enumerated().map { "{ \"name\": \"\($1)\", \"address\": \"10.77.0.\($0 + 1):7400\" }" }
    let backends = HistoryDoor.backends.map { "\"\($0)\"" }
    try folder.write(
      "fleet.json",
      """
      { "fleet": { "name": "edge", "nodes": [\(list.joined(separator: ", "))], "key": "\(folder.path)/key",
          "engine": { "type": "embedded", "preview": true }, "data": "\(folder.path)/${MARTLET_NODE}/data" },
        "admin": { "socket": "\(folder.path)/${MARTLET_NODE}.sock", "state": "\(folder.path)/${MARTLET_NODE}/state" },
        "workers": 1, "listeners": [{ "name": "web", "bind": ":80", "pool": "web" }],
        "pools": [{ "name": "web", "backends": [\(backends.joined(separator: ", "))], "health": { "type": "none" } }] }
      """)
    for name in names { try start(name) }
  }

  deinit {
    for node in nodes.values {
      node.send(SIGCONT)
      node.kill()
    }
  }

  // MARK: What happens to it

  /// Whether a node's process is there, and hasn't ended by itself.
  func isRunning(_ name: String) -> Bool { nodes[name].map { !$0.hasEnded } ?? false }

  /// Whether a node has the former program from its next start on.
  func hasFormer(_ name: String) -> Bool { former.contains(name) }

  func changeProgram(of name: String) { former.formSymmetricDifference([name]) }

  private func program(of name: String) -> String {
    former.contains(name) ? HistoryUpgrades.former ?? MartletProgram.path : MartletProgram.path
  }

  func start(_ name: String) throws {
    doors.starts(name)
    let place = names.firstIndex(of: name) ?? 0
    nodes[name] = try Subprocess(
      "nsenter",
      [
        "--net=\(network.nodes[place].path)", "--mount=\(disks.path)", program(of: name), "run",
        "\(folder.path)/fleet.json",
      ],
      environment: ["MARTLET_NODE": name])
  }

  func kill(_ name: String) {
    guard let node = nodes.removeValue(forKey: name) else { return }
    node.kill()
    logs.append((names.firstIndex(of: name) ?? 0, doors.run(of: name), node.text(of: .errors)))
  }

  func signal(_ name: String, _ signal: Int32) { nodes[name]?.send(signal) }

  func fillDisk(of name: String) throws { try disks.fill("\(folder.path)/\(name)/data") }

  func emptyDisk(of name: String) throws { try disks.empty("\(folder.path)/\(name)/data") }

  // MARK: What it says

  /// What a node's present process has logged.
  func log(of name: String) -> String { nodes[name]?.text(of: .errors) ?? "" }

  /// What each process has told that it took up, of those that have ended and those that haven't.
  var learned: [History.Learned] {
    let present = names.enumerated().map { ($0, doors.run(of: $1), log(of: $1)) }
    return (logs + present).flatMap { History.Learned.all(in: $2, node: $0, run: $1) }
  }

  /// All lines that tell of what mustn't be, whichever process has written them.
  var complaints: [String] {
    (logs.map(\.text) + names.map { log(of: $0) }).flatMap { text in
      text.split(separator: "\n").filter { line in
        ["Fatal error", "Sanitizer", "can't be read", "takes no part"].contains { line.contains($0) }
      }.map(String.init)
    }
  }

  struct Status: Decodable, Equatable {
    struct Node: Decodable, Equatable {
      var name: String
      var present: Bool
      var generation: Int?
      var position: Int?
    }
    struct Log: Decodable, Equatable { var live: Bool }
    struct Forms: Decodable, Equatable { var inUse: Int, heldBackBy: [String] }
    var generation: Int
    var log: Log
    var nodes: [Node]
    var forms: Forms?
  }

  func status(of name: String) -> Status? {
    let line = try? AdminLine(to: doors.path(of: name), limit: .seconds(3))
    guard let (code, body) = try? line?.ask("GET", "/v1/fleet"), code == 200 else { return nil }
    return try? JSONDecoder().decode(Status.self, from: Data(body))
  }

  /// Waits until all nodes are there, have a configuration, and say that they have all of one log.
  func waitUntilOne(limit: Duration) throws {
    try waitUntil("all nodes agree: \(names.map { status(of: $0).map { "\($0)" } ?? "no answer" })", limit: limit) {
      names.allSatisfy { name in
        guard let status = status(of: name), status.log.live, status.generation > 0 else { return false }
        return status.nodes.allSatisfy { $0.present && $0.generation == status.generation }
          && Set(status.nodes.map(\.position)).count == 1
      }
    }
  }
}
