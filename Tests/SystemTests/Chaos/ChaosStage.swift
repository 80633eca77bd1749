import Foundation
import Glibc
import Support
import Testing

/// The proxy amid servers that misbehave, and an operator who does at random whatever can be done to it.
final class ChaosStage {
  let faults = Faults()
  let excuses = Excuses()
  let proxy: MartletProcess
  /// Those of the steady pool never misbehave and are only ever taken out gently; those of the wild one do anything, but
  /// for its first, which never does.
  let steady: [ChaosServer]
  let wild: [ChaosServer]
  let ports: (steady: UInt16, wild: UInt16, other: UInt16)
  /// What was done so often, for the closing line.
  private(set) var done: [String: Int] = [:]

  private var chance: Chance
  private var round = 0
  private var trail: [String] = []
  private static let began = ContinuousClock.now

  init(seed: UInt64, on stage: Stage) throws {
    chance = Chance(seed)
    let (faults, excuses) = (faults, excuses)
    func servers(_ numbers: Range<Int>) throws -> [ChaosServer] {
      try numbers.map { stage.keep(try ChaosServer($0, faults: faults, excuses: excuses)) }
    }
    (steady, wild) = (try servers(1..<5), try servers(5..<10))
    ports = (try FreePort.next(), try FreePort.next(), try FreePort.next())
    proxy = try stage.martlet(Self.keys(steady, wild, ports, round: 0, isWatching: false))
    try proxy.waitUntilAllUp()
  }

  /// What was done last, for who looks for the reason of a fault.
  var lastActions: String { trail.suffix(60).joined(separator: "\n") }

  private func note(_ action: String, _ outcome: String = "") {
    done[String(action.prefix { $0 != " " }), default: 0] += 1
    trail.append("\(ContinuousClock.now - Self.began): \(action) \(outcome.prefix(200))")
  }

  // MARK: Configurations

  private static func keys(
    _ steady: [ChaosServer], _ wild: [ChaosServer], _ ports: (steady: UInt16, wild: UInt16, other: UInt16), round: Int,
    isWatching: Bool
  ) -> String {
    func backends(_ servers: ArraySlice<ChaosServer>) -> String {
      servers.map {
        "{ \"name\": \"s\($0.number)\", \"address\": \"\($0.address)\", \"weight\": \(1 + (round * $0.number) % 4) }"
      }
      .joined(separator: ", ")
    }
    var listeners = [
      "{ \"name\": \"steady\", \"bind\": \"127.0.0.1:\(ports.steady)\", \"pool\": \"steady\" }",
      "{ \"name\": \"wild\", \"bind\": \"127.0.0.1:\(ports.wild)\", \"pool\": \"wild\" }",
    ]
    if round % 3 == 1 {
      listeners.append("{ \"name\": \"other\", \"bind\": \"127.0.0.1:\(ports.other)\", \"pool\": \"steady\" }")
    }
    if round % 2 == 1 { listeners.swapAt(0, 1) }
    let strategies = ["round-robin", "random", "least-connections", "source-hash"]
    let common = """
      "health": { "type": "tcp", "interval": "1s", "timeout": "1s", "rise": 1, "fall": 2, "fastInterval": "100ms", \
      "slowInterval": "1s" }, "slowStart": "300ms", "connect": { "attempts": 8, "deadline": "20s" }
      """
    return """
      "listeners": [\(listeners.joined(separator: ", "))], "reload": "\(isWatching ? "watch" : "signal")", \
      "shutdown": { "drain": "60s" }, "eviction": { "rate": 1000, "patience": "2s" }, "pools": [\
      { "name": "steady", "backends": [\(backends(steady.prefix(round % 4 == 3 ? 2 : 3)))], \
      "strategy": "\(strategies[round % strategies.count])", \(common) }, \
      { "name": "wild", "backends": [\(backends(wild.prefix(4)))], \
      "strategy": "\(strategies[(round / 2) % strategies.count])", "onDown": "\(round % 5 == 4 ? "close" : "keep")", \(common) }]
      """
  }

  private func keys() -> String {
    Self.keys(steady, wild, ports, round: round, isWatching: round % 2 == 0)
  }

  // MARK: Actions

  /// Asks the proxy; that nobody answers is allowed for the moments in which another process takes over.
  private func ask(_ method: String, _ path: String, _ body: String? = nil) {
    do {
      let (status, answer) = try proxy.admin(method, path, body)
      note("\(method) \(path)", "\(body ?? "") → \(status) \(status < 300 ? "" : answer)")
      if status >= 500, status != 503 { faults.add("\(method) \(path) \(body ?? ""): \(status) \(answer)") }
    } catch {
      note("\(method) \(path)", "\(body ?? "") → \(error)")
    }
  }

  private func override(_ pool: String, _ server: ChaosServer, _ action: String, _ more: String = "") {
    ask(
      "POST", "/v1/overrides",
      "{ \"pool\": \"\(pool)\", \"backend\": \"s\(server.number)\", \"action\": \"\(action)\"\(more) }")
  }

  /// The process that serves; nil in a moment in which none says so.
  private var pid: pid_t? {
    struct Status: Decodable {
      struct Process: Decodable { let pid: pid_t }
      let process: Process
    }
    return try? proxy.ask(Status.self, "GET", "/v1/status").process.pid
  }

  private func pick<Element>(_ list: some Collection<Element>) -> Element {
    guard let element = list.randomElement(using: &chance) else { preconditionFailure("nothing to pick from") }
    return element
  }

  /// Does something, at random.
  func act() throws {
    switch Int.random(in: 0..<100, using: &chance) {
    case 0..<22:
      let server = pick(wild.dropFirst())
      let mode: ChaosServer.Mode = server.current == .well ? pick([.dead, .stalled, .resetting]) : .well
      server.become(mode)
      note("\(mode)", "server \(server.number)")
    case 22..<36: overrideSteady()
    case 36..<44: overrideWild()
    case 44..<52: changeMembers()
    case 52..<66: try reload()
    case 66..<70:
      if let pid { kill(pid, SIGHUP) }
      note("SIGHUP")
    case 70..<73:
      try proxy.configure("\"listen\": \(round)")
      ask("POST", "/v1/reload", "{}")
      try proxy.configure(keys())
    case 73..<77: ask("POST", "/v1/upgrade", "{}")
    case 77: ask("POST", "/v1/upgrade", "{ \"program\": \"\(pick(["/bin/false", "/bin/cat", "/no/such/program"]))\" }")
    case 78..<80:
      if let pid { kill(pid, SIGUSR2) }
      note("SIGUSR2")
    case 80..<83: rebalance()
    default:
      let path = pick([
        "/v1/status", "/v1/config", "/v1/overrides", "/v1/history", "/v1/why?pool=wild", "/v1/sessions", "/v1/recent",
      ])
      ask("GET", path)
      let page = pick(["/", "/metrics", "/stats.json", "/readyz", "/healthz"])
      do {
        let status = try proxy.get(page).status
        note("page \(page)", "\(status)")
        if status != 200, page != "/readyz" { faults.add("\(page): \(status)") }
      } catch {
        faults.add("\(page): \(error)")
      }
    }
  }

  private func overrideSteady() {
    // One stays as it is, lest nobody be left.
    let server = pick(steady[1..<3])
    let lease = chance.once(in: 2) ? ", \"seconds\": \(Double.random(in: 0.1...2, using: &chance))" : ""
    switch Int.random(in: 0..<4, using: &chance) {
    case 0: override("steady", server, "drain", lease)
    case 1: override("steady", server, "weight", ", \"weight\": \"\(Int.random(in: 0...5, using: &chance))\"" + lease)
    case 2: override("steady", server, "ready")
    default: ask("DELETE", "/v1/overrides?pool=steady&backend=s\(server.number)")
    }
  }

  private func overrideWild() {
    let server = pick(wild[1..<4])
    if chance.once(in: 2) {
      excuses.begin(server.number)
      override("wild", server, "maintain", ", \"seconds\": \(Double.random(in: 0.1...2, using: &chance))")
      // What it ends, it ends within the patience; the excuse lasts a while longer than that.
      if server.current == .well || server.current == .stalled { excuses.end(server.number) }
    } else {
      override("wild", server, pick(["drain", "ready"]))
    }
  }

  /// Ends sessions in a pause between their bytes, though they'd have gone on.
  private func rebalance() {
    for server in wild { excuses.begin(server.number) }
    ask("POST", "/v1/rebalance", "{ \"pool\": \"wild\" }")
    for server in wild where server.current == .well || server.current == .stalled { excuses.end(server.number) }
  }

  private func changeMembers() {
    let (pool, server) = pick([("steady", steady[3]), ("wild", wild[4])])
    if chance.once(in: 2) {
      ask(
        "POST", "/v1/backends",
        "{ \"pool\": \"\(pool)\", \"address\": \"\(server.address)\", \"name\": \"s\(server.number)\" }")
    } else {
      ask("DELETE", "/v1/backends?pool=\(pool)&backend=s\(server.number)")
    }
  }

  private func reload() throws {
    round += 1
    try proxy.configure(keys())
    switch Int.random(in: 0..<4, using: &chance) {
    case 0: note("write")
    case 1: ask("POST", "/v1/reload", "{ \"confirm\": 1 }")
    case 2:
      ask("POST", "/v1/plan", "{}")
      fallthrough
    default: ask("POST", "/v1/reload", "{}")
    }
    if chance.once(in: 4) { ask("POST", pick(["/v1/confirm", "/v1/revert"])) }
  }

  // MARK: The end

  private func takeBackOverrides() {
    for server in steady + wild {
      let pool = server.number < 5 ? "steady" : "wild"
      _ = try? proxy.admin("DELETE", "/v1/overrides?pool=\(pool)&backend=s\(server.number)")
    }
  }

  /// Everybody behaves again, and the configuration is the first one.
  func calm() throws {
    for server in wild { server.become(.well) }
    // Whatever is under way ends first: a time to confirm, another process that takes over.
    try proxy.configure(Self.keys(steady, wild, ports, round: 0, isWatching: false))
    try Support.waitUntil("it takes the first configuration", limit: .seconds(60)) {
      takeBackOverrides()
      return (try? proxy.admin("POST", "/v1/reload", "{}").status) == 200
    }
    // An override of a backend that has just come back couldn't be called by its name before.
    takeBackOverrides()
    try proxy.waitUntil("everybody is well", limit: .seconds(30)) { report in
      report.pools.map(\.backends.count) == [3, 4] && report.pools.flatMap(\.backends).allSatisfy { $0.state == "up" }
    }
  }
}
