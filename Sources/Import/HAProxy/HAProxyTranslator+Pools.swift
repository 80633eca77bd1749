internal import Config
internal import Sockets

// A backend, or what a listen has of one, as a pool.

extension HAProxyTranslator {
  /// Nil if none of its servers can be translated.
  mutating func pool(_ section: HAProxySection, _ name: String) -> Draft? {
    var pool = Draft.object(
      line: section.statement.line, "\(section.kind.rawValue) \(section.name), line \(section.statement.line)")
    pool["name"] = .text(name)
    let servers = section.servers
    let strategy = strategy(of: section)
    if let strategy { pool["strategy"] = strategy }
    var names = DraftNames()
    var backups = 0
    let areAllAtOnce = section.option("allbackups") != nil
    if areAllAtOnce { _ = take(section, "option", "allbackups") }
    for line in section.all("default-server") { ledger.translate(line) }
    var backends: [(server: HAProxyServer, draft: Draft)] = []
    for server in servers {
      ledger.translate(server.line)
      if server.has("backup") { backups += 1 }
      if let backend = backend(server, in: section, tier: server.has("backup") ? areAllAtOnce ? 1 : backups : 0, &names)
      {
        backends.append((server, backend))
      }
    }
    let health = health(of: section, servers)
    if health["type"] != .text("none"), health["port"] == nil {
      backends = backends.compactMap { server, backend in
        if let checked = checkedSomewhere(backend, in: section) { return (server, checked) }
        ledger.refuse(
          server.line, server.address, "no port that clients ask for says where to check it: give it a \"port\" there")
        return nil
      }
    }
    pool["backends"] = .list(backends.map(\.draft))
    pool["health"] = health
    connects(of: section, servers, &pool)
    timeouts(of: section, &pool)
    agreed(section, servers, &pool)
    stick(of: section, &pool)
    for line in section.all("tcp-request") where section.kind == .backend && !ledger.isSettled(line) {
      if ["inspect-delay"].contains(line.words.dropFirst().first) || line.words.dropFirst(2).first == "accept" {
        ledger.leaveOut(line, nil, "only listeners look at what clients say")
      } else {
        ledger.refuse(line, nil, "who may come in is the listener's to say")
      }
    }
    return backends.isEmpty ? nil : pool
  }

  private mutating func strategy(of section: HAProxySection) -> Draft? {
    if let hash = take(section, "hash-type"), hash.arguments.first != "consistent" {
      ledger.leaveOut(hash, nil, "source-hash is always consistent")
    }
    guard let line = take(section, "balance"), let word = line.arguments.first else { return nil }
    switch word.prefix(while: { $0 != "(" }) {
    case "roundrobin", "static-rr": return nil
    case "leastconn": return .text("least-connections").from(line.line)
    case "source": return .text("source-hash").from(line.line)
    case "random": return .text(word == "random(1)" ? "random" : "two-choices").from(line.line)
    case "hash" where line.words.dropFirst(2).first == "src": return .text("source-hash").from(line.line)
    default:
      ledger.refuse(line, nil, "there's no such strategy here, so it's round-robin")
      return nil
    }
  }

  /// What a server line comes to; nil if it can't be reached here.
  private mutating func backend(
    _ server: HAProxyServer, in section: HAProxySection, tier: Int, _ names: inout DraftNames
  ) -> Draft? {
    var backend = Draft.object(line: server.line.line)
    if server.isTemplate, server.address.hasPrefix("_") {
      backend["srv"] = .text(server.address)
    } else {
      let address = HAProxyAddress(server.address)
      guard let text = text(of: address, in: section) else {
        let reason =
          if case .foreign(let reason) = address { reason } else {
            "a backend has a port of its own, or that which a client asks for"
          }
        ledger.refuse(server.line, server.address, reason)
        return nil
      }
      if server.isTemplate {
        backend.comments.append("server-template: each address that the name has is a backend.")
      } else {
        backend["name"] = .text(names.unique(server.name))
        if case .name = address {
          backend.comments.append("Of a name each address is a backend here, and only the first one there.")
        }
      }
      backend["address"] = .text(text)
    }
    if server.has("ssl") {
      ledger.refuse(server.line, "ssl", "TLS to backends isn't begun here: what clients send is passed on as it comes")
      return nil
    }
    if tier > 15 { ledger.refuse(server.line, "backup", "there are 15 tiers behind the first") }
    if tier > 0 { backend["tier"] = .number(min(tier, 15)) }
    for option in server.options { apply(option, of: server, in: section, &backend) }
    if server.has("disabled") {
      backend["weight"] = .number(0)
      backend.comments.append("disabled: without a weight it gets no session.")
    }
    let checks = section.servers.contains { $0.has("check") }
    if checks, !server.has("check") { backend.comments.append("It's checked here as the others are.") }
    return backend
  }

  /// Where a server is: one without a port has that which a client asks for. Nil if there's none.
  private func text(of address: HAProxyAddress, in section: HAProxySection) -> String? {
    guard let same = address.same else { return address.text() }
    let lines = users(of: section).flatMap { $0.all("bind") }
    let isTold = lines.contains { $0.words.contains("accept-proxy") }
    let ports = Set(
      lines.flatMap { ($0.arguments.first ?? "").split(separator: ",") }.map { Self.port(of: String($0)) })
    if !isTold, ports.count == 1, let port = ports.first ?? nil, let only = UInt16(port) {
      return "\(same.dropLast(SocketAddress.samePort.count))\(only)"
    }
    return isTold || !ports.isEmpty && !ports.contains(nil) ? same : nil
  }

  /// A backend without a port of its own is checked at the first one that clients ask for, unless something else is said; nil if there's
  /// none.
  private func checkedSomewhere(_ backend: Draft, in section: HAProxySection) -> Draft? {
    guard backend["address"]?.words?.hasSuffix(":\(SocketAddress.samePort)") == true, backend["healthPort"] == nil,
      backend["healthAddress"] == nil
    else { return backend }
    let binds = users(of: section).flatMap { $0.all("bind") }.compactMap(\.arguments.first)
    let ports = binds.flatMap { $0.split(separator: ",") }.compactMap { Self.port(of: String($0)) }
    guard let port = ports.first?.split(separator: "-").first.flatMap({ Int($0) }) else { return nil }
    var backend = backend
    backend["healthPort"] = .number(port)
    backend.comments.append("It's checked at the first port that clients ask for, as no other one was given.")
    return backend
  }

  private mutating func apply(
    _ option: HAProxyServer.Option, of server: HAProxyServer, in section: HAProxySection, _ backend: inout Draft
  ) {
    func number(_ key: String, unless none: Int? = nil) {
      guard let number = option.values.first.flatMap({ Int($0) }), number != none else { return }
      backend[key] = .number(number)
    }
    switch option.name {
    case "weight": number("weight", unless: 1)
    case "maxconn": number("maxSessions", unless: 0)
    case "port" where server.last("addr") == nil: number("healthPort")
    case "addr":
      guard let address = option.values.first,
        let text = HAProxyAddress(address).text(port: server.value("port") ?? Self.port(of: server.address))
      else { return ledger.refuse(option.line, "addr", "this is no address with a port") }
      backend["healthAddress"] = .text(text)
    case "send-proxy": backend["sendProxy"] = .text("v1")
    case "send-proxy-v2", "send-proxy-v2-ssl", "send-proxy-v2-ssl-cn":
      backend["sendProxy"] = .text("v2")
      if option.name != "send-proxy-v2" {
        ledger.refuse(
          option.line, option.name,
          "what a client's TLS was like is told only where its own header says it (\"received\")")
      }
    case "no-send-proxy", "no-send-proxy-v2": backend["sendProxy"] = nil
    case "proxy-v2-options": fields(option, &backend)
    case "source": source(option, of: server, &backend)
    case "interface": if let name = option.values.first { backend["interface"] = .text(name) }
    default:
      guard !Self.ofPool.contains(option.name) else { return }
      if let reason = Self.idle[option.name] {
        ledger.leaveOut(option.line, option.name, reason)
      } else {
        ledger.refuse(option.line, option.name, "there's nothing like it here")
      }
    }
  }

  private static func port(of address: String) -> String? {
    HAProxyAddress(address).port
  }

  private mutating func fields(_ option: HAProxyServer.Option, _ backend: inout Draft) {
    var fields: [String] = []
    for word in (option.values.first ?? "").split(separator: ",").map(String.init) {
      if ["authority", "crc32c", "unique-id"].contains(word) {
        fields.append(word)
      } else {
        ledger.refuse(
          option.line, "proxy-v2-options \(word)",
          "what a client's TLS was like is told only where its own header says it (\"received\")")
      }
    }
    guard !fields.isEmpty, backend["sendProxy"] == .text("v2") else { return }
    var header = Draft.object()
    header["version"] = .text("v2")
    header["tlvs"] = .texts(fields)
    backend["sendProxy"] = header
  }

  private mutating func source(_ option: HAProxyServer.Option, of server: HAProxyServer, _ backend: inout Draft) {
    let client = server.value("usesrc")
    guard let source = source(option.values.first ?? "", client, on: option.line) else { return }
    backend["source"] = source
  }

  /// By which addresses connections leave; nil for the kernel's choice.
  mutating func source(_ text: String, _ client: String?, on line: Statement) -> Draft? {
    if let client {
      if ["client", "clientip"].contains(client) { return .text("client").from(line.line) }
      ledger.refuse(line, "usesrc \(client)", "it's the client's own address, or one that is named")
      return nil
    }
    guard case .ip(let host?, let port) = HAProxyAddress(text) else {
      if case .ip(nil, _) = HAProxyAddress(text) { return nil }
      ledger.refuse(line, "source \(text)", "connections leave by IP addresses")
      return nil
    }
    if let port, port != "0" {
      ledger.refuse(line, "source \(text)", "which port is the kernel's choice: the address alone is translated")
    }
    return host == "0.0.0.0" || host == "::" ? nil : .text(host).from(line.line)
  }

  /// What the pool says of all its servers, or `health` does.
  private static let ofPool: Set = [
    "check", "no-check", "backup", "no-backup", "disabled", "enabled", "inter", "fastinter", "downinter", "rise",
    "fall",
    "port", "check-ssl", "no-check-ssl", "check-sni", "check-send-proxy", "no-check-send-proxy", "slowstart",
    "on-marked-down", "observe", "error-limit", "usesrc", "resolvers", "agent-check", "agent-port", "agent-inter",
    "agent-send", "no-agent-check", "verify", "ca-file", "no-ssl", "no-disabled",
  ]

  private static let idle = [
    "id": "it's for HAProxy's own statistics", "guid": "it's for HAProxy's own statistics",
    "cookie": "it's for HTTP, and has no effect on TCP there either",
    "init-addr": "a name that isn't known yet is asked for again and again",
    "resolve-prefer":
      "of both kinds of addresses those are used that can be reached; \"resolver\": { \"family\": … } takes one alone",
    "resolve-opts": "each address that a name has is a backend", "tfo": "sessions come to the same without it",
    "no-tfo": "it's never used", "stick": "it's the default", "proto": "it's for HTTP", "ws": "it's for HTTP",
    "pool-max-conn": "it's for HTTP", "pool-purge-delay": "it's for HTTP", "pool-low-conn": "it's for HTTP",
    "max-reuse": "it's for HTTP",
    "ciphers": "it's for TLS to servers", "ciphersuites": "it's for TLS to servers", "alpn": "it's for TLS to servers",
    "sni": "it's for TLS to servers", "ssl-min-ver": "it's for TLS to servers",
    "ssl-max-ver": "it's for TLS to servers",
    "redir": "it's for HTTP", "log-proto": "it's for logs",
  ]
}
