/// Makes a draft of nginx's stream.
struct NginxTranslator {
  var ledger = Ledger()
  /// The whole draft, whose keys are added as they're found.
  var draft = Draft.object()
  /// What stands in the stream block.
  let stream: [Statement]
  let file: [Statement]
  /// The pools so far, each with the upstream or address that it's for.
  var pools: [(target: String, draft: Draft)] = []
  var poolNames = DraftNames()
  var listenerNames = DraftNames()

  static func translate(_ file: [Statement]) -> (Draft, Ledger) {
    var translator = NginxTranslator(file)
    translator.translate()
    return (translator.draft, translator.ledger)
  }

  private init(_ file: [Statement]) {
    self.file = file
    let blocks = file.filter { $0.keyword == "stream" }.flatMap { $0.block ?? [] }
    // A file that is included in a stream block has its servers at the top.
    let isPart = file.contains { $0.keyword == "server" && ($0.block ?? []).contains { $0.keyword == "proxy_pass" } }
    stream = blocks.isEmpty && isPart ? file : blocks
  }

  private mutating func translate() {
    for statement in file where statement.keyword == "worker_processes" { workers(statement) }
    translateResolver()
    var listeners: [Draft] = []
    for statement in stream where statement.keyword == "server" && statement.block != nil {
      ledger.translate(statement)
      listeners += self.listeners(of: NginxServer(statement: statement, around: stream))
    }
    translateLog()
    if !listeners.isEmpty { draft["listeners"] = .list(listeners) }
    if !pools.isEmpty { draft["pools"] = .list(pools.map(\.draft)) }
    settleRest()
  }

  /// Settles the directives of a name that hold in a server, and gives the last one.
  mutating func take(_ server: NginxServer, _ name: String) -> Statement? {
    let found = server.all(name)
    for statement in found { ledger.translate(statement) }
    return found.last
  }

  /// The time that such a directive has, or a usual one.
  mutating func time(_ server: NginxServer, _ name: String, _ usual: Duration) -> (duration: Duration, line: Int?) {
    guard let statement = take(server, name) else { return (usual, nil) }
    guard let time = statement.arguments.first.flatMap({ NginxTime.read($0) }) else {
      ledger.refuse(statement, nil, "this is no time")
      return (usual, nil)
    }
    return (time, statement.line)
  }

  /// Whether such a directive is on.
  mutating func isOn(_ server: NginxServer, _ name: String) -> Bool { take(server, name)?.arguments.first == "on" }

  private mutating func workers(_ statement: Statement) {
    let word = statement.arguments.first ?? ""
    guard word != "auto" else { return ledger.leaveOut(statement, nil, "it's the default: a worker for each core") }
    guard let count = Int(word), (1...256).contains(count) else {
      return ledger.refuse(statement, nil, "there can be 1…256 workers")
    }
    ledger.translate(statement)
    draft["workers"] = .number(count).from(statement.line)
  }

  // MARK: - Names

  private mutating func translateResolver() {
    guard let statement = stream.last(where: { $0.keyword == "resolver" }) else { return }
    var resolver = Draft.object(line: statement.line)
    var servers: [String] = []
    for word in statement.arguments {
      let parts = word.split(separator: "=", maxSplits: 1)
      switch (parts.count, parts.first ?? "") {
      case (1, _): servers.append(word)
      case (2, "valid"): resolver["interval"] = NginxTime.read(String(parts[1])).map { .duration($0) }
      case (2, "ipv6") where parts[1] == "off": resolver["family"] = .text("ipv4")
      case (2, "ipv4") where parts[1] == "off": resolver["family"] = .text("ipv6")
      case (2, "status_zone"): break
      default: ledger.refuse(statement, word, "there's nothing like it here")
      }
    }
    ledger.translate(statement)
    resolver["nameservers"] = .texts(servers)
    if let timeout = stream.last(where: { $0.keyword == "resolver_timeout" }) {
      ledger.translate(timeout)
      resolver["timeout"] = timeout.arguments.first.flatMap { NginxTime.read($0) }.map {
        Draft.duration($0).from(timeout.line)
      }
    }
    draft["resolver"] = resolver
  }

  // MARK: - Logs

  /// The one of the stream is the file's; those of servers are their listeners'.
  private mutating func translateLog() {
    for statement in stream where statement.keyword == "access_log" && draft["accessLog"] == nil {
      if let log = log(statement) { draft["accessLog"] = log }
    }
  }

  /// Where lines go, as an access log; nil if that can't be said or there's none.
  mutating func log(_ statement: Statement) -> Draft? {
    let place = statement.arguments.first ?? ""
    if place == "off" {
      ledger.translate(statement)
      return nil
    }
    for word in statement.arguments.dropFirst() where word.hasPrefix("if=") {
      ledger.refuse(statement, word, "what is logged goes by \"only\" and \"sample\"")
    }
    var text: String?
    if place.hasPrefix("/"), !place.contains("$") { text = place == "/dev/stdout" ? "stdout" : place }
    if place.hasPrefix("syslog:") {
      let server =
        place.dropFirst(7).split(separator: ",").first { $0.hasPrefix("server=") }?.dropFirst(7).description ?? ""
      text = server.hasPrefix("unix:") ? "syslog:\(server)" : "syslog:\(NginxAddress.server(server) ?? "\(server):514")"
    }
    guard let text else {
      ledger.refuse(statement, nil, "lines go to a file by its path from the root, to syslog or to stdout")
      return nil
    }
    ledger.translate(statement)
    var log = Draft.object(
      line: statement.line, "From access_log, line \(statement.line); fields have other names here.")
    log["to"] = .text(text)
    return log
  }

  // MARK: - The rest

  private mutating func settleRest() {
    for statement in file where statement.keyword == "stream" { ledger.translate(statement) }
    for statement in file where !ledger.isSettled(statement) { settle(statement) }
    for statement in stream where !ledger.isSettled(statement) { settle(statement) }
    for statement in stream where statement.keyword == "server" {
      for inner in statement.block ?? [] where !ledger.isSettled(inner) { settle(inner) }
    }
  }

  private mutating func settle(_ statement: Statement) {
    if let reason = NginxIdle.reason(statement) {
      ledger.settleWhole(statement, .leftOut, reason)
    } else if statement.keyword == "http" || statement.keyword == "mail" {
      ledger.settleWhole(statement, .untranslated, "requests aren't looked at here; what relays TCP is in stream")
    } else if statement.keyword == "include" {
      let isOfModules = statement.words.contains { $0.contains("modules") }
      if isOfModules { return ledger.leaveOut(statement, nil, "there are no modules to load") }
      ledger.refuse(statement, nil, "what is in that file isn't here: `nginx -T` writes all of them as one")
    } else if NginxIdle.known.contains(statement.keyword) {
      ledger.settleWhole(statement, .leftOut, "no server that is translated uses it")
    } else {
      ledger.settleWhole(statement, .untranslated, "there's nothing like it here")
    }
  }
}
