import Testing

@testable import Config

/// Documents made at random from the schema: every key has its turn, those that are added later too.
struct Variations {
  private var random: SplitMix
  private let long: JSONNode
  /// Whether the document says where ZooKeeper is: only then it can know backends.
  private var saysZooKeeper = false
  /// A key that is never left out where it may stand.
  var sought: String?

  init(seed: UInt64) throws {
    random = SplitMix(state: seed)
    let schema = try JSONParser.parse(Array(ConfigSchema.jsonSchema().utf8))
    guard let long = schema["then"] else { throw TestProblem("the schema has no long form") }
    self.long = long
  }

  /// A configuration; documents whose parts don't go together are skipped.
  mutating func configuration() throws -> Configuration {
    for _ in 0..<1000 {
      if let configuration = try? Configuration.parse(document().text) { return configuration }
    }
    throw TestProblem("none of 1,000 documents was right")
  }

  /// A document each of whose values keeps to the schema; that doesn't make it right.
  mutating func document() throws -> JSONNode { try value(of: long, at: "") }

  /// What may stand under keys whose form the schema doesn't tell.
  private static let texts: [String: [String]] = [
    "$schema": ["martlet.schema.json"],
    // A folder without such files.
    "include": ["/bin/"], "include[]": ["/bin"],
    "listeners[].name": ["a", "b", "c"],
    "listeners[].bind": ["0.0.0.0:80", ":81", "127.0.0.1:0", "[::1]:82", "[fe80::1%1]:83", "*:84-95", "unix:/run/a b"],
    "listeners[].pool": ["web", "b:2"],
    "listeners[].proxy.from[]": ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1", "0.0.0.0/0", "unix:"],
    "listeners[].routes[].name": ["db", "r.1"], "listeners[].routes[].pool": ["web", "b:2"],
    "listeners[].routes[].from": ["10.0.0.0/8"], "listeners[].routes[].from[]": ["192.0.2.1", "unix:"],
    "listeners[].routes[].sni": ["*", "a.Example"], "listeners[].routes[].sni[]": ["*.b.example", "c_1.example."],
    "listeners[].routes[].alpn": ["h2"], "listeners[].routes[].alpn[]": ["http/1.1", "x"],
    "listeners[].allow[]": ["10.0.0.0/8", "2001:db8::/32", "unix:"], "listeners[].deny[]": ["10.1.0.0/16", "::1"],
    "listeners[].allow.file": ["/etc/allowed.txt", "/a"], "listeners[].deny.file": ["/etc/blocked.txt", "/b"],
    "listeners[].limits.rate": ["2000/s", "30/m"], "listeners[].limits.perClient.rate": ["1/h", "1000000/s"],
    "listeners[].accessLog": ["stdout", "/var/log/a b", "syslog:10.0.0.9:514"],
    "listeners[].accessLog.to": ["/var/log/web.log", "syslog:[::1]:514"],
    "listeners[].accessLog.format": ["text", "json", "of {client} {{\t}} \"{cause}\""],
    "accessLog": ["/var/log/access.log", "syslog:unix:/dev/log"],
    "accessLog.to": ["stdout", "syslog:127.0.0.1:514"], "accessLog.format": ["text", "of {client}"],
    "listeners[].mode": ["0660"], "listeners[].user": ["0", "root"], "listeners[].group": ["0", "root"],
    "pools[].name": ["web", "b:2"],
    "pools[].backends[]": ["10.0.0.3:80", "cache.example:80"],
    "pools[].backends[].name": ["b1", "b2", "10.0.0.2:80", "B.3_-"],
    "pools[].backends[].address": [
      "10.0.0.1:80", "10.0.0.2:80", "[2001:db8::1]:80", "[fe80::1%1]:80", "10.0.0.4:same", "unix:/run/web",
      "web.example.:80", "web.example:same",
      String(repeating: "long.", count: 20) + "example:80",
    ],
    "pools[].backends[].healthAddress": ["10.9.9.9:81", "unix:/run/health", "health.example:81"],
    "pools[].backends[].srv": ["_web._tcp.example", "a.example"],
    "pools[].backends[].zookeeper": ["/services/db", "/a"],
    "pools[].backends[].file": ["/etc/targets.json", "/a"],
    // What must be at most, or at least, another one.
    "pools[].health.timeout": ["10ms", "999.999999ms"], "pools[].health.fastInterval": ["12.000001ms", "1s"],
    "pools[].health.slowInterval": ["1m", "1h"], "pools[].connect.timeout": ["1ms", "1s"],
    "pools[].ejection.base": ["10ms", "1s"],
    "pools[].health.address": ["10.8.8.8:80"],
    "pools[].health.path": ["/", "/é?a=\"b\""],
    "pools[].health.host": ["a.example", "[::1]:80"],
    "pools[].health.expect.status": ["200-399", "204", "500-500"],
    "pools[].health.expect.status[]": ["300-302", "404"],
    "pools[].health.expect.body": ["all well", " \"\\ \u{2028}"],
    "pools[].health.send": ["PING\r\n", "\0\t\u{7F}"],
    "pools[].health.sendHex": ["00 ff 80", "50494e47"],
    "pools[].health.expect": ["+PONG", "\u{FEFF}e\u{301}"],
    "pools[].health.expectHex": ["c3", "2b 50 ff"],
    "pools[].source": ["any", "client", "10.0.0.5"], "pools[].source[]": ["10.0.0.6", "10.0.0.7"],
    "pools[].interface": ["eth0", "br-lan.5"], "pools[].backends[].interface": ["eth1", "lo"],
    "pools[].backends[].source": ["any", "client", "2001:db8::5"],
    "pools[].backends[].source[]": ["10.0.0.7", "2001:db8::7"],
    "pools[].health.user": ["martlet", "u"], "pools[].health.database": ["postgres", "d"],
    "pools[].health.tls.ca": ["/etc/ca.pem", "/a"], "pools[].health.tls.certificate": ["/etc/lb.pem", "/c"],
    "pools[].health.tls.key": ["/etc/lb.pem", "/k"], "pools[].health.tls.serverName": ["web.example", "10.0.1.1"],
    "pools[].agent.send": ["web\n"],
    "stats.bind": ["127.0.0.1:9090", ":0", "unix:/run/stats"], "stats": ["127.0.0.1:9091"],
    "stats.hosts[]": ["stats.example", "a-1.b"],
    "stats.detail": ["pools", "backends"],
    "resolver.nameservers[]": ["10.0.0.53", "[::1]:5353", "::2"],
    "admin.socket": ["/run/admin", "/tmp/a b.sock"],
    "admin.mode": ["0660", "0000", "777"], "admin.readers": ["adm", "4"],
    "admin.state": ["/var/lib/state.json"],
    "fleet.name": ["edge", "core"], "fleet.nodes[].name": ["lb1", "lb2", "lb3", "lb4", "lb5", "lb6"],
    "fleet.nodes[].address": ["10.0.0.1:7400", "10.0.0.2:7400", "[2001:db8::1]:7400", "10.0.0.4:1", "10.0.0.5:65535"],
    "fleet.engine.servers[]": ["10.0.1.1:2181", "zk.example:2181", "[::1]:2181", "etcd.example:2379"],
    "fleet.engine.root": ["/martlet/edge", "/a"], "fleet.engine.auth": ["/etc/martlet/zookeeper", "/b"],
    "fleet.engine.tls.ca": ["/etc/ca.pem", "/a"], "fleet.engine.tls.certificate": ["/etc/lb.pem", "/c"],
    "fleet.engine.tls.key": ["/etc/lb.pem", "/k"],
    "fleet.engine.tls.serverName": ["zk.example", "ZK.Example.", "10.0.1.1", "2001:db8::1"],
    "fleet.key": ["/etc/martlet/fleet.key", "/k"], "fleet.data": ["/var/lib/martlet/fleet", "/srv/fleet"],
    "zookeeper.servers[]": ["10.0.1.1:2181", "zk.example:2181", "[::1]:2181"],
    "zookeeper.root": ["/services", "/a/b"], "zookeeper.auth": ["/etc/martlet/zookeeper", "/b"],
    "zookeeper.tls.ca": ["/etc/ca.pem", "/a"], "zookeeper.tls.certificate": ["/etc/lb.pem", "/c"],
    "zookeeper.tls.key": ["/etc/lb.pem", "/k"], "zookeeper.tls.serverName": ["zk.example", "10.0.1.1"],
    "fleet.addresses[].name": ["web", "mail"],
    "fleet.addresses[].address": ["10.0.0.100", "10.0.0.101", "2001:db8::25"],
    "fleet.addresses[].interface": ["eth0", "br-lan.5"], "fleet.addresses[].command[]": ["/bin/move", "/a b"],
    "fleet.addresses[].lease": ["3s", "4s", "1m"], "fleet.addresses[].prefer[]": ["lb1", "lb2", "lb3"],
  ]

  /// What fits nearly everywhere as a duration.
  private static let durations = ["1s", "2s", "1.000000001s", "5s", "10s", "30.5s", "1m"]

  private mutating func value(of schema: JSONNode, at path: String) throws -> JSONNode {
    if let constant = schema["const"] { return constant }
    if case .array(let words) = schema["enum"]?.value { return try #require(words.randomElement(using: &random)) }
    let condition = schema["if"]
    if condition?["type"] != nil {
      return try value(of: #require(schema[Bool.random(using: &random) ? "then" : "else"]), at: path)
    }
    if let constant = condition?["not"]?["const"], let other = schema["then"] {
      return Bool.random(using: &random) ? constant : try value(of: other, at: path)
    }
    // So that each key has its turn: the more of them, the more often.
    if case .array(let rules) = schema["allOf"]?.value,
      let variant = rules.filter({ $0["then"]?["additionalProperties"] != nil }).flatMap({ variant in
        (variant["then"]?["properties"]?.members ?? []).map { _ in variant }
      }).randomElement(using: &random)
    {
      return try object(of: #require(variant["then"]), at: path, constants: variant["if"]?["properties"]?.members ?? [])
    }
    switch schema["type"]?.value {
    case .string("object"): return try object(of: schema, at: path)
    case .string("array"):
      let (least, most) = (Self.number(schema["minItems"]), Self.number(schema["maxItems"]))
      let items = try #require(schema["items"])
      let count = Int.random(in: least...min(most, least + 1), using: &random)
      return JSONNode(try (0..<count).map { _ in try value(of: items, at: path + "[]") })
    case .string("boolean"): return JSONNode(value: .bool(Bool.random(using: &random)))
    case .string("number"):
      return ["0", "0.25", "1"].randomElement(using: &random).map { JSONNode(value: .number($0)) } ?? 0
    case .string("integer"):
      let (least, most) = (Self.number(schema["minimum"]), Self.number(schema["maximum"]))
      return JSONNode([least, most, .random(in: least...most, using: &random)].randomElement(using: &random) ?? least)
    default:
      if let text = Self.texts[path]?.randomElement(using: &random) { return JSONNode(text) }
      guard case .string(let pattern) = schema["pattern"]?.value, pattern.hasSuffix("ms)?$") else {
        throw TestProblem("no texts for \(path)")
      }
      return JSONNode(Self.durations.randomElement(using: &random) ?? "1s")
    }
  }

  /// An object with the keys it must have, and about half of the others.
  private mutating func object(
    of schema: JSONNode, at path: String, constants: [JSONNode.Member] = []
  ) throws -> JSONNode {
    var required: [JSONNode] = []
    if case .array(let keys) = (schema["required"] ?? schema["then"]?["required"])?.value { required = keys }
    var members: [(String, JSONNode)] = []
    if path.isEmpty {
      saysZooKeeper =
        Bool.random(using: &random) || isSought("zookeeper", in: "") || sought == "pools[].backends[].zookeeper"
    }
    for property in schema["properties"]?.members ?? [] {
      if path.isEmpty, property.key == "zookeeper", !saysZooKeeper { continue }
      if let constant = constants.first(where: { $0.key == property.key }) {
        members.append((property.key, try value(of: constant.value, at: path)))
      } else if required.contains(where: { $0.value == .string(property.key) }) || Bool.random(using: &random)
        || isSought(property.key, in: path) || path.isEmpty && property.key == "zookeeper"
      {
        let inner = path.isEmpty ? property.key : "\(path).\(property.key)"
        members.append((property.key, try value(of: property.value, at: inner)))
      }
    }
    // With a witness among them most of what may stand elsewhere isn't right.
    if path == "fleet.nodes[]", Int.random(in: 0..<5, using: &random) > 0 { members.removeAll { $0.0 == "role" } }
    switch path {
    case "listeners[]": members = Self.listener(members)
    case "pools[]":
      members = Self.pool(members)
      // Most addresses aren't of its kind.
      if !isSought("source", in: path) { members.removeAll { $0.0 == "source" } }
    case "pools[].backends[]": members = backend(members)
    case "pools[].health.tls": members = Self.tls(members)
    default: break
    }
    return JSONNode(members)
  }

  /// Whether a key is the one that is looked for, or it's in there.
  private func isSought(_ key: String, in path: String) -> Bool {
    guard let sought else { return false }
    let inner = path.isEmpty ? key : "\(path).\(key)"
    return sought == inner || sought.hasPrefix(inner + ".") || sought.hasPrefix(inner + "[")
  }

  /// A backend's keys with one that says where it is, and without those that don't go with it.
  private mutating func backend(_ members: [(String, JSONNode)]) -> [(String, JSONNode)] {
    let path = "pools[].backends[]"
    let all = ["address", "srv", "file"] + (saysZooKeeper ? ["zookeeper"] : [])
    let places = all.filter { key in members.contains { $0.0 == key } }
    let place = places.first { isSought($0, in: path) } ?? places.randomElement(using: &random) ?? "address"
    let check = isSought("healthPort", in: path) ? "healthAddress" : "healthPort"
    let isUnix = place == "address" && members.contains { $0.0 == place && $0.1.text.hasPrefix("\"unix:") }
    return members.filter { key, _ in
      if ["address", "srv", "file", "zookeeper"].contains(key) { return key == place }
      if isUnix, ["source", "interface", "mark", "dscp", "healthPort"].contains(key) { return false }
      return key != check && (key != "source" || place != "address" || isSought(key, in: path))
    }
  }

  /// A listener's keys without those that aren't for its kind of address.
  private static func listener(_ members: [(String, JSONNode)]) -> [(String, JSONNode)] {
    let isUnix = members.contains { $0.0 == "bind" && $0.1.text.hasPrefix("\"unix:") }
    let others: Set = isUnix ? ["freebind"] : ["mode", "user", "group"]
    return members.filter { !others.contains($0.0) }
  }

  /// A pool's keys without an agent where a backend has no port.
  private static func pool(_ members: [(String, JSONNode)]) -> [(String, JSONNode)] {
    let isUnix = members.contains { $0.0 == "backends" && $0.1.text.contains("unix:/run/web") }
    return members.filter { $0.0 != "agent" || !isUnix }
  }

  /// The keys of TLS without a certificate that has no key, and without a CA where nobody looks.
  private static func tls(_ members: [(String, JSONNode)]) -> [(String, JSONNode)] {
    let isWhole = members.count { ["certificate", "key"].contains($0.0) } == 2
    let isBlind = members.contains { $0.0 == "verify" && $0.1 == false }
    return members.filter { (isWhole || !["certificate", "key"].contains($0.0)) && ($0.0 != "ca" || !isBlind) }
  }

  private static func number(_ node: JSONNode?) -> Int {
    if case .number(let text) = node?.value { Int(text) ?? 0 } else { 0 }
  }
}

/// Why a test can't go on.
struct TestProblem: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
