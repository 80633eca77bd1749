import Support
import Testing

@testable import Config

/// A validator that isn't ours: Python's.
private enum Validator {
  static let isThere = (try? Subprocess.run("python3", ["-c", "import jsonschema"]).exit) == .code(0)

  /// How many errors it finds in each of some documents.
  static func errors(in documents: [JSONNode]) throws -> [Int] {
    let program = """
      import json, sys
      from jsonschema import Draft202012Validator
      schema, *documents = sys.stdin.read().split("\\0")
      schema = json.loads(schema)
      Draft202012Validator.check_schema(schema)
      validator = Draft202012Validator(schema)
      for document in documents:
          print(sum(1 for error in validator.iter_errors(json.loads(document))))
      """
    let input = ([ConfigSchema.jsonSchema()] + documents.map(\.lineText)).joined(separator: "\0")
    let result = try Subprocess.run("python3", ["-c", program], input: input, limit: .seconds(120))
    let numbers = result.output.split(separator: "\n").compactMap { Int($0) }
    guard result.exit == .code(0), numbers.count == documents.count else { throw TestProblem(result.errors) }
    return numbers
  }
}

/// What a JSON Schema can say, ours says: an editor with it shows what the program would refuse, and nothing else.
@Suite(
  "The schema, as another program reads it",
  .enabled(if: Validator.isThere, "Python's jsonschema isn't installed; make test installs it"))
struct ValidatorTests {
  @Test func whatTheProgramTakesTheSchemaTakes() throws {
    try expect(Self.right, errors: 0...0) { problems($0).isEmpty }
  }

  @Test func whatTheProgramRefusesTheSchemaRefuses() throws {
    try expect(Self.wrong, errors: 1...100) { !problems($0).isEmpty }
  }

  @Test func nineErrorsAreNine() throws {
    let text = """
      { listeners: [{ bind: ':70000', maxSessions: 0 }, { bind: ':80', colour: 1 }],
        pools: [{ name: 'a b', strategy: 'x', backends: ['10.0.0.1', { address: 'a:80', weight: 999 }],
                  health: { interval: '1ms' }, ejection: { failures: 0 } }] }
      """
    #expect(problems(text).count == 9)
    try expect([text], errors: 9...9) { !problems($0).isEmpty }
  }

  /// Either of the long form's keys makes it one: only the other one is missing then.
  @Test func oneKeyOfTheLongFormIsEnoughToBeReadAsOne() throws {
    try expect(
      ["{ pools: [{ name: 'a', backends: ['a:1'] }] }", "{ listeners: [{ bind: ':80' }] }"], errors: 1...1
    ) {
      problems($0).count == 1
    }
  }

  @Test func documentsMadeFromTheSchemaAreNeverRefusedOnlyByIt() throws {
    var variations = try Variations(seed: 6)
    var taken: [JSONNode] = []
    for _ in 0..<1000 {
      let document = try variations.document()
      if problems(document.text).isEmpty { taken.append(document) }
    }
    #expect(taken.count > 100)
    for (document, count) in zip(taken, try Validator.errors(in: taken)) { #expect(count == 0, "\(document.text)") }
  }

  @Test func theExamplesAndWhatIsWrittenOfThemKeepToTheSchema() throws {
    let documents = try ["reference.json", "minimal.json", "demo.json", "martlet.json"].flatMap { name in
      let path = "\(examples)/\(name)"
      let written = try Configuration.load(path: path).render()
      return [try JSONParser.parse(Configuration.bytes(of: path)), try JSONParser.parse(Array(written.utf8))]
    }
    #expect(try Validator.errors(in: documents) == documents.map { _ in 0 })
  }

  /// The reference with a value replaced, a key renamed or a part doubled, and what the program makes of it.
  @Test func aDamagedReferenceNeverCrashesAndTheSchemaRefusesNothingThatIsRight() throws {
    let reference = try JSONParser.parse(Configuration.bytes(of: "\(examples)/reference.json"))
    var random = SplitMix(state: 3)
    var taken: [JSONNode] = []
    for _ in 0..<1000 {
      var rest = Int.random(in: 0..<reference.size, using: &random)
      let damaged = reference.damaged(at: &rest, &random)
      do throws(ConfigErrors) {
        _ = try Configuration.parse(damaged.text)
        taken.append(damaged)
      } catch {
        #expect(error.errors.allSatisfy { !$0.message.isEmpty && !$0.hint.isEmpty && $0.line != nil })
      }
    }
    #expect((10..<500).contains(taken.count))
    for (document, count) in zip(taken, try Validator.errors(in: taken)) { #expect(count == 0, "\(document.text)") }
  }

  private func expect(_ texts: [String], errors: ClosedRange<Int>, _ program: (String) -> Bool) throws {
    let documents = try texts.map { try JSONParser.parse(Array($0.utf8)) }
    for (text, count) in zip(texts, try Validator.errors(in: documents)) {
      #expect(
        errors.contains(count) && program(text), "\(text) has \(count) errors in the schema, and \(problems(text))")
    }
  }

  /// What the program takes: edges of ranges, and every way to write something.
  private static let right: [String] =
    [
      "{ listen: ':80', backends: ['10.0.0.1:80'] }", "{ listen: [':80', '[::1]:81'], backends: ['a:1', 'a:65535'] }",
      "{ listeners: [{ bind: ':0' }, { bind: ':0' }], pools: [{ name: 'a', backends: ['a:1'] }] }",
      "{ listeners: [{ bind: ':80', pool: 'b' }], pools: [{ name: 'a', backends: ['a:1'] }, { name: 'b', backends: ['a:1'] }] }",
    ]
    + addresses.map { "{ listen: ':65535', backends: ['\($0)'] }" }
    + binds.map { "{ listen: '\($0)', backends: ['10.9.9.9:80'] }" }
    + keys.map { "{ listen: ':80', backends: ['10.0.0.1:80'], \($0) }" }
    + fleets.map { fleet($0) } + floating.map { fleet("addresses: [{ name: 'web', \($0) }]") }

  private static let addresses = [
    "10.0.0.1:80", "0.0.0.1:1", "255.255.255.254:00080", "[::1]:80", "[1:2:3:4:5:6:7::]:80", "[::1:2:3:4:5:6:7]:80",
    "[::ffff:10.0.0.1]:80", "[2001:DB8::a]:80", "[fe80::1%1]:80", "a:80", "A_b-c.example.:80", "1a.2b:80", "1-2:80",
    "unix:/run/a", "unix:/run/a b/é.sock", "localhost:80", "LocalHost:81", "[fd00::1]:80", "xn--a.b:1",
    "unix:/\(String(repeating: "x", count: 106))", String(repeating: "a", count: 63) + ".b:80",
  ]
  private static let binds = [
    ":0", ":80", "*:80", "0.0.0.0:80", "[::]:80", "localhost:80", "LOCALHOST:81", "unix:/run/a", "[fe80::1%1]:0",
  ]
  private static let keys = [
    "workers: 1", "workers: 256", "workers: 3e0", "workers: 4.0", "workers: 'per-core'", "ejection: 'off'",
    "ejection: {}", "stick: {}", "stick: 'off'", "stick: { replicate: 'ack-one' }", "stick: { for: '1s', size: 1 }",
    "stick: { for: '30d', size: 1e7 }",
    "admin: 'off'", "admin: {}", "admin: { mode: '660', socket: '/a', state: '/a/b c' }", "stats: '127.0.0.1:9090'",
    "stats: { bind: 'unix:/run/stats' }", "slowStart: '0s'", "slowStart: '1h'", "slowStart: '60m'",
    "slowStart: '3600s'",
    "slowStart: '3600000ms'", "slowStart: '59m59.999999999s'", "slowStart: '0.5ms'", "slowStart: '0001h'",
    "slowStart: '0d'", "slowStart: '0.01d'", "slowStart: '0d0h0m0s0ms'",
    "timeouts: { idle: '10ms', halfClosed: '30d' }", "timeouts: { idle: 'unlimited' }",
    "timeouts: { idle: '0.01s', maxAge: '720h' }", "timeouts: { maxAge: 'unlimited' }", "timeouts: { maxAge: '1s' }",
    "guard: { rate: 1000000, connecting: 'unlimited', wait: '1m', queue: 0 }", "resolver: { nameservers: [] }",
    "resolver: { nameservers: ['10.0.0.1', '10.0.0.1:53', '::1', '[::1]:5353', 'fe80::1%1'] }",
    "health: {}", "health: { type: 'none' }", "health: { type: 'tcp', port: 65535 }", "health: { address: 'a:1' }",
    "health: { interval: '10ms' }", "health: { type: 'http', path: '/é?a', host: '[::1]:80' }",
    "health: { type: 'http', method: 'HEAD', expect: { status: 599 } }",
    "health: { type: 'http', expect: { status: ['100-599', 200], body: 'a b' } }",
    "health: { type: 'tcp-script', expect: '\\u0000' }", "health: { type: 'tcp-script', expectHex: ' 00  ffEE ' }",
    "health: { type: 'tcp-script', send: 'x', expectHex: '00' }", "queue: { size: 0, timeout: '1ms' }",
    "'$schema': 'a b'", "log: { level: 'trace', format: 'json' }", "eviction: { rate: 100000, patience: '0ms' }",
    "reload: 'watch'", "onRemove: 'close', drainLimit: '30d'", "shutdown: { drain: '24h' }",
  ]

  /// What the program refuses, as far as a schema can see it.
  private static let wrong: [String] =
    [
      "{}", "[]", "{ workers: 2 }", "{ listen: ':80' }", "{ backends: ['10.0.0.1:80'] }",
      "{ listen: [], backends: ['a:1'] }",
      "{ listen: ':80', backends: [] }", "{ listen: ':80', backends: 'a:1' }",
      "{ listen: ':80', backends: ['a:1', 'a:1'] }",
      "{ listen: ':80', backends: [{ address: 'a:1', weight: 0 }] }", "{ listen: ':80', backends: [{ weight: 1 }] }",
      "{ listen: ':80', backends: [{ address: 'a:1', weight: 0.0 }, { address: 'b:1', weight: 0 }] }",
      "{ listen: ':80', backends: ['unix:/a'], health: { port: 80 } }",
      "{ listen: ':80', backends: [{ address: 'unix:/a' }], health: { port: 80 } }",
      "{ listen: ':80', listeners: [{ bind: ':81' }], pools: [{ name: 'a', backends: ['a:1'] }] }",
      "{ listeners: [{ bind: ':81' }], pools: [{ name: 'a', backends: ['a:1'] }, { name: 'b', backends: ['a:1'] }] }",
      "{ listeners: [{ bind: ':81' }], pools: [{ backends: ['a:1'] }] }",
      "{ listeners: [{ bind: ':81' }], pools: [{ name: 'a', backends: ['unix:/a'], health: { port: 80 } }] }",
      "{ listeners: [{ name: 'a b', bind: ':81' }], pools: [{ name: 'a', backends: ['a:1'] }] }",
      "{ listeners: [{ bind: ':81' }], pools: [{ name: 'a', backends: ['a:1'], colour: 1 }] }",
      "{ listeners: [{ bind: ':81' }], pools: [{ name: 'a', backends: ['a:1'] }], strategy: 'random' }",
      "{ listeners: [{ bind: ':81' }] }", "{ pools: [{ name: 'a', backends: ['a:1'] }] }",
    ]
    + wrongAddresses.map { "{ listen: ':65535', backends: ['\($0)'] }" }
    + wrongBinds.map { "{ listen: '\($0)', backends: ['10.9.9.9:80'] }" }
    + wrongKeys.map { "{ listen: ':80', backends: ['10.0.0.1:80'], \($0) }" }
    + wrongFleets.map { fleet($0) } + wrongFloating.map { fleet("addresses: [{ name: 'web', \($0) }]") }

  private static let wrongAddresses = [
    "", "10.0.0.1", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:70000", "10.0.0.1:99999", "10.0.0.1:100000",
    "10.0.0.1:+80", "10.0.0.1:80 ", " 10.0.0.1:80", "10.0.0.256:80", "10.0.0.01:80", "10.0.0:80", "a.5:80", ":80", "80",
    "::1:80", "[::1]", "[::1]:0", "[10.0.0.1]:80", "[]:80", "0.0.0.0:80", "[::]:80", "[fe80::1]:80", "[FE80::1]:80",
    "http://a:80", "http://a:80/", "a b:80", "a..b:80", "-a.b:80", "bücher:80", "unix:", "unix:a", "unix:/", "unix:/a/",
    "unix:/\(String(repeating: "x", count: 107))", "a:80/tcp", "10.0.0.1:80,10.0.0.2:80",
  ]
  private static let wrongBinds = [
    "", "80", ":", ":65536", ":-1", "web.example:80", "10.0.0.256:80", "[::1]", "::1:80", "[fe80::1]:80", "unix:",
    "unix:a/",
  ]
  private static let wrongKeys = [
    "workers: 0", "workers: 257", "workers: 1.5", "workers: '2'", "workers: 'auto'", "workers: true", "workers: null",
    "colour: 1", "strategy: 'rr'", "strategy: 3", "slowStart: 10", "slowStart: '10'", "slowStart: ''",
    "slowStart: '2h'",
    "slowStart: '61m'", "slowStart: '3601s'", "slowStart: '3600001ms'", "slowStart: '1d'", "slowStart: '10 s'",
    "slowStart: '-2s'", "slowStart: '1s1h'", "slowStart: '1s1s'", "slowStart: '1.s'", "slowStart: '.5s'",
    "slowStart: 's'",
    "slowStart: '99999999999999s'", "slowStart: '1.1234567891s'", "timeouts: { idle: '9ms' }",
    "timeouts: { idle: '0s' }",
    "timeouts: { idle: '31d' }", "timeouts: { maxAge: 'ever' }", "timeouts: { maxAge: '999ms' }", "timeouts: []",
    "guard: { rate: 0 }", "guard: { rate: 1000001 }", "guard: { rate: 'none' }", "guard: { wait: '61s' }",
    "guard: 'off'",
    "stats: 9090", "stats: {}", "stats: ':70000'", "stats: 'off'", "stats: { bind: 'a:80' }", "ejection: 'of'",
    "stick: true", "stick: { replicate: 'one' }", "stick: { for: '0s' }", "stick: { size: 0 }",
    "stick: { size: 10000001 }", "stick: { of: 1 }",
    "ejection: false", "ejection: { failures: 0 }", "ejection: { base: 'x' }", "admin: 'of'", "admin: { mode: 660 }",
    "admin: { mode: '0888' }", "admin: { mode: '00660' }", "admin: { socket: 'a' }", "admin: { socket: '/a/' }",
    "admin: { socket: '/\(String(repeating: "x", count: 107))' }", "admin: { state: '/a\\u0000b' }",
    "resolver: { nameservers: ['dns.example'] }", "resolver: { nameservers: ['10.0.0.1:0'] }",
    "resolver: { nameservers: ['fe80::1'] }", "resolver: { nameservers: '10.0.0.1' }",
    "health: 'tcp'", "health: null", "health: { type: 'x' }", "health: { path: '/' }",
    "health: { type: 'none', rise: 2 }",
    "health: { port: 0 }", "health: { port: 65536 }", "health: { port: 80, address: 'a:80' }",
    "health: { type: 'http', path: 'a' }", "health: { type: 'http', path: '/a b' }",
    "health: { type: 'http', host: 'a\\nb' }",
    "health: { type: 'http', method: 'get' }", "health: { type: 'http', method: 'HEAD', expect: { body: 'x' } }",
    "health: { type: 'http', expect: 'x' }", "health: { type: 'http', expect: { status: [] } }",
    "health: { type: 'http', expect: { status: 99 } }", "health: { type: 'http', expect: { status: '2xx' } }",
    "health: { type: 'http', expect: { body: 'a\\tb' } }", "health: { type: 'tcp-script' }",
    "health: { type: 'tcp-script', expect: '' }", "health: { type: 'tcp-script', expect: 'a', expectHex: '00' }",
    "health: { type: 'tcp-script', expect: 'a', send: 'x', sendHex: '00' }",
    "health: { type: 'tcp-script', expectHex: '0' }",
    "health: { type: 'tcp-script', expectHex: '0 0' }", "health: { type: 'tcp', expect: 'x' }", "queue: { size: -1 }",
    "listeners: 5", "'$schema': ''", "log: { level: 'warn' }", "eviction: { rate: 0 }", "onRemove: 'keep'",
    "resolver: { family: 'v4' }",
  ]

  private static func fleet(_ keys: String) -> String {
    """
    { listen: ':80', backends: ['10.9.9.9:80'], fleet: { name: 'edge', key: '/k',
      nodes: [{ name: 'lb1', address: '10.0.0.1:7400' }, { name: 'lb2', address: '10.0.0.2:7400' }],
      \(keys.contains("engine") ? "" : "engine: { type: 'zookeeper', servers: ['zk:1'] },") \(keys) } }
    """
  }
  private static func tls(_ value: String) -> String {
    "engine: { type: 'zookeeper', servers: ['zk:1'], tls: \(value) }"
  }
  private static let fleets = [
    "addresses: []", "data: '/d'", "engine: { type: 'zookeeper', servers: ['zk:1'], root: '/a:b/c.d', auth: '/a' }",
    "engine: { type: 'etcd', servers: ['etcd:2379'], root: '/zookeeper', auth: '/a', tls: true }",
    "engine: { servers: ['etcd:2379'], type: 'etcd', root: '/zookeeper/a' }",
    "engine: { type: 'embedded', preview: true }",
    tls("true"), tls("{}"), tls("{ ca: '/a b' }"), tls("{ certificate: '/c', key: '/k', serverName: 'Zk-1.example.' }"),
    tls("{ serverName: '10.0.0.1' }"), tls("{ serverName: '2001:DB8::1' }"),
  ]
  private static let floating = [
    "address: '10.0.0.100', interface: 'eth0.5'", "address: '2001:DB8::1', action: 'address', interface: 'br-lan'",
    "address: '10.0.0.100', action: 'command', command: ['/a b', '', 'c']", "address: '::2', action: 'none'",
    "address: '10.0.0.100', action: 'none', lease: '3s', prefer: ['lb1'], onQuorumLoss: 'hold'",
  ]
  private static let wrongFleets = [
    "addresses: {}", "data: 'd'", "colour: 1", "engine: { type: 'embedded' }",
    "engine: { type: 'embedded', preview: true, servers: ['zk:1'] }", "engine: { type: 'embedded', preview: false }",
    "engine: { type: 'etcd', servers: ['zk:1'], preview: true }",
    "engine: { type: 'zookeeper', servers: ['zk:1'], root: 'a' }",
    "engine: { type: 'zookeeper', servers: ['zk:1'], root: '/a/../b' }",
    "engine: { type: 'zookeeper', servers: ['zk:1'], root: '/zookeeper' }",
    "engine: { type: 'zookeeper', servers: [] }", "engine: { type: 'etcd', servers: [] }",
    "engine: { type: 'zookeeper', servers: ['unix:/a'] }", "engine: { type: 'etcd', servers: ['a:1', 'unix:/a'] }",
    "engine: { type: 'etcd', servers: ['a:1'], root: 'a' }",
    "engine: { type: 'etcd', servers: ['a:1'], root: '/a/..' }",
    "engine: { type: 'zookeeper', servers: ['zk:1'], root: '/zookeeper/a' }",
    "engine: { servers: ['a:1'] }",
    tls("false"), tls("'true'"), tls("1"), tls("{ ca: 'a' }"), tls("{ certificate: '/c' }"), tls("{ key: '/k' }"),
    tls("{ serverName: '' }"), tls("{ serverName: 'a:1' }"), tls("{ serverName: '1.2' }"), tls("{ verify: false }"),
  ]
  private static let wrongFloating = [
    "address: '10.0.0.100'", "interface: 'eth0'", "address: '10.0.0.100:80', interface: 'eth0'",
    "address: '10.0.0.100/24', interface: 'eth0'", "address: '[::2]', interface: 'eth0'",
    "address: 'fe80::1', action: 'none'", "address: 'fe80::1%lo', action: 'none'", "address: 'a', action: 'none'",
    "address: '10.0.0.100', interface: 'eth/0'", "address: '10.0.0.100', interface: 'sixteen-letters-'",
    "address: '10.0.0.100', action: 'none', lease: '2s'", "address: '10.0.0.100', action: 'none', lease: '61s'",
    "address: '10.0.0.100', action: 'none', interface: 'eth0'", "address: '10.0.0.100', action: 'vrrp'",
    "address: '10.0.0.100', action: 'command'", "address: '10.0.0.100', action: 'command', command: ['a']",
    "address: '10.0.0.100', action: 'command', command: []", "address: '10.0.0.100', action: 'none', prefer: 'lb1'",
    "address: '10.0.0.100', action: 'none', onQuorumLoss: 'keep'",
  ]
}
