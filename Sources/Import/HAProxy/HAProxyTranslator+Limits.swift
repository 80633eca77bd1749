// How long a pool's connects and sessions may take, and what its servers say of it together.

extension HAProxyTranslator {
  /// Connects, tries and queues.
  mutating func connects(of section: HAProxySection, _ servers: [HAProxyServer], _ pool: inout Draft) {
    let connect = time(section, "connect")
    // Retries go to the same server there, and the last one elsewhere if it's to be; here each goes to another one.
    let retries = take(section, "retries").flatMap { line in line.arguments.first.flatMap { Int($0) }.map { ($0, line) }
    }
    var object = Draft.object(line: connect?.line.line ?? retries?.1.line)
    let attempts = min(max((retries?.0 ?? 3) + 1, 1), 16)
    if let connect {
      let timeout = min(max(connect.duration, .milliseconds(1)), .seconds(3600))
      object["timeout"] = .duration(timeout)
      object["deadline"] = .duration(min(timeout * attempts, .seconds(3600)))
    }
    object["attempts"] = .number(attempts)
    pool["connect"] = object
    let queue = time(section, "queue")
    guard servers.contains(where: { $0.value("maxconn").flatMap { Int($0) } ?? 0 > 0 }) else { return }
    var waiting = Draft.object(line: queue?.line.line)
    waiting["size"] = .number(100_000)
    if let time = queue ?? connect {
      waiting["timeout"] = .duration(min(max(time.duration, .milliseconds(1)), .seconds(3600)))
    }
    pool["queue"] = waiting
  }

  /// Silence: of a timeout for clients and one for servers the shorter one ends a session, unless there's one for both.
  mutating func timeouts(of section: HAProxySection, _ pool: inout Draft) {
    let users = users(of: section)
    let tunnel = time(section, "tunnel")
    let idle = shortest(section, users, "client", "server")
    let ended = shortest(section, users, "client-fin", "server-fin")
    var object = Draft.object()
    func limited(_ duration: Duration) -> Duration { min(max(duration, .milliseconds(10)), .seconds(2_592_000)) }
    if let time = tunnel ?? idle {
      object["idle"] = .duration(limited(time.duration)).from(time.line.line)
    } else {
      object["idle"] = .text("unlimited")
      object.comments.append("No timeout ended a silent session; think of one.")
    }
    object["halfClosed"] = .duration(limited((ended ?? idle ?? tunnel)?.duration ?? .seconds(2_592_000)))
      .from((ended ?? idle ?? tunnel)?.line.line)
    pool["timeouts"] = object
  }

  private mutating func shortest(
    _ section: HAProxySection, _ users: [HAProxySection], _ client: String, _ server: String
  ) -> (duration: Duration, line: Statement)? {
    var found: (duration: Duration, line: Statement)?
    let times = users.compactMap { time($0, client) }
    if let first = times.map(\.duration).min() {
      for time in times where time.duration != first {
        ledger.refuse(
          time.line, nil,
          "a pool has one time for all who come to it: that of another frontend holds, \(first.configured)")
      }
      found = times.first { $0.duration == first }
    }
    if let time = time(section, server), time.duration < found?.duration ?? .seconds(Int64.max / 2) { found = time }
    return found
  }

  /// What each server may have of its own there, and all of a pool have in common here.
  mutating func agreed(_ section: HAProxySection, _ servers: [HAProxyServer], _ pool: inout Draft) {
    if let start = agreed(servers, "slowstart"), let time = HAProxyTime.read(start.value) {
      pool["slowStart"] = .duration(min(time, .seconds(3600))).from(start.line.line)
    }
    if let down = agreed(servers, "on-marked-down"), down.value == "shutdown-sessions" {
      pool["onDown"] = .text("close").from(down.line.line)
    }
    if let observe = agreed(servers, "observe") {
      if observe.value == "layer4" {
        var ejection = Draft.object(line: observe.line.line)
        ejection["failures"] = .number(agreed(servers, "error-limit").flatMap { Int($0.value) } ?? 10)
        pool["ejection"] = ejection
      } else {
        ledger.refuse(observe.line, "observe \(observe.value)", "answers aren't looked at here")
      }
    }
    agent(servers, &pool)
    guard let line = take(section, "source") else { return }
    let options = HAProxyServer.options(line.arguments.dropFirst(), on: line)
    if let source = source(line.arguments.first ?? "", options.last { $0.name == "usesrc" }?.values.first, on: line) {
      pool["source"] = source
    }
    if let name = options.last(where: { $0.name == "interface" })?.values.first {
      pool["interface"] = .text(name).from(line.line)
    }
  }

  /// The value that the first server has that has one; others have to have the same.
  mutating func agreed(_ servers: [HAProxyServer], _ name: String) -> (value: String, line: Statement)? {
    let found = servers.compactMap { $0.last(name) }.compactMap { option in
      option.values.first.map { (value: $0, line: option.line) }
    }
    guard let first = found.first else { return nil }
    for other in found where other.value != first.value {
      ledger.refuse(other.line, "\(name) \(other.value)", "a pool has one for all its backends: \(first.value) holds")
    }
    return first
  }

  private mutating func agent(_ servers: [HAProxyServer], _ pool: inout Draft) {
    guard servers.contains(where: { $0.has("agent-check") }), let port = agreed(servers, "agent-port") else { return }
    var agent = Draft.object(line: port.line.line)
    agent["port"] = .number(Int(port.value) ?? 0)
    if let time = agreed(servers, "agent-inter").flatMap({ HAProxyTime.read($0.value) }) {
      agent["interval"] = .duration(time)
    }
    if let text = agreed(servers, "agent-send") { agent["send"] = .text(text.value) }
    pool["agent"] = agent
  }

  /// A table of clients' addresses, by which they come back to the server that they had.
  mutating func stick(of section: HAProxySection, _ pool: inout Draft) {
    let rules = section.all("stick")
    guard let table = section.last("stick-table") else {
      for line in rules {
        ledger.refuse(line, nil, "the table is another proxy's; \"stick\": {} keeps one for each pool")
      }
      return
    }
    guard rules.contains(where: { $0.words == ["stick", "on", "src"] }) else {
      for line in rules + [table] {
        ledger.refuse(line, nil, "clients can be known by their addresses; for what tables count there are \"limits\"")
      }
      return
    }
    for line in rules {
      if line.words == ["stick", "on", "src"] {
        ledger.translate(line)
      } else {
        ledger.refuse(line, nil, "clients are known by their addresses alone")
      }
    }
    ledger.translate(table)
    var object = Draft.object(line: table.line)
    var rest = table.arguments
    // What isn't given never ends there.
    object["for"] = .text("30d")
    while let word = rest.popFirst() {
      switch word {
      case "type":
        if let type = rest.popFirst(), !["ip", "ipv4", "ipv6"].contains(type) {
          ledger.refuse(table, "type \(type)", "clients are known by their addresses")
        }
      case "size":
        object["size"] = rest.popFirst().flatMap { Self.size($0) }.map { .number(min(max($0, 1), 10_000_000)) }
      case "expire":
        if let time = rest.popFirst().flatMap({ HAProxyTime.read($0) }) {
          object["for"] = .duration(min(max(time, .seconds(1)), .seconds(2_592_000)))
        }
      case "nopurge": ledger.leaveOut(table, word, "whom the pool had seen the longest ago makes room")
      case "peers":
        _ = rest.popFirst()
        ledger.refuse(table, word, "tables are shared in a fleet: see \"fleet\"")
      default:
        _ = rest.popFirst()
        ledger.refuse(table, word, "for what tables count there are \"limits\"")
      }
    }
    pool["stick"] = object
  }

  private static func size(_ text: String) -> Int? {
    let digits = text.prefix { $0.isNumber }
    let factors: [String: Int] = ["": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30]
    guard let number = Int(digits), number < 1 << 32, let factor = factors[text.dropFirst(digits.count).lowercased()]
    else { return nil }
    return number * factor
  }
}
