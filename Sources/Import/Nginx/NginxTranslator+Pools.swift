internal import Sockets

// An upstream, or an address, as a pool.

extension NginxTranslator {
  /// The name of the pool for an upstream or an address, with what a server says of connections to it; nil if there's nobody in it.
  mutating func pool(_ target: String, of server: NginxServer, _ statement: Statement) -> String? {
    let upstream = stream.first { $0.keyword == "upstream" && $0.words.dropFirst().first == target }
    var pool = Draft.object(
      line: upstream?.line ?? statement.line,
      upstream.map { "upstream \(target), line \($0.line)" } ?? "\(statement.keyword) \(target), line \(statement.line)"
    )
    pool["name"] = .text("")
    if let upstream {
      ledger.translate(upstream)
      for inner in upstream.block ?? [] { ledger.translate(inner) }
      fill(&pool, from: upstream)
    } else if let address = NginxAddress.server(target) ?? atAskedPort(target, of: server) {
      pool["backends"] = .texts([address])
    } else {
      ledger.refuse(statement, target, "there is no such upstream, and it's no address with a port")
      return nil
    }
    guard case .list(let backends)? = pool["backends"]?.content, !backends.isEmpty else {
      ledger.refuse(statement, target, "none of its servers can be translated")
      return nil
    }
    health(&pool, of: server)
    settings(&pool, of: server, count: backends.count)
    // Several servers that say the same of it share it.
    if let known = pools.first(where: { $0.target == target && $0.draft.named("").bare == pool.bare }) {
      return known.draft["name"].flatMap(\.words)
    }
    let name = poolNames.unique(target)
    pools.append((target, pool.named(name)))
    return name
  }

  /// A server at the port that a client asks for; nil if it's none, or not the one that would be taken here.
  private func atAskedPort(_ target: String, of server: NginxServer) -> String? {
    guard let dollar = target.lastIndex(of: "$"), case let host = target[..<dollar], host.hasSuffix(":"), host != ":",
      !host.contains("$")
    else { return nil }
    let lines = server.own.filter { $0.keyword == "listen" }
    // A header's port goes before that of the socket here, and is another variable there.
    let isTold = lines.map { $0.words.contains("proxy_protocol") }
    switch target[dollar...] {
    case "$server_port":
      let isUnix = lines.contains { $0.arguments.first?.hasPrefix("unix:") == true }
      return isUnix || isTold.contains(true) ? nil : "\(host)\(SocketAddress.samePort)"
    case "$proxy_protocol_server_port":
      return isTold.isEmpty || isTold.contains(false) ? nil : "\(host)\(SocketAddress.samePort)"
    default: return nil
    }
  }

  private mutating func fill(_ pool: inout Draft, from upstream: Statement) {
    var backends: [Draft] = []
    var starts: [(String, Statement)] = []
    for statement in upstream.block ?? [] {
      switch statement.keyword {
      case "server": if let backend = backend(statement, &starts) { backends.append(backend) }
      case "least_conn": pool["strategy"] = .text("least-connections").from(statement.line)
      case "random":
        pool["strategy"] = .text(statement.words.dropFirst().first == "two" ? "two-choices" : "random").from(
          statement.line)
        if let method = statement.words.dropFirst(2).first, method != "least_conn" {
          ledger.refuse(statement, method, "of two the one with fewer sessions is taken")
        }
      case "hash":
        if ["$remote_addr", "$binary_remote_addr"].contains(statement.words.dropFirst().first) {
          pool["strategy"] = .text("source-hash").from(statement.line)
          if !statement.words.contains("consistent") {
            ledger.leaveOut(
              statement, nil, "source-hash is always consistent: clients may have other backends than before")
          }
        } else {
          ledger.refuse(statement, nil, "there's a hash of the client's address alone, so it's round-robin")
        }
      case "least_time":
        pool["strategy"] = .text("least-connections").from(statement.line)
        ledger.refuse(statement, nil, "how long servers take isn't counted: it's least-connections")
      default:
        if let reason = NginxIdle.reason(statement) {
          ledger.leaveOut(statement, nil, reason)
        } else {
          ledger.refuse(statement, nil, "there's nothing like it here")
        }
      }
    }
    pool["backends"] = .list(backends)
    if let first = starts.first, let time = NginxTime.read(first.0) {
      pool["slowStart"] = .duration(min(time, .seconds(3600))).from(first.1.line)
      for other in starts where other.0 != first.0 {
        ledger.refuse(other.1, "slow_start=\(other.0)", "a pool has one for all its backends: \(first.0) holds")
      }
    }
    ejection(&pool, upstream)
  }

  private mutating func backend(_ statement: Statement, _ starts: inout [(String, Statement)]) -> Draft? {
    let written = statement.arguments.first ?? ""
    var backend = Draft.object(line: statement.line)
    let service = statement.arguments.first { $0.hasPrefix("service=") }?.dropFirst(8)
    if let service {
      // A name with dots or underscores is taken as it is, another one as TCP's.
      backend["srv"] = .text(
        service.hasPrefix("_") || service.contains(".") ? "\(service).\(written)" : "_\(service)._tcp.\(written)")
    } else if let address = NginxAddress.server(written) {
      backend["address"] = .text(address)
      if NginxAddress.isName(address), !statement.words.contains("resolve") {
        backend.comments.append("Its name is looked up again and again here, and was at the start only there.")
      }
    } else {
      ledger.refuse(statement, written, "a backend is an address with a port")
      return nil
    }
    for word in statement.arguments.dropFirst() {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      let number = parts.count == 2 ? Int(parts[1]) : nil
      switch (parts[0], number) {
      case ("weight", let weight?): if weight != 1 { backend["weight"] = .number(weight) }
      case ("max_conns", let count?): if count > 0 { backend["maxSessions"] = .number(count) }
      case ("backup", _): backend["tier"] = .number(1)
      case ("down", _):
        backend["weight"] = .number(0)
        backend.comments.append("down: without a weight it gets no session.")
      case ("slow_start", _): starts.append((parts.last ?? "", statement))
      case ("max_fails", _), ("fail_timeout", _), ("service", _), ("resolve", _): break
      default: ledger.refuse(statement, word, "there's nothing like it here")
      }
    }
    return backend
  }

  /// So many failures keep clients away from a server for a while. Where only some say how many, that is of all here.
  private mutating func ejection(_ pool: inout Draft, _ upstream: Statement) {
    let servers = (upstream.block ?? []).filter { $0.keyword == "server" && !$0.words.contains("down") }
    func value(_ name: String, _ server: Statement) -> String? {
      server.arguments.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
    }
    let given = servers.filter { value("max_fails", $0) != nil || value("fail_timeout", $0) != nil }
    guard let first = given.first ?? servers.first else { return }
    let failures = Int(value("max_fails", first) ?? "") ?? 1
    let time = NginxTime.read(value("fail_timeout", first) ?? "") ?? .seconds(10)
    for other in given {
      let isSame =
        (Int(value("max_fails", other) ?? "") ?? 1, NginxTime.read(value("fail_timeout", other) ?? "") ?? .seconds(10))
        == (failures, time)
      guard !isSame else { continue }
      ledger.refuse(
        other, "max_fails, fail_timeout", "a pool has one for all its backends: that of line \(first.line) holds")
    }
    guard failures > 0 else { return pool["ejection"] = .text("off").from(first.line) }
    var ejection = Draft.object(line: first.line)
    if !given.isEmpty, given.count < servers.count {
      ejection.comments.append("max_fails and fail_timeout of line \(first.line), here of all servers.")
    }
    let limited = min(max(time, .milliseconds(10)), .seconds(86_400))
    ejection["failures"] = .number(min(failures, 1000))
    ejection["base"] = .duration(limited)
    ejection["max"] = .duration(limited)
    pool["ejection"] = ejection
  }
}

extension Draft {
  /// The text that it is.
  var words: String? {
    if case .text(let text) = content { text } else { nil }
  }

  /// The same object with another name.
  fileprivate func named(_ name: String) -> Draft {
    var draft = self
    draft["name"] = .text(name)
    return draft
  }

  /// The same without comments and lines.
  fileprivate var bare: Draft {
    switch content {
    case .text, .number, .flag: Draft(content: content)
    case .list(let values): .list(values.map(\.bare))
    case .object(let members): Draft(content: .object(members.map { Member(key: $0.key, value: $0.value.bare) }))
    }
  }
}
