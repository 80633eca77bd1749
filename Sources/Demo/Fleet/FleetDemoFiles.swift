import FoundationEssentials
import Glibc
import Sockets
import SystemPackage

/// The folder in which the demo of a fleet has its files, and what is written there.
struct FleetDemoFiles: Sendable {
  /// The folder's path.
  let folder: String

  /// The nodes' names, in the order of their machines.
  static let names = ["lb1", "lb2", "lb3"]

  /// Where a node listens for who wants to look at it.
  func socket(of name: String) -> String { "\(folder)/\(name).sock" }
  /// What a node logs.
  func log(of name: String) -> String { "\(folder)/\(name).log" }
  /// The configuration that all nodes begin with.
  var configuration: String { "\(folder)/fleet.json" }
  /// The one that is rolled out.
  var next: String { "\(folder)/next.json" }
  /// The nodes' key.
  var key: String { "\(folder)/fleet.key" }

  /// Makes a folder of that kind for this process's user alone.
  static func make() throws(FleetDemoProblem) -> FleetDemoFiles {
    let folder = FileManager.default.temporaryDirectory.path + "/martlet-demo-" + UUID().uuidString
    // It fails where somebody else has one of that name.
    guard unsafe mkdir(folder, 0o700) == 0 else {
      throw .failed("no folder for the demo's files: \(Errno(rawValue: errno))")
    }
    return FleetDemoFiles(folder: folder)
  }

  /// Takes it away, with all that is in it.
  func remove() {
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Makes a folder in it.
  func makeFolder(_ name: String) throws(FleetDemoProblem) {
    guard unsafe mkdir("\(folder)/\(name)", 0o700) == 0 else {
      throw .failed("\(folder)/\(name): \(Errno(rawValue: errno))")
    }
  }

  /// Opens a file that somebody writes to, who closes it.
  func open(_ path: String) throws(FleetDemoProblem) -> Int32 {
    let descriptor = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .failed("\(path): \(Errno(rawValue: errno))") }
    return descriptor
  }

  /// Writes a whole file.
  func write(_ text: String, to path: String) throws(FleetDemoProblem) {
    let descriptor = try open(path)
    defer { _ = close(descriptor) }
    let bytes = Array(text.utf8)
    guard unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
      throw .failed("\(path) can't be written")
    }
  }

  /// The last line of a file.
  static func lastLine(of path: String) -> String? {
    SmallFile.read(path)?.split(separator: "\n").last.map(String.init)
  }

  /// What each node has logged last.
  var lastWords: [String] {
    Self.names.compactMap { name in Self.lastLine(of: log(of: name)).map { "\(name): \($0)" } }
  }

  // MARK: What is in them

  /// The nodes' configuration: an address that floats, and a listener at it.
  ///
  /// - Parameters:
  ///   - backends: where the backends are.
  ///   - port: one more port that each node listens at, at its own address.
  func configuration(backends: [SocketAddress], port: UInt16? = nil) -> String {
    let nodes = Self.names.enumerated().map { machine, name in
      "{ \"name\": \"\(name)\", \"address\": \"\(FleetDemoNetwork.address(of: machine)):7400\" }"
    }
    let more = port.map { ",\n    { \"name\": \"more\", \"bind\": \"0.0.0.0:\($0)\", \"pool\": \"web\" }" } ?? ""
    return """
      {
        "fleet": {
          "name": "demo",
          "nodes": [\(nodes.joined(separator: ", "))],
          "engine": { "type": "embedded", "preview": true },
          "key": "\(key)",
          "data": "\(folder)/${MARTLET_NODE}",
          "addresses": [{ "name": "web", "address": "\(FleetDemoNetwork.floating)", "interface": "eth0", "lease": "3s" }],
        },
        "listeners": [
          { "name": "web", "bind": "\(FleetDemoNetwork.floating):80", "pool": "web" }\(more)
        ],
        "pools": [{
          "name": "web",
          "backends": [\(backends.map { "\"\($0)\"" }.joined(separator: ", "))],
          "health": { "type": "http", "interval": "1s" },
        }],
        "workers": 1,
        "admin": { "socket": "\(folder)/${MARTLET_NODE}.sock", "state": "\(folder)/${MARTLET_NODE}/state" },
      }

      """
  }
}
