internal import Sockets

// What holds for the whole process.

extension HAProxyTranslator {
  mutating func translateGlobal() {
    let lines = file.filter { $0.keyword == "global" }.flatMap { $0.block ?? [] }
    for line in lines where line.keyword == "nbthread" {
      guard let count = line.arguments.first.flatMap({ Int($0) }), (1...256).contains(count) else {
        ledger.refuse(line, nil, "there can be 1…256 workers")
        continue
      }
      ledger.translate(line)
      draft["workers"] = .number(count).from(line.line)
    }
    translateLog(lines.filter { $0.keyword == "log" })
  }

  /// The most sessions that the process may have, with its line.
  var processLimit: (count: Int, line: Statement)? {
    let lines = file.filter { $0.keyword == "global" }.flatMap { $0.block ?? [] }
    guard let line = lines.last(where: { $0.keyword == "maxconn" }),
      let count = line.arguments.first.flatMap({ Int($0) })
    else { return nil }
    return (count, line)
  }

  /// The first place where sessions are logged is the access log's.
  private mutating func translateLog(_ lines: [Statement]) {
    let users = sections.filter { $0.takesClients && $0.option("tcplog") != nil && $0.last("no", "log") == nil }
    let logsGlobally = users.contains { section in section.all("log").contains { $0.arguments.first == "global" } }
    let own = users.flatMap { $0.all("log") }.filter { $0.arguments.first != "global" }
    for line in (logsGlobally ? lines : []) + own where !ledger.isSettled(line) {
      let level = logLevel(of: line)
      guard ["info", "debug", nil].contains(level) else {
        ledger.leaveOut(line, nil, "no session is logged at the level \(level ?? "")")
        continue
      }
      guard let place = logPlace(line.arguments.first ?? "") else {
        ledger.refuse(line, nil, "lines go to syslog by UDP or at a Unix socket, or to stdout")
        continue
      }
      if let before = draft["accessLog"] {
        if before["to"] != .text(place) {
          ledger.refuse(line, nil, "there's one place for lines; a listener can have another")
        }
        ledger.translate(line)
        continue
      }
      ledger.translate(line)
      var log = Draft.object(
        line: line.line, "From log, line \(line.line); fields have other names, and the facility is local0.")
      log["to"] = .text(place)
      if place.hasPrefix("syslog:") == false { log["format"] = .text("text") }
      if users.allSatisfy({ $0.option("dontlog-normal") != nil }) { log["only"] = .texts(["failed"]) }
      draft["accessLog"] = log
    }
    for line in users.flatMap({
      $0.all("option", "tcplog") + $0.all("option", "dontlog-normal") + $0.all("log", "global")
    })
    where draft["accessLog"] != nil {
      ledger.translate(line)
    }
    // Logs of the process itself go to where its standard error goes.
    for line in lines + sections.flatMap({ $0.all("log") }) where !ledger.isSettled(line) {
      ledger.leaveOut(
        line, nil, "the process logs to its standard error; sessions are logged where \"option tcplog\" is")
    }
  }

  /// The lowest level that is logged: the last word but the options before the facility.
  private func logLevel(of line: Statement) -> String? {
    let levels: Set = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]
    return line.arguments.first { levels.contains($0) }
  }

  private func logPlace(_ address: String) -> String? {
    if address == "stdout" { return "stdout" }
    switch HAProxyAddress(address.hasPrefix("udp@") ? String(address.dropFirst(4)) : address) {
    case .unix(let path): return "syslog:unix:\(path)"
    case .ip(let ip?, let port): return HAProxyAddress.ip(ip, port: port).text(port: "514").map { "syslog:\($0)" }
    default: return nil
    }
  }

  // MARK: - Names

  /// The first section of resolvers that a server uses is the resolver.
  mutating func translateResolvers() {
    let used = Set(
      sections.flatMap(\.lines).flatMap { line in
        zip(line.words, line.words.dropFirst()).filter { $0.0 == "resolvers" }.map(\.1)
      })
    for statement in file where statement.keyword == "resolvers" {
      guard let name = statement.arguments.first, used.contains(name) else {
        ledger.settleWhole(statement, .leftOut, "no server that is translated uses it")
        continue
      }
      guard draft["resolver"] == nil else {
        ledger.settleWhole(statement, .untranslated, "there's one resolver for all names")
        continue
      }
      ledger.translate(statement)
      resolver(statement)
    }
  }

  private mutating func resolver(_ statement: Statement) {
    var resolver = Draft.object(
      line: statement.line, "resolvers \(statement.words.dropFirst().first ?? ""), line \(statement.line)")
    var servers: [Draft] = []
    for line in statement.block ?? [] {
      switch (line.keyword, line.words.dropFirst().first ?? "") {
      case ("nameserver", _):
        guard line.words.count == 3, let address = nameserver(line.words[2]) else {
          ledger.refuse(line, nil, "name servers have IP addresses, and are asked by UDP first")
          continue
        }
        ledger.translate(line)
        servers.append(.text(address).from(line.line))
      case ("parse-resolv-conf", _):
        ledger.leaveOut(line, nil, "without name servers here those of resolv.conf are asked")
      case ("hold", "valid"), ("timeout", "retry"):
        guard line.words.count == 3, let time = HAProxyTime.read(line.words[2]) else {
          ledger.refuse(line, nil, "this is no time")
          continue
        }
        ledger.translate(line)
        resolver[line.keyword == "hold" ? "interval" : "timeout"] = .duration(time).from(line.line)
      default: break
      }
    }
    if !servers.isEmpty { resolver["nameservers"] = .list(servers) }
    if resolver != Draft.object(line: resolver.line, resolver.comments.first ?? "") { draft["resolver"] = resolver }
  }

  private func nameserver(_ text: String) -> String? {
    let plain = text.hasPrefix("udp@") ? String(text.dropFirst(4)) : text
    guard !plain.hasPrefix("tcp@"), case .ip(.some, _) = HAProxyAddress(plain) else { return nil }
    return HAProxyAddress(plain).text(port: "53")
  }
}
