import FoundationEssentials
import Testing

@testable import Config

@Suite("The difference of two configurations")
struct DifferenceTests {
  private static let base = """
    {
      listeners: [{ name: 'web', bind: '0.0.0.0:80', pool: 'web' }, { name: 'old', bind: '0.0.0.0:81', pool: 'web' }],
      pools: [
        { name: 'web', backends: ['10.0.0.1:80', { name: 'b2', address: '10.0.0.2:80', weight: 3 }] },
        { name: 'db', backends: ['10.0.1.1:5432'] } ],
      stats: '127.0.0.1:9090'
    }
    """

  /// What changes if parts of the text above are written in another way.
  private func difference(_ replacements: (old: String, new: String)...) throws -> ConfigurationDifference {
    var text = Self.base
    for (old, new) in replacements {
      let range = try #require(text.firstRange(of: old))
      text.replaceSubrange(range, with: new)
    }
    return ConfigurationDifference(from: try Configuration.parse(Self.base), to: try Configuration.parse(text))
  }

  @Test func theSameIsNoDifference() throws {
    let none = try difference(("stats: '127.0.0.1:9090'", "stats: { bind: '127.0.0.1:9090' }, log: { level: 'info' }"))
    #expect(none.isEmpty && none.severity == .none && none.lines.isEmpty)
  }

  @Test func theOrderDoesNotCount() throws {
    let swapped = try difference(
      (
        "'10.0.0.1:80', { name: 'b2', address: '10.0.0.2:80', weight: 3 }",
        "{ name: 'b2', address: '10.0.0.2:80', weight: 3 }, '10.0.0.1:80'"
      ))
    #expect(swapped.isEmpty)
  }

  @Test func whatIsDoubtfulDoesNotCount() throws {
    var configuration = try Configuration.parse(Self.base)
    let same = configuration
    configuration.warnings = []
    #expect(!same.warnings.isEmpty && ConfigurationDifference(from: same, to: configuration).isEmpty)
  }

  @Test(
    "one change is one line",
    arguments: [
      ("weight: 3", "weight: 4", .additive, ["~ backend web/10.0.0.2:80: weight 3 → 4"]),
      ("name: 'b2', ", "", .additive, ["~ backend web/10.0.0.2:80: name b2 → 10.0.0.2:80"]),
      (
        "weight: 3", "weight: 3, healthAddress: '10.0.0.2:81'", .additive,
        ["~ backend web/10.0.0.2:80: healthAddress 10.0.0.2:80 → 10.0.0.2:81"]
      ),
      (
        "'10.0.0.1:80', ", "'10.0.0.1:80', 'unix:/run/b', ", .additive, ["+ backend web/unix:/run/b (tier 0, weight 1)"]
      ),
      (
        ", { name: 'b2', address: '10.0.0.2:80', weight: 3 }", "", .disruptive,
        ["- backend web/10.0.0.2:80 (b2, tier 0, weight 3)"]
      ),
      (
        "name: 'web', backends", "name: 'web', strategy: 'random', backends", .additive,
        ["~ pool web: strategy round-robin → random"]
      ),
      (
        "name: 'web', backends", "name: 'web', ejection: 'off', backends", .additive,
        [#"~ pool web: ejection { "failures": 3, "base": "5s", "max": "1m" } → off"#]
      ),
      (
        "name: 'web', backends", "name: 'web', stick: {}, backends", .additive,
        [#"~ pool web: stick off → { "for": "30m", "size": 100000, "replicate": "async" }"#]
      ),
      (
        "name: 'web', backends", "name: 'web', guard: { rate: 9 }, timeouts: { maxAge: '1d' }, backends", .additive,
        ["~ pool web: timeouts.maxAge unlimited → 1d", "~ pool web: guard.rate unlimited → 9"]
      ),
      (
        "name: 'web', backends", "name: 'web', health: { type: 'tcp-script', expect: 'a\\nb' }, backends", .additive,
        ["~ pool web: health.type tcp → tcp-script", "~ pool web: health.expect none → a\\u{a}b"]
      ),
      (
        "{ name: 'db'", "{ name: 'api', backends: ['10.0.2.1:80'] }, { name: 'db'", .additive,
        ["+ pool api", "+ backend api/10.0.2.1:80 (tier 0, weight 1)"]
      ),
      (
        ",\n    { name: 'db', backends: ['10.0.1.1:5432'] }", "", .disruptive,
        ["- pool db", "- backend db/10.0.1.1:5432 (tier 0, weight 1)"]
      ),
      (
        "'db'", "'sql'", .disruptive,
        [
          "+ pool sql", "- pool db", "+ backend sql/10.0.1.1:5432 (tier 0, weight 1)",
          "- backend db/10.0.1.1:5432 (tier 0, weight 1)",
        ]
      ),
      (
        "80', pool: 'web' }", "80', pool: 'db', maxSessions: 5 }", .additive,
        ["~ listener web: pool web → db", "~ listener web: maxSessions unlimited → 5"]
      ),
      ("0.0.0.0:81", "0.0.0.0:82", .disruptive, ["~ listener old: bind 0.0.0.0:81 → 0.0.0.0:82"]),
      (
        "'old'", "'new'", .disruptive,
        ["+ listener new (0.0.0.0:81, keeps the socket of old)", "- listener old (0.0.0.0:81)"]
      ),
      (", { name: 'old', bind: '0.0.0.0:81', pool: 'web' }", "", .disruptive, ["- listener old (0.0.0.0:81)"]),
      (
        "'0.0.0.0:81', pool: 'web' }", "'0.0.0.0:81', pool: 'web' }, { bind: ':82', pool: 'db' }", .additive,
        ["+ listener listener-3 ([::]:82)"]
      ),
      (
        "stats: '127.0.0.1:9090'", "", .additive,
        ["~ stats { \"bind\": \"127.0.0.1:9090\", \"hosts\": [], \"detail\": \"backends… → none"]
      ),
      (
        "9090'", "9091', eviction: { rate: 5 }", .additive,
        ["~ stats.bind 127.0.0.1:9090 → 127.0.0.1:9091", "~ eviction.rate 100 → 5"]
      ),
      (
        "9090'", "9090', resolver: { nameservers: ['::1'] }, reload: 'watch'", .additive,
        ["~ resolver.nameservers [] → [\"[::1]:53\"]", "~ reload signal → watch"]
      ),
      (
        "9090'", "9090', workers: 3, admin: { socket: '/run/a' }", .disruptive,
        [
          "! workers per-core → 3 (the workers are started with the program: restart it)",
          "! admin.socket none → /run/a (the admin socket is opened when the program starts: restart it)",
        ]
      ),
      (
        "9090'", "9090', \(fleet)", .disruptive,
        [
          "! fleet none → { \"name\": \"edge\", \"nodes\": [{ \"name\": \"lb1\", \"address\": \"10.… (a node knows its fleet from its start on: restart it, node by node)"
        ]
      ),
    ] as [(String, String, ConfigurationDifference.Severity, [String])])
  func oneChange(
    _ old: String, _ new: String, _ severity: ConfigurationDifference.Severity, _ lines: [String]
  ) throws {
    let difference = try difference((old, new))
    #expect(difference.lines == lines)
    #expect(difference.severity == severity && !difference.isEmpty)
  }

  private static let fleet = """
    fleet: { name: 'edge', nodes: [{ name: 'lb1', address: '10.0.0.1:1' }, { name: 'lb2', address: '10.0.0.2:1' }],
      engine: { type: 'zookeeper', servers: ['zk:1'] }, key: '/k',
      addresses: [{ name: 'web', address: '10.0.0.9', interface: 'eth0' }] }
    """

  @Test("another role takes a restart, and the one that's meant anyway is none") func changedRole() throws {
    func configuration(_ role: String) throws -> Configuration {
      let node = "{ name: 'lb2', address: '10.0.0.2:1'\(role) }"
      return try Configuration.parse(
        """
        { listen: ':80', backends: ['10.9.9.9:80'], fleet: { name: 'edge', key: '/k',
          nodes: [{ name: 'lb1', address: '10.0.0.1:1' }, \(node)], engine: { type: 'embedded', preview: true } } }
        """)
    }
    let before = try configuration("")
    let difference = ConfigurationDifference(from: before, to: try configuration(", role: 'witness'"))
    #expect(
      difference.lines == [
        "! fleet.nodes[1].role none → witness (a node knows its fleet from its start on: restart it, node by node)"
      ])
    #expect(try ConfigurationDifference(from: before, to: configuration(", role: 'server'")).isEmpty)
  }

  @Test(
    "whatever changes in a fleet takes a restart, and says from what to what",
    arguments: [
      ("/k", "/key", "! fleet.key /k → /key"), ("zk:1", "zk:2", "! fleet.engine.servers [\"zk:1\"] → [\"zk:2\"]"),
      ("'eth0'", "'eth1'", "! fleet.addresses[0].interface eth0 → eth1"),
      ("10.0.0.2:1", "10.0.0.2:2", "! fleet.nodes[1].address 10.0.0.2:1 → 10.0.0.2:2"),
      (
        " }, { name: 'lb2'", " }, { name: 'lb3', address: '10.0.0.3:1' }, { name: 'lb2'",
        "! fleet.nodes [{ \"name\": \"lb1\", "
      ),
      ("addresses: [", "data: '/d', addresses: [", "! fleet.data /var/lib/martlet/fleet → /d"),
    ])
  func changedFleet(_ old: String, _ new: String, _ line: String) throws {
    func configuration(_ fleet: String) throws -> Configuration {
      try Configuration.parse("{ listen: ':80', backends: ['10.9.9.9:80'], \(fleet) }")
    }
    var other = Self.fleet
    other.replaceSubrange(try #require(other.firstRange(of: old)), with: new)
    let difference = ConfigurationDifference(from: try configuration(Self.fleet), to: try configuration(other))
    #expect(difference.lines.count == 1 && difference.lines[0].hasPrefix(line), "\(difference.lines)")
    #expect(difference.needsRestart.count == 1 && difference.severity == .disruptive)
    #expect(difference.lines[0].hasSuffix(" over)") == line.hasPrefix("! fleet.engine"))
  }

  @Test func listenersThatSwapTheirAddressesKeepEachOthersSockets() throws {
    let swapped = try difference(
      ("0.0.0.0:80", "0.0.0.0:8"), ("0.0.0.0:81", "0.0.0.0:80"), ("0.0.0.0:8'", "0.0.0.0:81'"))
    #expect(swapped.listeners.map(\.change) == [.moved, .moved])
    #expect(swapped.listeners.map(\.keepsSocketOf) == ["old", "web"])
    #expect(swapped.lines.last == "~ listener old: keeps the socket of web")
  }

  @Test func aSocketIsKeptByOneListenerOnly() throws {
    let from = try Configuration.parse(
      "{ listeners: [{ name: 'a', bind: '127.0.0.1:0' }], pools: [{ name: 'p', backends: ['10.0.0.1:80'] }] }")
    let to = try Configuration.parse(
      """
      { listeners: [{ name: 'b', bind: '127.0.0.1:0' }, { name: 'c', bind: '127.0.0.1:0' }],
        pools: [{ name: 'p', backends: ['10.0.0.1:80'] }] }
      """)
    #expect(ConfigurationDifference(from: from, to: to).listeners.map(\.keepsSocketOf) == ["a", nil, nil])
    #expect(ConfigurationDifference(from: to, to: from).listeners.map(\.keepsSocketOf) == ["b", nil, nil])
  }

  @Test func aListenerThatStaysKeepsItsSocketToItself() throws {
    let added = try difference(("{ name: 'old'", "{ name: 'x', bind: '127.0.0.1:0', pool: 'db' }, { name: 'old'"))
    #expect(added.listeners.map(\.name) == ["x"] && added.listeners[0].keepsSocketOf == nil)
  }

  @Test func everyKeyThatNeedsARestartIsAKey() {
    let top = Set(ConfigSchema.longKeys.map { String($0.path.prefix { $0 != "." && $0 != "[" }) })
    #expect(ConfigurationDifference.fixed.keys.allSatisfy { top.contains(String($0)) })
  }

  /// A key in any element of a list: `fleet.nodes[].name`.
  private static func withoutPlaces(_ key: String) -> String {
    key.split(separator: "[", omittingEmptySubsequences: false).enumerated().map { index, part in
      index == 0 ? String(part) : String(part.drop { $0.isNumber })
    }.joined(separator: "[")
  }

  @Test func itIsTheSameAfterJSON() throws {
    var variations = try Variations(seed: 6)
    let difference = ConfigurationDifference(from: try variations.configuration(), to: try variations.configuration())
    let data = try JSONEncoder().encode(difference)
    #expect(try JSONDecoder().decode(ConfigurationDifference.self, from: data) == difference)
    #expect(!difference.isEmpty)
  }

  /// Whatever is changed in the old configuration as the difference says comes to the new one, and to nothing else.
  @Test func itSaysExactlyWhatChanges() throws {
    var variations = try Variations(seed: 7)
    let described = ConfigSchema.longKeys.filter { key in
      !ConfigSchema.longKeys.contains { $0.path.hasPrefix(key.path + ".") || $0.path.hasPrefix(key.path + "[") }
    }
    // Names and addresses tell elements apart; where checks go is the backends', who is told of clients, and
    // how connections leave.
    let others: Set = [
      "$schema", "include", "listeners[].name", "pools[].name", "pools[].backends[].address", "pools[].health.port",
      "pools[].health.address", "pools[].sendProxy.version", "pools[].sendProxy.tlvs", "pools[].source",
      "pools[].interface", "pools[].mark", "pools[].dscp", "pools[].backends[].srv", "pools[].backends[].file",
      "pools[].backends[].zookeeper",
    ]
    var unseen = Set(described.map(\.path))
    var old = try variations.configuration()
    var count = 0
    while count < 800 || count < 4_000 && unseen != others {
      count += 1
      // Some keys are rare, and some have one value alone.
      variations.sought = count < 400 || count % 3 == 0 ? nil : unseen.subtracting(others).min()
      let new = try variations.configuration()
      let difference = ConfigurationDifference(from: old, to: new)
      var texts = try Texts(old)
      texts.apply(difference, to: try Texts(new))
      #expect(texts == (try Texts(new)), "\(difference.lines.joined(separator: "\n"))")
      #expect(ConfigurationDifference(from: new, to: new).isEmpty && (difference.isEmpty == old.isSame(as: new)))
      unseen.subtract(difference.keys.map(Self.withoutPlaces))
      old = new
    }
    #expect(unseen == others)
  }
}

extension ConfigurationDifference {
  /// The paths of the keys that differ.
  fileprivate var keys: [String] {
    listeners.flatMap { $0.fields.map { "listeners[].\($0.key)" } }
      + pools.flatMap { $0.fields.map { "pools[].\($0.key)" } }
      + backends.flatMap { $0.fields.map { "pools[].backends[].\($0.key)" } } + settings.map(\.key)
      + needsRestart.map(\.key)
  }
}
