/// Makes a draft of HAProxy's sections.
struct HAProxyTranslator {
  var ledger = Ledger()
  /// The whole draft, whose keys are added as they're found.
  var draft = Draft.object()
  /// The proxies that relay TCP.
  let sections: [HAProxySection]
  let file: [Statement]
  /// What a backend or a listen is called as a pool, by its name.
  private(set) var pools: [String: String] = [:]
  var listenerNames = DraftNames()
  private var poolNames = DraftNames()

  static func translate(_ file: [Statement]) -> (Draft, Ledger) {
    var translator = HAProxyTranslator(file)
    translator.translate()
    return (translator.draft, translator.ledger)
  }

  private init(_ file: [Statement]) {
    self.file = file
    sections = HAProxySection.all(in: file).filter { $0.last("disabled") == nil && $0.otherMode == nil }
  }

  private mutating func translate() {
    for section in sections where section.hasServers && !section.servers.isEmpty {
      pools[section.name] = poolNames.unique(section.name)
    }
    translateGlobal()
    translateResolvers()
    for section in HAProxySection.all(in: file) { leaveOut(section) }
    var drafts: [Draft] = []
    for section in sections {
      guard let name = pools[section.name], section.hasServers else { continue }
      // Without a server that can be reached here nobody can be sent there.
      if let draft = pool(section, name) { drafts.append(draft) } else { pools[section.name] = nil }
    }
    var listeners: [Draft] = []
    for section in sections where section.takesClients { listeners += self.listeners(of: section) }
    if !listeners.isEmpty { draft["listeners"] = .list(listeners) }
    if !drafts.isEmpty { draft["pools"] = .list(drafts) }
    if listeners.isEmpty, !drafts.isEmpty {
      ledger.refuse(line: nil, "", "there is nowhere left where clients are accepted")
    }
    settleRest()
  }

  /// Settles all lines that begin so, and gives the one that holds.
  mutating func take(_ section: HAProxySection, _ words: String...) -> Statement? {
    let lines = section.lines.filter { $0.begins(with: words) }
    for line in lines { ledger.translate(line) }
    return lines.last
  }

  /// The time that such a line has. One of 0 is none, as is one that there isn't.
  mutating func time(_ section: HAProxySection, _ name: String) -> (duration: Duration, line: Statement)? {
    guard let line = take(section, "timeout", name) else { return nil }
    guard line.words.count == 3, let duration = HAProxyTime.read(line.words[2]) else {
      ledger.refuse(line, nil, "this is no time")
      return nil
    }
    return duration == .zero ? nil : (duration, line)
  }

  /// Whom clients of this proxy may come to, by the names of backends.
  func targets(of section: HAProxySection) -> [String] {
    var names = (section.all("use_backend") + [section.last("default_backend")].compactMap(\.self)).compactMap(
      \.arguments.first)
    if section.kind == .listen, !section.servers.isEmpty { names.append(section.name) }
    return names
  }

  /// The proxies whose clients come to a pool.
  func users(of pool: HAProxySection) -> [HAProxySection] {
    sections.filter { $0.takesClients && targets(of: $0).contains(pool.name) }
  }

  // MARK: - What isn't relayed

  private mutating func leaveOut(_ section: HAProxySection) {
    if let line = section.last("disabled") {
      ledger.translate(line)
      ledger.settleWhole(section.statement, .leftOut, "it's disabled")
    } else if let mode = section.otherMode {
      ledger.translate(mode)
      if section.isStatsPage { return translateStats(section) }
      ledger.settleWhole(
        section.statement, .untranslated,
        "mode \(mode.words.dropFirst().first ?? "")\(mode.line < section.statement.line ? " (line \(mode.line))" : ""): requests aren't looked at here; "
          + "what relays TCP has mode tcp")
    }
  }

  private mutating func translateStats(_ section: HAProxySection) {
    ledger.translate(section.statement)
    for bind in section.all("bind") {
      let address = bind.arguments.first.flatMap { HAProxyAddress($0).text() }
      guard let address, !bind.words.contains("ssl"), draft["stats"] == nil else {
        ledger.refuse(bind, nil, "there is one stats port, at an IP address, without TLS")
        continue
      }
      ledger.translate(bind)
      draft["stats"] = .text(address).from(
        bind.line, "The stats page, from \(section.kind.rawValue) \(section.name), line \(bind.line).")
    }
    for line in section.own where !ledger.isSettled(line) {
      if line.begins(with: ["stats", "auth"]) {
        ledger.refuse(
          line, "stats auth", "the stats port asks for no password: see to it that only the right ones reach it")
      } else {
        ledger.leaveOut(
          line, nil,
          "the page is at / and renews itself, for Prometheus there's /metrics, and `martlet` changes what runs")
      }
    }
  }

  /// What nobody has asked for.
  private mutating func settleRest() {
    for statement in file {
      switch statement.keyword {
      case "frontend", "backend", "listen", "global", "defaults", "resolvers":
        ledger.translate(statement)
        // What isn't TCP's has been said already.
        for line in statement.block ?? [] where line.keyword == "mode" { ledger.translate(line) }
      case "userlist", "cache", "http-errors", "fcgi-app", "crt-store", "traces", "log-profile":
        ledger.settleWhole(statement, .leftOut, "it's for HTTP or TLS, which aren't looked at here")
      case "mailers":
        ledger.settleWhole(statement, .leftOut, "alerts are Prometheus' here: see Packaging/monitoring")
      default:
        if !ledger.isSettled(statement) { ledger.settleWhole(statement, .untranslated, "there's nothing like it here") }
      }
      for line in statement.block ?? [] where !ledger.isSettled(line) { settle(line, in: statement.keyword) }
    }
  }

  private mutating func settle(_ line: Statement, in section: String) {
    if let reason = HAProxyIdle.reason(line) {
      ledger.leaveOut(line, nil, reason)
    } else if section == "defaults", HAProxyIdle.known.contains(line.keyword) {
      ledger.leaveOut(line, nil, "no section that is translated uses it")
    } else if section == "resolvers" {
      ledger.leaveOut(
        line, nil, "what is known of a name stays while name servers fail, and is asked for again and again")
    } else {
      ledger.refuse(line, nil, HAProxyIdle.remedies[line.keyword] ?? "there's nothing like it here")
    }
  }
}

extension HAProxySection {
  /// Whether all it does is to show the page with statistics.
  fileprivate var isStatsPage: Bool {
    let isPage = own.contains { $0.keyword == "stats" || $0.words.contains("prometheus-exporter") }
    return takesClients && isPage && servers.isEmpty && all("use_backend").isEmpty && last("default_backend") == nil
  }
}
