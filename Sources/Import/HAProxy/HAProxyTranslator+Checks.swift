// How servers are checked.

extension HAProxyTranslator {
  mutating func health(of section: HAProxySection, _ servers: [HAProxyServer]) -> Draft {
    guard servers.contains(where: { $0.has("check") }) else {
      var none = Draft.object(
        line: section.statement.line,
        "No server was checked. \"tcp\" would tell those that are gone before a client finds out.")
      none["type"] = .text("none")
      return none
    }
    var health = Draft.object(line: servers.first { $0.has("check") }?.line.line)
    kind(of: section, servers, &health)
    timing(of: section, servers, &health)
    if servers.contains(where: { $0.has("check-send-proxy") }) {
      let isText = servers.contains { $0.has("send-proxy") } && !servers.contains { $0.has("send-proxy-v2") }
      health["proxy"] = .text(isText ? "v1" : "v2")
    }
    return health
  }

  /// Times that aren't given are those that are: there's no other pace while a server changes its state.
  private mutating func timing(of section: HAProxySection, _ servers: [HAProxyServer], _ health: inout Draft) {
    func time(_ name: String) -> Duration? { agreed(servers, name).flatMap { HAProxyTime.read($0.value) } }
    func limited(_ duration: Duration) -> Duration { min(max(duration, .milliseconds(10)), .seconds(3600)) }
    let interval = limited(time("inter") ?? .seconds(2))
    let answer = self.time(section, "check")?.duration
    let connect = section.last("timeout", "connect").flatMap { HAProxyTime.read($0.words.dropFirst(2).first ?? "") }
    let whole = answer.map { min(min(connect ?? interval, interval) + $0, interval) } ?? interval
    health["interval"] = .duration(interval)
    health["timeout"] = .duration(whole)
    for (key, name, usual) in [("rise", "rise", 2), ("fall", "fall", 3)] {
      let count = agreed(servers, name).flatMap { Int($0.value) } ?? usual
      if count != usual { health[key] = .number(min(max(count, 1), 100)) }
    }
    health["fastInterval"] = .duration(min(limited(time("fastinter") ?? interval), interval))
    health["slowInterval"] = .duration(max(limited(time("downinter") ?? interval), interval))
  }

  private mutating func kind(of section: HAProxySection, _ servers: [HAProxyServer], _ health: inout Draft) {
    let kinds = [
      "httpchk", "tcp-check", "redis-check", "pgsql-check", "mysql-check", "smtpchk", "ldap-check", "ssl-hello-chk",
      "external-check",
    ]
    let lines = kinds.compactMap { section.option($0) }
    for kind in kinds { _ = take(section, "option", kind) }
    // The last one holds.
    let line = section.lines.last { line in lines.contains { $0.id == line.id } }
    health["type"] = .text("tcp")
    switch line?.words[1] {
    case "httpchk": http(section, line, &health)
    case "tcp-check": script(section, &health)
    case "redis-check": health["type"] = .text("redis")
    case "pgsql-check", "mysql-check":
      health["type"] = .text(line?.words[1] == "pgsql-check" ? "postgres" : "mysql")
      if let place = line?.words.firstIndex(of: "user"), let user = line?.words[(place + 1)...].first {
        health["user"] = .text(user)
      }
    case "smtpchk": health["type"] = .text("smtp")
    case "ldap-check": health["type"] = .text("ldap")
    case "ssl-hello-chk":
      var tls = Draft.object()
      tls["verify"] = .flag(false)
      health["tls"] = tls
    case "external-check": if let line { ledger.refuse(line, nil, "no program is run to check, so it's a connect") }
    default: break
    }
    if servers.contains(where: { $0.has("check-ssl") }) { health["tls"] = tls(servers) }
    for line in section.all("http-check") + section.all("tcp-check") where !ledger.isSettled(line) {
      ledger.leaveOut(line, nil, "another kind of check holds")
    }
  }

  private mutating func tls(_ servers: [HAProxyServer]) -> Draft {
    var tls = Draft.object()
    if let name = agreed(servers, "check-sni") { tls["serverName"] = .text(name.value) }
    // Without a file of CAs nobody is verified there.
    if let file = agreed(servers, "ca-file"), agreed(servers, "verify")?.value != "none" {
      tls["ca"] = .text(file.value)
    } else {
      tls["verify"] = .flag(false)
    }
    return tls
  }

  // MARK: - HTTP

  private mutating func http(_ section: HAProxySection, _ option: Statement?, _ health: inout Draft) {
    health["type"] = .text("http")
    let words = option?.words.dropFirst(2) ?? []
    var (method, path, host): (String, String, String?) = ("OPTIONS", "/", nil)
    var expect: Draft?
    if words.count == 1, let first = words.first { path = first }
    if words.count > 1 { (method, path) = (words[words.startIndex], words[words.startIndex + 1]) }
    // Headers stood behind the version once.
    if let version = words.dropFirst(2).first { host = Self.host(in: version) }
    for line in section.all("http-check") {
      switch line.words.dropFirst().first {
      case "send": send(line, &method, &path, &host)
      case "expect": self.expect(line, &expect)
      case "connect" where line.words.count == 2: ledger.translate(line)
      case "disable-on-404": ledger.refuse(line, nil, "an answer means healthy or not, and nothing between")
      default: ledger.refuse(line, nil, "a check is one request and one answer, to the server's port or another one")
      }
    }
    defer { health["expect"] = expect }
    guard ["GET", "HEAD", "OPTIONS"].contains(method), let option else {
      if let option { ledger.refuse(option, nil, "checks send GET, HEAD or OPTIONS: it's GET here") }
      return health["path"] = .text(path)
    }
    if method != "GET" { health["method"] = .text(method).from(option.line) }
    health["path"] = .text(path).from(option.line)
    if let host { health["host"] = .text(host).from(option.line) }
  }

  private static func host(in version: String) -> String? {
    for line in version.split(whereSeparator: \.isNewline) where line.lowercased().hasPrefix("host:") {
      return String(line.dropFirst(5).drop { $0 == " " })
    }
    return nil
  }

  private mutating func send(_ line: Statement, _ method: inout String, _ path: inout String, _ host: inout String?) {
    ledger.translate(line)
    var rest = line.words.dropFirst(2)
    while let word = rest.popFirst() {
      switch word {
      case "meth": method = rest.popFirst() ?? method
      case "uri": path = rest.popFirst() ?? path
      case "ver": _ = rest.popFirst()
      case "hdr":
        let (name, value) = (rest.popFirst() ?? "", rest.popFirst() ?? "")
        if name.lowercased() == "host" {
          host = value
        } else {
          ledger.refuse(line, "hdr \(name)", "a check sends no header but Host")
        }
      default: ledger.refuse(line, word, "a check sends a method, a path and a Host header")
      }
    }
  }

  private mutating func expect(_ line: Statement, _ found: inout Draft?) {
    var words = line.words.dropFirst(2)
    if let option = words.first, option.hasPrefix("min-recv") || option == "comment" { words = words.dropFirst(2) }
    var expect = found ?? .object()
    switch (words.first, words.dropFirst().first) {
    case ("status", let codes?):
      let ranges = codes.split(separator: ",").map { Draft.text(String($0)) }
      expect["status"] = ranges.count == 1 ? ranges[0] : .list(ranges)
    case ("rstatus", let pattern?):
      guard let range = Self.statuses[pattern] else {
        return ledger.refuse(line, nil, "write status codes and ranges of them (\"200-299\")")
      }
      expect["status"] = .text(range)
    case ("string", _?): expect["body"] = .text(words.dropFirst().joined(separator: " "))
    default: return ledger.refuse(line, nil, "an answer is known by its status, and by a text in its body")
    }
    ledger.translate(line)
    found = expect.from(line.line)
  }

  private static let statuses = [
    "^2": "200-299", "^2[0-9][0-9]": "200-299", "(2|3)[0-9][0-9]": "200-399", "^[23]": "200-399",
    "2[0-9][0-9]": "200-299",
    "^(2|3)[0-9][0-9]": "200-399", "^[23][0-9][0-9]": "200-399", "[23][0-9][0-9]": "200-399", "^2..": "200-299",
    "^(2|3)..": "200-399",
  ]

  // MARK: - Scripts

  /// Bytes that are sent first, and then what the answer has in it: that's all that a script here can be.
  private mutating func script(_ section: HAProxySection, _ health: inout Draft) {
    let lines = section.all("tcp-check").filter { $0.words.dropFirst().first != "comment" }
    for line in section.all("tcp-check") where line.words.dropFirst().first == "comment" { ledger.translate(line) }
    guard lines.contains(where: { $0.words.dropFirst().first != "connect" }) else {
      for line in lines where line.words.count > 2 {
        ledger.refuse(line, nil, "a check connects to the server's port, or to another one (\"healthPort\")")
      }
      for line in lines where line.words.count <= 2 { ledger.translate(line) }
      return
    }
    let expectations = lines.filter { $0.words.dropFirst().first == "expect" }
    if expectations.contains(where: { $0.words.last == "role:master" }) {
      for line in lines { ledger.translate(line) }
      health["type"] = .text("redis")
      return health["role"] = .text("master").from(expectations.first?.line)
    }
    let steps = lines.map { $0.words.dropFirst().first ?? "" }.filter { $0 != "connect" }
    let sends = steps.prefix { $0.hasPrefix("send") }.count
    guard steps.dropFirst(sends) == ["expect"] else {
      for line in lines {
        ledger.refuse(line, nil, "a script sends once and expects once, so that it's a connect here")
      }
      return
    }
    health["type"] = .text("tcp-script")
    for line in lines where line.words.dropFirst().first != "connect" || line.words.count == 2 { step(line, &health) }
    for line in lines where !ledger.isSettled(line) {
      ledger.refuse(line, nil, "a check connects to the server's port, or to another one (\"healthPort\")")
    }
    if health["expect"] == nil, health["expectHex"] == nil { health["type"] = .text("tcp") }
  }

  private mutating func step(_ line: Statement, _ health: inout Draft) {
    let words = line.words.dropFirst(2)
    switch (line.words.dropFirst().first, words.first) {
    case ("connect", nil): break
    case ("send", let text?): health["send"] = .text((health["send"].flatMap { $0.words } ?? "") + text).from(line.line)
    case ("send-binary", let hex?):
      health["sendHex"] = .text((health["sendHex"].flatMap { $0.words } ?? "") + hex).from(line.line)
    case ("expect", "string"): health["expect"] = .text(words.dropFirst().first ?? "").from(line.line)
    case ("expect", "binary"): health["expectHex"] = .text(words.dropFirst().first ?? "").from(line.line)
    default: return ledger.refuse(line, nil, "an answer is known by a text, or bytes, in it")
    }
    ledger.translate(line)
  }
}
