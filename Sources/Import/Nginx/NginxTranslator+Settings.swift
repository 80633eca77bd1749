// What a server says of its connections to backends, which pools say here.

extension NginxTranslator {
  /// Checks are a part of NGINX Plus.
  mutating func health(_ pool: inout Draft, of server: NginxServer) {
    guard let check = take(server, "health_check") else {
      pool["health"] = .object("Nothing was checked. \"tcp\" would tell those that are gone before a client finds out.")
      pool["health"]?["type"] = .text("none")
      return
    }
    var health = Draft.object(line: check.line)
    health["type"] = .text("tcp")
    health["interval"] = .text("5s")
    var counts = ["rise": 1, "fall": 1]
    for word in check.arguments {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      switch (parts[0], parts.count == 2 ? parts[1] : "") {
      case ("interval", let text): health["interval"] = NginxTime.read(text).map { .duration($0) }
      case ("passes", let text): counts["rise"] = Int(text)
      case ("fails", let text): counts["fall"] = Int(text)
      case ("port", let text): health["port"] = Int(text).map { .number($0) }
      case ("jitter", _): break
      default: ledger.refuse(check, word, "a check connects, or sends and expects bytes (\"tcp-script\")")
      }
    }
    for key in ["rise", "fall"] { health[key] = counts[key].map { .number($0) } }
    pool["health"] = health
  }

  /// What a server says of its connections to backends.
  mutating func settings(_ pool: inout Draft, of server: NginxServer, count: Int) {
    let connect = time(server, "proxy_connect_timeout", .seconds(60))
    let tries = take(server, "proxy_next_upstream_tries").flatMap { $0.arguments.first.flatMap { Int($0) } } ?? 0
    let whole = time(server, "proxy_next_upstream_timeout", .zero).duration
    let goesOn = take(server, "proxy_next_upstream")?.arguments.first != "off"
    let attempts = goesOn ? min(max(tries == 0 ? count : min(tries, count), 1), 16) : 1
    var object = Draft.object(line: connect.line)
    let timeout = min(max(connect.duration, .milliseconds(1)), .seconds(3600))
    object["timeout"] = .duration(timeout)
    object["deadline"] = .duration(min(whole == .zero ? timeout * attempts : max(whole, timeout), .seconds(3600)))
    object["attempts"] = .number(attempts)
    pool["connect"] = object
    let idle = time(server, "proxy_timeout", .seconds(600))
    var timeouts = Draft.object(line: idle.line)
    let limited = min(max(idle.duration, .milliseconds(10)), .seconds(2_592_000))
    timeouts["idle"] = .duration(limited)
    // Without it both sides end as soon as one of them has, which a silence of some time comes near to.
    if isOn(server, "proxy_half_close") { timeouts["halfClosed"] = .duration(limited) }
    pool["timeouts"] = timeouts
    if isOn(server, "proxy_protocol") { pool["sendProxy"] = .text("v1").from(server.all("proxy_protocol").last?.line) }
    guard let bind = take(server, "proxy_bind"), let address = bind.arguments.first, address != "off" else { return }
    if address == "$remote_addr" {
      pool["source"] = .text("client").from(bind.line)
    } else if address.contains("$") {
      ledger.refuse(bind, nil, "it's the client's own address, or one that is named")
    } else {
      pool["source"] = .text(address).from(bind.line)
    }
  }
}
