internal import Sockets

/// Where clients go: the routes that take some, and the pool of the others.
struct NginxGoal {
  var routes: [Draft] = []
  var pool: String?
}

extension NginxTranslator {
  /// Where `proxy_pass` leads.
  mutating func goal(_ target: String, of server: NginxServer, _ statement: Statement, depth: Int = 0) -> NginxGoal {
    guard target.hasPrefix("$") else { return NginxGoal(pool: pool(target, of: server, statement)) }
    let map = stream.last { ["map", "geo"].contains($0.keyword) && $0.words.last == target }
    guard let map, depth < 4 else {
      ledger.refuse(statement, target, "where clients go has to be told by a map of names, protocols or addresses")
      return NginxGoal()
    }
    ledger.translate(map)
    for entry in map.block ?? [] { ledger.translate(entry) }
    let asked = map.keyword == "geo" ? "$remote_addr" : map.words[1]
    let entries = (map.block ?? []).filter { entry in
      switch (entry.keyword, entry.words.count) {
      case ("include", _), ("ranges", _), ("proxy", _), ("proxy_recursive", _), ("delete", _):
        ledger.refuse(entry, nil, "routes have names and ranges of addresses written out")
        return false
      case ("hostnames", 1), ("volatile", 1): return false
      default: return entry.words.count == 2
      }
    }
    var rest =
      entries.last { $0.keyword == "default" }.map { goal($0.words[1], of: server, $0, depth: depth + 1) }
      ?? NginxGoal()
    let others = entries.filter { $0.keyword != "default" }
    switch asked {
    case "$ssl_preread_server_name":
      let found = names(others, of: server, map)
      rest.routes = found.routes + rest.routes
      if let nameless = found.nameless { withoutName(nameless, &rest) }
    case "$ssl_preread_protocol": protocols(others, of: server, &rest)
    case "$ssl_preread_alpn_protocols": rest.routes = others.flatMap { alpn($0, of: server) } + rest.routes
    case "$remote_addr", "$binary_remote_addr": rest.routes = addresses(others, of: server) + rest.routes
    default:
      for entry in others {
        ledger.refuse(entry, nil, "clients are told apart by names, protocols and addresses, and not by \(asked)")
      }
    }
    return rest
  }

  /// The pool of an entry; nil has been reported.
  private mutating func leads(_ entry: Statement, of server: NginxServer) -> String? {
    guard !entry.words[1].hasPrefix("$"), !entry.words[1].isEmpty else {
      ledger.refuse(entry, nil, "an entry leads to an upstream or an address")
      return nil
    }
    return pool(entry.words[1], of: server, entry)
  }

  /// Exact names come before others, and of those the longer ones first, as nginx looks for them.
  private mutating func names(_ entries: [Statement], of server: NginxServer, _ map: Statement) -> (
    routes: [Draft], nameless: String?
  ) {
    let areHosts = (map.block ?? []).contains { $0.words == ["hostnames"] }
    var names: [(name: String, pool: String, line: Int)] = []
    var nameless: String?
    for entry in entries {
      var key = entry.keyword.hasPrefix("\\") ? String(entry.keyword.dropFirst()) : entry.keyword
      if key.hasPrefix("~") || (areHosts && key.hasSuffix(".*")) {
        ledger.refuse(entry, nil, "names can be told apart as a whole, or by what they end in only")
        continue
      }
      if !areHosts, key.hasPrefix("*.") || key.hasPrefix(".") {
        ledger.leaveOut(entry, nil, "without \"hostnames\" nobody asks for such a name")
        continue
      }
      guard let pool = leads(entry, of: server) else { continue }
      if key.isEmpty {
        nameless = pool
        continue
      }
      if key.hasPrefix(".") {
        key.removeFirst()
        names.append((key, pool, entry.line))
        key = "*.\(key)"
      }
      names.append((key, pool, entry.line))
    }
    let exact = names.filter { !$0.name.hasPrefix("*") }
    let ends = names.filter { $0.name.hasPrefix("*") }.enumerated()
      .sorted { (-$0.element.name.count, $0.offset) < (-$1.element.name.count, $1.offset) }.map(\.element)
    var routes: [Draft] = []
    for (name, pool, line) in exact + ends {
      // No name is two's, so all of one pool can stand together; of ends only those that follow each other.
      let place = name.hasPrefix("*") ? routes.indices.last : routes.firstIndex { $0["pool"] == .text(pool) }
      if let place, routes[place]["pool"] == .text(pool), case .list(let before)? = routes[place]["sni"]?.content {
        routes[place]["sni"] = .list(before + [.text(name)])
      } else {
        routes.append(Self.route("sni", .texts([name]), pool, line))
      }
    }
    return (routes, nameless)
  }

  /// Who asks for no name goes elsewhere than who asks for another one.
  private mutating func withoutName(_ pool: String, _ rest: inout NginxGoal) {
    if let other = rest.pool, other != pool { rest.routes.append(Self.route("sni", .texts(["*"]), other, nil)) }
    rest.pool = pool
  }

  private mutating func protocols(_ entries: [Statement], of server: NginxServer, _ rest: inout NginxGoal) {
    var plain: String?
    for entry in entries {
      guard entry.keyword.isEmpty else {
        ledger.refuse(entry, nil, "clients of all versions of TLS go the same way")
        continue
      }
      plain = leads(entry, of: server)
    }
    guard let plain else { return }
    if let other = rest.pool { rest.routes.append(Self.route("protocol", .text("tls"), other, nil)) }
    rest.pool = plain
  }

  /// The variable has all that a client offers, with commas between: an expression can look for one of them.
  private mutating func alpn(_ entry: Statement, of server: NginxServer) -> [Draft] {
    var key = entry.keyword
    if key.hasPrefix("~") {
      key = String(key.drop { $0 == "~" || $0 == "*" })
      for mark in ["\\b", "^", "$"] { key = key.split(separator: mark, omittingEmptySubsequences: false).joined() }
    }
    guard key.allSatisfy({ $0.isLetter || $0.isNumber || "-./".contains($0) }), !key.isEmpty else {
      ledger.refuse(entry, nil, "a route has one of the protocols that a client offers")
      return []
    }
    return leads(entry, of: server).map { [Self.route("alpn", .texts([key]), $0, entry.line)] } ?? []
  }

  /// The most specific range decides there, so it stands first here.
  private mutating func addresses(_ entries: [Statement], of server: NginxServer) -> [Draft] {
    var found: [(range: AddressRange, pool: String, line: Int)] = []
    for entry in entries {
      guard let range = AddressRange.lenient(entry.keyword) else {
        ledger.refuse(entry, nil, "this is no range of addresses")
        continue
      }
      if let pool = leads(entry, of: server) { found.append((range, pool, entry.line)) }
    }
    func bits(_ range: AddressRange) -> Int {
      switch range {
      case .ipv4(_, let bits), .ipv6(_, let bits): bits
      case .unix: 0
      }
    }
    return found.enumerated().sorted { (-bits($0.element.range), $0.offset) < (-bits($1.element.range), $1.offset) }
      .map { Self.route("from", .texts([$0.element.range.description]), $0.element.pool, $0.element.line) }
  }

  private static func route(_ key: String, _ value: Draft, _ pool: String, _ line: Int?) -> Draft {
    var route = Draft.object(line: line)
    route[key] = value
    route["pool"] = .text(pool)
    return route
  }
}
