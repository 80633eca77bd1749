internal import Sockets

// Where clients are accepted, and what holds for them.

extension NginxTranslator {
  /// A listener for each address of a server.
  mutating func listeners(of server: NginxServer) -> [Draft] {
    let statement = server.statement
    if isOn(server, "proxy_ssl") {
      ledger.settleWhole(
        statement, .untranslated,
        "proxy_ssl: TLS to backends isn't begun here: what clients send is passed on as it comes")
      return []
    }
    guard let pass = server.own.last(where: { $0.keyword == "proxy_pass" }), let target = pass.arguments.first else {
      ledger.settleWhole(statement, .untranslated, "it relays nothing: it has no proxy_pass")
      return []
    }
    ledger.translate(pass)
    let isRead = isOn(server, "ssl_preread")
    let goal = goal(target, of: server, pass)
    guard !goal.routes.isEmpty || goal.pool != nil else {
      ledger.refuse(pass, nil, "its clients would come to nobody, so it's no listener")
      for inner in server.own { ledger.translate(inner) }
      return []
    }
    let asks = goal.routes.contains { route in ["sni", "alpn", "protocol"].contains { route[$0] != nil } }
    if asks, !isRead {
      ledger.refuse(statement, nil, "without ssl_preread it never knew what clients ask for, and here it does")
    }
    let preread = time(server, "preread_timeout", .seconds(30))
    let header = time(server, "proxy_protocol_timeout", .seconds(30))
    let limits = limits(of: server)
    let access = access(of: server)
    var drafts: [Draft] = []
    for line in server.own where line.keyword == "listen" {
      guard var listener = bound(line, server) else { continue }
      let wait = asks ? preread : header
      if asks || listener["proxy"] != nil {
        listener["introduction"] = .duration(min(max(wait.duration, .milliseconds(10)), .seconds(60))).from(wait.line)
      }
      if !access.allow.isEmpty { listener["allow"] = .texts(access.allow.map(\.description)).from(access.line) }
      if !access.deny.isEmpty { listener["deny"] = .texts(access.deny.map(\.description)).from(access.line) }
      if let limits { listener["limits"] = limits }
      for log in server.own where log.keyword == "access_log" {
        listener["accessLog"] = log.arguments.first == "off" ? .text("off").from(log.line) : self.log(log)
        ledger.translate(log)
      }
      if !goal.routes.isEmpty { listener["routes"] = .list(goal.routes) }
      if let pool = goal.pool { listener["pool"] = .text(pool) }
      drafts.append(listener)
    }
    return drafts
  }

  /// A listener at the address of a listen line; nil if that isn't for TCP, or can't be said here.
  private mutating func bound(_ line: Statement, _ server: NginxServer) -> Draft? {
    ledger.translate(line)
    let written = line.arguments.first ?? ""
    let options = line.arguments.dropFirst()
    for (word, reason) in [
      ("udp", "UDP isn't relayed here"), ("quic", "UDP isn't relayed here"),
      ("ssl", "TLS doesn't end here: it's passed on as it comes, so let the backends end it"),
    ] where options.contains(word) {
      ledger.refuse(line, word, reason)
      return nil
    }
    guard let bind = NginxAddress.listener(written) else {
      ledger.refuse(
        line, written, "a listener has one address, with one port or up to \(BindAddress.mostPorts) in a row")
      return nil
    }
    var listener = Draft.object(line: line.line, "server, line \(server.statement.line): listen, line \(line.line)")
    listener["name"] = .text(listenerNames.unique(Self.name(of: bind)))
    listener["bind"] = .text(bind)
    if bind.hasPrefix("["), !options.contains("ipv6only=off"), !isBoundForIPv4(bind) {
      listener.comments.append(
        "IPv4's clients come in as well, unless another listener is at 0.0.0.0 with the same port.")
    }
    for option in options {
      switch option.prefix(while: { $0 != "=" }) {
      case "proxy_protocol": introduce(&listener, line, server, isUnix: bind.hasPrefix("unix:"))
      case "backlog": listener["backlog"] = Int(option.dropFirst(8)).map { .number(min(max($0, 1), 65_535)) }
      case "reuseport", "bind", "default_server", "deferred", "fastopen", "so_keepalive", "ipv6only":
        ledger.leaveOut(line, option, "sessions come to the same without it")
      case "rcvbuf", "sndbuf": ledger.leaveOut(line, option, "the kernel sizes its buffers")
      default: ledger.refuse(line, option, "there's nothing like it here")
      }
    }
    return listener
  }

  /// A name for the listener at an address.
  private static func name(of bind: String) -> String {
    if bind.hasPrefix("unix:") { return bind.split(separator: "/").last.map(String.init) ?? "unix" }
    return "port-\(bind.split(separator: ":").last ?? "")"
  }

  /// Whether another listener takes IPv4's clients at the port of this address.
  private func isBoundForIPv4(_ bind: String) -> Bool {
    guard let port = bind.split(separator: ":").last else { return false }
    let servers = stream.filter { $0.keyword == "server" }
    let lines = servers.flatMap { $0.block ?? [] }.filter { $0.keyword == "listen" }
    return lines.compactMap(\.arguments.first).contains { NginxAddress.listener($0) == "0.0.0.0:\(port)" }
  }

  private mutating func introduce(_ listener: inout Draft, _ line: Statement, _ server: NginxServer, isUnix: Bool) {
    var trusted: [String] = []
    for statement in server.all("set_real_ip_from") {
      ledger.translate(statement)
      trusted += statement.arguments.prefix(1)
    }
    var proxy = Draft.object(line: line.line)
    if trusted.isEmpty {
      proxy.comments = ["listen … proxy_protocol takes headers from everybody: name the proxies before this one alone."]
      trusted = isUnix ? ["unix:"] : ["0.0.0.0/0", "::/0"]
    } else {
      proxy.comments = ["set_real_ip_from: who isn't among them has no header, or it's relayed."]
    }
    proxy["from"] = .texts(trusted)
    listener["proxy"] = proxy
  }

  private mutating func access(of server: NginxServer) -> (allow: [AddressRange], deny: [AddressRange], line: Int?) {
    var order = AccessOrder()
    for statement in server.access {
      let word = statement.arguments.first ?? ""
      let ranges = word == "all" ? AddressRange.everybody : [AddressRange.lenient(word)].compactMap(\.self)
      if ranges.isEmpty { ledger.refuse(statement, nil, "this is no range of addresses") }
      for range in ranges { order.add(statement.keyword == "allow" ? .allow : .deny, range) }
      ledger.translate(statement)
    }
    let (allow, deny) = order.lists
    return (allow, deny, server.access.first?.line)
  }

  /// So many sessions of each client.
  private mutating func limits(of server: NginxServer) -> Draft? {
    guard let statement = take(server, "limit_conn"), let zone = statement.arguments.first else { return nil }
    let named = stream.first { $0.keyword == "limit_conn_zone" && $0.words.contains { $0.hasPrefix("zone=\(zone):") } }
    guard let named, ["$binary_remote_addr", "$remote_addr"].contains(named.words[1]),
      server.all("limit_conn").count == 1,
      let count = statement.words.dropFirst(2).first.flatMap({ Int($0) })
    else {
      for other in server.all("limit_conn") { ledger.refuse(other, nil, "clients can be limited by their addresses") }
      if let named { ledger.translate(named) }
      return nil
    }
    ledger.translate(named)
    var client = Draft.object()
    client["sessions"] = .number(count)
    var limits = Draft.object(
      line: statement.line, "Of IPv6 the first 64 bits are a client; of each listener's sessions.")
    limits["perClient"] = client
    return limits
  }
}
