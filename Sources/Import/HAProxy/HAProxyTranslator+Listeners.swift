internal import Sockets

// Where clients are accepted.

extension HAProxyTranslator {
  /// A listener for each address of a frontend or a listen.
  mutating func listeners(of section: HAProxySection) -> [Draft] {
    if section.kind == .listen || section.kind == .frontend, section.statement.words.count > 2,
      !section.statement.words.contains("from")
    {
      ledger.refuse(section.statement, nil, "an address stands in a bind line")
    }
    let acls = acls(of: section)
    let rules = rules(of: section, acls)
    let (routes, pool) = destinations(of: section, acls, rules)
    guard !routes.isEmpty || pool != nil else {
      ledger.refuse(section.statement, nil, "its clients would come to nobody: it has no backend that is translated")
      for line in section.all("bind") { ledger.translate(line) }
      return []
    }
    let limits = self.limits(of: section)
    var drafts: [Draft] = []
    for line in section.all("bind") {
      ledger.translate(line)
      for address in (line.arguments.first ?? "").split(separator: ",") {
        guard var listener = bound(section, line, String(address)) else { continue }
        introduce(&listener, rules, routes)
        if rules.isByPeer, listener["proxy"] != nil {
          ledger.refuse(
            rules.line ?? line, nil,
            "with accept-proxy these rules are about the sender there, and about the client here: name senders in \"proxy\""
          )
        } else {
          let (allow, deny) = rules.order.lists
          if !allow.isEmpty { listener["allow"] = .texts(allow.map(\.description)).from(rules.line?.line) }
          if !deny.isEmpty { listener["deny"] = .texts(deny.map(\.description)).from(rules.line?.line) }
        }
        for (key, value) in limits where listener[key] == nil { listener[key] = value }
        if !routes.isEmpty { listener["routes"] = .list(routes) }
        if let pool { listener["pool"] = .text(pool) }
        drafts.append(listener)
      }
    }
    if section.all("bind").isEmpty { ledger.refuse(section.statement, nil, "it has no bind line") }
    return drafts
  }

  /// A listener at one address of a bind line, with what that line says of it.
  private mutating func bound(_ section: HAProxySection, _ line: Statement, _ written: String) -> Draft? {
    let address = HAProxyAddress(written)
    guard let text = address.bind else {
      let reason =
        if case .foreign(let reason) = address { reason } else {
          "a listener has one address, with one port or up to \(BindAddress.mostPorts) in a row"
        }
      ledger.refuse(line, written, reason)
      return nil
    }
    var listener = Draft.object(
      line: line.line, "\(section.kind.rawValue) \(section.name), line \(section.statement.line)")
    listener["name"] = .text(listenerNames.unique(section.name))
    listener["bind"] = .text(text)
    var rest = line.arguments.dropFirst()
    while let option = rest.popFirst() {
      switch option {
      case "accept-proxy":
        var proxy = Draft.object(
          line: line.line, "accept-proxy takes headers from everybody: name the proxies before this one alone.")
        proxy["from"] = .texts(text.hasPrefix("unix:") ? ["unix:"] : ["0.0.0.0/0", "::/0"])
        listener["proxy"] = proxy
      case "maxconn": number(&rest, into: "maxSessions", &listener)
      case "backlog": number(&rest, into: "backlog", &listener)
      case "mode", "user", "group", "uid", "gid":
        let value = rest.popFirst() ?? ""
        let key = ["uid": "user", "gid": "group"][option] ?? option
        if text.hasPrefix("unix:") {
          listener[key] = .text(
            option == "mode" ? String(repeating: "0", count: max(0, 4 - value.count)) + value : value)
        }
      case "ssl":
        ledger.refuse(line, "ssl", "TLS doesn't end here: it's passed on as it comes, so let the backends end it")
        return nil
      case "v6only":
        guard !isBoundForIPv4(text) else { break }
        ledger.refuse(
          line, option,
          "IPv4's clients come in at [::] as well, unless another listener is at 0.0.0.0 with the same port")
      case "v4v6", "tfo", "defer-accept", "no-alpn", "prefer-server-ciphers", "expose-fd", "listeners":
        ledger.leaveOut(line, option, option == "v4v6" ? "it's always so" : "sessions come to the same without it")
        if option == "expose-fd" { _ = rest.popFirst() }
      case "transparent":
        listener["freebind"] = .flag(true)
        ledger.refuse(
          line, option, "addresses that this machine doesn't have can be bound (\"freebind\"), but not everybody's")
      case "name", "id", "nice", "process", "thread", "shards", "level", "severity-output", "ciphers", "label":
        if rest.popFirst() != nil { ledger.leaveOut(line, option, "sessions come to the same without it") }
      case "interface", "mss", "tcp-ut", "namespace", "tcp-md5sig", "cc":
        _ = rest.popFirst()
        ledger.refuse(line, option, "there's nothing like it here")
      default: ledger.refuse(line, option, "there's nothing like it here")
      }
    }
    return listener
  }

  /// Whether another listener takes IPv4's clients at the port of this address.
  private func isBoundForIPv4(_ text: String) -> Bool {
    guard let port = text.split(separator: ":").last else { return false }
    return sections.flatMap { $0.all("bind") }.flatMap { ($0.arguments.first ?? "").split(separator: ",") }
      .contains { HAProxyAddress(String($0)).text() == "0.0.0.0:\(port)" }
  }

  private func number(_ rest: inout ArraySlice<String>, into key: String, _ listener: inout Draft) {
    if let number = rest.popFirst().flatMap({ Int($0) }), number > 0 { listener[key] = .number(number) }
  }

  /// What holds at each of a proxy's addresses.
  private mutating func limits(of section: HAProxySection) -> [(String, Draft)] {
    var all: [(String, Draft)] = []
    let several = section.all("bind").flatMap { ($0.arguments.first ?? "").split(separator: ",") }.count > 1
    let own = take(section, "maxconn").flatMap { line in line.arguments.first.flatMap { Int($0) }.map { ($0, line) } }
    if let (count, line) = own ?? processLimit.map({ ($0.count, $0.line) }), count > 0 {
      ledger.translate(line)
      var limit = Draft.number(count).from(line.line)
      if own == nil {
        limit.comments.append("maxconn of global, line \(line.line): of each listener here, of all together there.")
      }
      if own != nil, several {
        limit.comments.append("maxconn, line \(line.line): of each address here, of all together there.")
      }
      all.append(("maxSessions", limit))
    }
    if let line = take(section, "backlog"), let count = line.arguments.first.flatMap({ Int($0) }) {
      all.append(("backlog", .number(min(max(count, 1), 65_535)).from(line.line)))
    }
    if let line = take(section, "rate-limit", "sessions"),
      let rate = line.words.dropFirst(2).first.flatMap({ Int($0) }), rate > 0
    {
      var limits = Draft.object(
        line: line.line, "rate-limit sessions, line \(line.line): who comes too early waits, for up to a second.")
      limits["rate"] = .text("\(rate)/s")
      limits["excess"] = .text("delay")
      all.append(("limits", limits))
    }
    return all
  }

  /// How long it's waited until it's known who a client is and what it wants.
  private mutating func introduce(_ listener: inout Draft, _ rules: HAProxyRules, _ routes: [Draft]) {
    guard let (delay, line) = rules.delay else { return }
    let asks =
      listener["proxy"] != nil
      || routes.contains { route in ["sni", "alpn", "protocol"].contains { route[$0] != nil } }
    if asks {
      ledger.translate(line)
      listener["introduction"] = .duration(min(max(delay, .milliseconds(10)), .seconds(60))).from(line.line)
    } else if !ledger.isSettled(line) {
      ledger.leaveOut(line, nil, "nothing here waits for what clients say")
    }
  }
}
