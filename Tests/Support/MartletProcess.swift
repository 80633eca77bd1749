import FoundationEssentials
import Glibc

/// The proxy as a program of its own, started with a configuration and looked at through its stats port.
///
/// Listeners are bound to port 0, and the stats port to a Unix socket in a folder of its own, so nothing collides with
/// anything.
package final class MartletProcess {
  /// The program while it runs, with what it logs.
  package let program: Subprocess
  package let folder: TemporaryFolder
  /// Its stats port.
  package let statsTarget: Target
  /// The key that every configuration for it has.
  package let statsKeys: String

  /// Starts it, and waits until it answers.
  ///
  /// - Parameters:
  ///   - keys: the configuration without its braces, and without "stats".
  ///   - port: the port of 127.0.0.1 for the stats; nil for a Unix socket.
  ///   - descriptors: what to set its limit of descriptors to; nil leaves it.
  ///   - wrapper: a command that runs it, in place of itself.
  package init(
    _ keys: String, stats port: UInt16? = nil, descriptors: Int? = nil, environment more: [String: String] = [:],
    wrapper: [String] = []
  ) throws {
    folder = try TemporaryFolder()
    let socket = folder.path + "/stats"
    statsTarget = port.map { .local($0) } ?? .unix(socket)
    let bind = port.map { "127.0.0.1:\($0)" } ?? "unix:\(socket)"
    statsKeys = "\"stats\": \"\(bind)\""
    let file = try folder.write("martlet.json", "{ \(keys), \(statsKeys) }")
    // The admin socket and the state are in the folder, too.
    let environment = ["XDG_RUNTIME_DIR": folder.path, "XDG_STATE_HOME": folder.path].merging(more) { $1 }
    program =
      if let descriptors {
        try Subprocess(
          "sh", ["-c", "ulimit -n \(descriptors); exec \(MartletProgram.path) run --config \(file)"],
          environment: environment)
      } else if let first = wrapper.first {
        try Subprocess(
          first, wrapper.dropFirst() + [MartletProgram.path, "run", "--config", file], environment: environment)
      } else {
        try MartletProgram.start(["run", "--config", file], environment: environment)
      }
    try Support.waitUntil("martlet answers on its stats port", limit: .seconds(15)) {
      if program.hasEnded { throw Failure("martlet ended: \(log)") }
      return (try? get("/healthz"))?.status == 200
    }
  }

  /// Writes another configuration to its file, without telling it.
  package func configure(_ keys: String) throws {
    _ = try folder.write("martlet.json", "{ \(keys), \(statsKeys) }")
  }

  /// Where its configuration is.
  package var configurationFile: String { folder.path + "/martlet.json" }

  /// Everything that it has written.
  package var log: String { program.text(of: .output) + program.text(of: .errors) }

  /// The port of the listener, or of the only one.
  package func port(_ listener: String? = nil) throws -> UInt16 {
    let listeners = try report().listeners
    guard let found = listeners.first(where: { listener == nil || $0.name == listener }),
      let port = found.bind.split(separator: ":").last.flatMap({ UInt16($0) })
    else { throw Failure("no port of \(listener ?? "a listener") among \(listeners.map(\.bind))") }
    return port
  }

  /// What it tells about itself.
  package func report() throws -> StatsReport {
    let answer = try get("/stats.json")
    return try JSONDecoder().decode(StatsReport.self, from: Data(answer.body.utf8))
  }

  /// Asks the stats port.
  package func get(_ path: String) throws -> (status: Int, body: String) {
    let socket: ClientSocket
    do throws(ClientError) {
      socket = try ClientSocket(statsTarget, limit: .seconds(5))
    } catch {
      // Another process may serve in its place.
      if program.hasEnded { throw Failure("martlet has ended (\(try program.wait())): \(log.suffix(4000))") }
      throw error
    }
    try socket.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    let answer = try HTTPAnswer(socket.receiveAll())
    return (answer.status, answer.body)
  }

  /// Waits until the report is as wanted, and gives it.
  @discardableResult
  package func waitUntil(
    _ what: @autoclosure () -> String, limit: Duration = .seconds(10), _ isSo: (StatsReport) throws -> Bool
  ) throws -> StatsReport {
    var last: StatsReport?
    do {
      try Support.waitUntil(what(), limit: limit) {
        let report = try report()
        last = report
        return try isSo(report)
      }
    } catch let failure as Failure {
      let states = last?.pools.flatMap(\.backends).map { "\($0.name) \($0.state) (\($0.reason))" } ?? []
      throw Failure("\(failure)\n\(states)\n\(log.suffix(4000))")
    }
    guard let last else { throw Failure("no report") }
    return last
  }

  /// Waits until every backend was checked at least once and is up.
  package func waitUntilAllUp() throws {
    try waitUntil("all backends are up") { $0.pools.flatMap(\.backends).allSatisfy { $0.state == "up" } }
  }

  /// Ends it as an operator would, and gives how it ended.
  package func stop(_ signal: Int32 = SIGTERM, limit: Duration = .seconds(10)) throws -> Subprocess.Exit {
    program.send(signal)
    return try program.wait(limit: limit)
  }
}

/// The documented part of /stats.json that tests look at; what is missing in an answer makes reading it fail.
package struct StatsReport: Decodable {
  package struct Process: Decodable {
    package let pid: Int32
    package let rssBytes, openDescriptors, descriptorLimit, sessionLimit: Int
    package let cpuSeconds: Double
  }

  package struct Sessions: Decodable {
    package let active, total: Int
  }

  package struct Bytes: Decodable {
    package let toBackend, toClient: Int
  }

  package struct Worker: Decodable {
    package let index, accepted: Int
    package let sessions: Sessions
  }

  package struct Listener: Decodable {
    package let name, bind, state: String
    package let pool: String?
    package let sessions: Sessions
    package let accepted: Int
    package let refused: [String: Int]
    package let bytes: Bytes
  }

  package struct Connect: Decodable {
    package let attempts, retries: Int
    package let failures: [String: Int]
  }

  package struct Check: Decodable {
    package let lastResult, lastTime: String?
    package let certificate: Certificate?
  }

  package struct Certificate: Decodable {
    package let names, issuer: String
  }

  package struct Agent: Decodable {
    package let says, trouble: String?
  }

  package struct Backend: Decodable {
    package let check: Check?
    package let agent: Agent?
    package let name, address, state, reason, since, health: String
    package let tier: Int
    package let effectiveWeight: Double
    package let sessions: Sessions
    package let bytes: Bytes
    package let connect: Connect
    package let closes: [String: Int]
  }

  package struct Pool: Decodable {
    package let name, state: String
    package let sessions: Sessions
    package let bytes: Bytes
    package let refused: [String: Int]
    package let retries: Int
    package let tiersActive: [Int]
    package let backends: [Backend]
  }

  package struct Transition: Decodable {
    package let backend, from, to, reason, cause: String
  }

  package let version: String
  package let generation: Int
  package let process: Process
  package let workers: [Worker]
  package let listeners: [Listener]
  package let pools: [Pool]
  package let transitions: [Transition]

  /// The backend of that name, in whatever pool it is first.
  package func backend(_ name: String) throws -> Backend {
    guard let found = pools.lazy.flatMap(\.backends).first(where: { $0.name == name }) else {
      throw Failure("no backend \(name)")
    }
    return found
  }

  /// The first pool: in most tests the only one.
  package func pool() throws -> Pool {
    guard let first = pools.first else { throw Failure("no pool") }
    return first
  }
}
