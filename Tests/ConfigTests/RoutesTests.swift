import Introduction
import Sockets
import Testing

@testable import Config

/// How a listener's routes are written.
@Suite struct RoutesTests {
  private func parse(_ listener: String, web: String = "") throws(ConfigErrors) -> Configuration {
    try Configuration.parse(
      """
      { listeners: [{ bind: ':1', \(listener) }],
        pools: [{ name: 'db', backends: ['127.0.0.1:2'] }, { name: 'web', backends: ['127.0.0.1:3'] \(web) }] }
      """)
  }

  private func errors(_ listener: String) -> String {
    do throws(ConfigErrors) {
      _ = try parse(listener)
      return "it's taken"
    } catch {
      return error.errors.map { $0.text(in: "x") }.joined(separator: "\n")
    }
  }

  @Test func keys() throws {
    let configuration = try parse(
      """
      routes: [{ name: 'x', sni: ['*.DB.example.', 'db.example'], alpn: 'postgresql', from: ['10.0.0.0/8', 'unix:'], pool: 'db' },
        { protocol: ['ssh', 'postgres'], pool: 'web' }, { sni: '*', pool: 'web' }]
      """)
    let listener = configuration.listeners[0]
    #expect(listener.pool == nil && listener.pools == ["db", "web"] && configuration.warnings.isEmpty)
    #expect(
      listener.routes == [
        RouteConfiguration(
          name: "x",
          condition: RouteCondition(
            from: [try AddressRange("10.0.0.0/8"), .unix], sni: ["*.db.example", "db.example"], alpn: ["postgresql"]),
          pool: "db"),
        RouteConfiguration(name: "web", condition: RouteCondition(protocols: [.ssh, .postgres]), pool: "web"),
        RouteConfiguration(name: "web", condition: RouteCondition(sni: ["*"]), pool: "web"),
      ])
    #expect(try Configuration.parse(configuration.render()).isSame(as: configuration))
    #expect(
      listener.routes[0].description == "from 10.0.0.0/8, unix:; sni *.db.example, db.example; alpn postgresql → db")
    let summary = configuration.summary()
    #expect(summary.contains("→ routes only") && summary.contains("waits up to 3s for what clients say"))
    #expect(summary.contains("others → turned away"))
  }

  @Test func aPoolForOthers() throws {
    let routes = "routes: [{ sni: 'a', pool: 'db' }]"
    #expect(try parse("pool: 'web', \(routes)").listeners[0].pool == "web")
    #expect(try parse(routes).listeners[0].pool == nil)
    // Nobody goes to the other one.
    let unused = try parse("routes: [{ from: '10.0.0.0/8', pool: 'db' }]")
    #expect(unused.warnings.map(\.message) == ["no listener uses the pool \"web\""])
    #expect(!unused.summary().contains("waits up to"))
    let alone = try Configuration.parse(
      "{ listeners: [{ bind: ':1', \(routes) }], pools: [{ name: 'db', backends: ['127.0.0.1:2'] }] }")
    #expect(alone.listeners[0].pool == nil)
  }

  @Test(
    "what is wrong is said with its place and the remedy",
    arguments: [
      ("routes: []", "must have 1…256 routes"), ("routes: [{ pool: 'db' }]", "takes every client"),
      ("routes: [{ sni: 'a' }]", "listeners[0].routes[0].pool: is missing"),
      ("routes: [{ sni: 'a', pool: 'wep' }]", "did you mean \"web\"?"),
      ("pool: 'x', routes: [{ sni: 'a', pool: 'db' }]", "listeners[0].pool: there is no pool \"x\""),
      ("routes: [{ sni: 'a.*', pool: 'db' }]", "\"a.*\" is no name of a server"),
      ("routes: [{ sni: '*.*.a', pool: 'db' }]", "write such as"),
      ("routes: [{ sni: 'bücher.example', pool: 'db' }]", "xn--"),
      ("routes: [{ sni: [], pool: 'db' }]", "must have 1…1024 names"),
      ("routes: [{ protocol: 'smtp', pool: 'db' }]", "\"tls\", \"http\", \"ssh\", \"postgres\""),
      ("routes: [{ alpn: 'a b', pool: 'db' }]", "a text without spaces"),
      ("routes: [{ from: '10.0.0.1/8', pool: 'db' }]", "10.0.0.0/8"),
      ("routes: [{ server_name: 'a', pool: 'db' }]", "it's called \"sni\" here"),
      ("acl: 'x', pool: 'db'", "it's called \"routes\" here"),
      ("sni: 'x', pool: 'db'", "it belongs into listeners[].routes[]"),
      ("maxSessions: 1", "listeners[0].pool: is missing"),
    ])
  func wrong(_ listener: String, _ message: String) {
    let errors = errors(listener)
    #expect(errors.contains(message), "\(errors)")
  }

  @Test(
    "names that nobody gets to are doubtful",
    arguments: [
      ("{ sni: '*.example', pool: 'db' }, { sni: ['x', 'a.b.example'], pool: 'web' }", "\"a.b.example\""),
      ("{ sni: 'a', pool: 'db' }, { sni: 'A', alpn: 'h2', pool: 'web' }", "\"a\""),
      ("{ sni: '*', pool: 'db' }, { sni: '*.example', pool: 'web' }", "\"*.example\""),
      ("{ sni: '*.example', pool: 'db' }, { sni: '*.b.example', pool: 'web' }", "\"*.b.example\""),
      ("{ sni: '*.example', pool: 'db' }, { sni: ['example', '*'], pool: 'web' }", nil),
      ("{ sni: 'a', alpn: 'h2', pool: 'db' }, { sni: 'a', pool: 'web' }", nil),
      ("{ sni: '*.b.example', pool: 'db' }, { sni: '*.example', pool: 'web' }", nil),
    ] as [(String, String?)])
  func hidden(_ routes: String, _ name: String?) throws {
    let warnings = try parse("routes: [\(routes)]").warnings
    #expect(warnings.count == (name == nil ? 0 : 1))
    if let name {
      #expect(warnings.first?.path == "listeners[0].routes[1].sni")
      #expect(
        warnings.first?.message.contains("nobody who asks for \(name) gets here: listeners[0].routes[0]") == true,
        "\(warnings)")
    }
  }

  @Test("clients whose servers speak first wait, which is doubtful")
  func serverFirst() throws {
    let mail = ", { address: 'mail.example:25' }"
    func warnings(_ route: String, _ backend: String = "", health: String = "") throws -> [String] {
      try Configuration.parse(
        """
        { listeners: [{ bind: ':1', introduction: '2s', pool: 'web', routes: [\(route)] }],
          pools: [{ name: 'db', backends: ['127.0.0.1:2'] },
            { name: 'web', backends: ['127.0.0.1:3' \(backend)] \(health) }] }
        """
      ).warnings.map(\.message)
    }
    let words = "{ sni: 'a', pool: 'db' }"
    #expect(
      try warnings(words, mail).first?.contains(
        "(port 25), so that their clients say nothing, and each waits for 2s") == true)
    let script = ", health: { type: 'tcp-script', expect: '220' }"
    #expect(try warnings(words, health: script).first?.contains("(its health check)") == true)
    #expect(try warnings("{ from: '10.0.0.0/8', pool: 'db' }", mail).isEmpty && warnings(words).isEmpty)
  }
}
