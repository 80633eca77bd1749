import Introduction
import Sockets
import Testing

/// Which route takes a client.
@Suite struct RouteRulesTests {
  private static let inside = SocketAddress(ip: "10.1.2.3", port: 1) ?? .unix(path: "")
  private static let outside = SocketAddress(ip: "192.0.2.1", port: 1) ?? .unix(path: "")

  private static func rules(_ conditions: RouteCondition...) -> RouteRules { RouteRules(conditions) }

  private static func tls(_ name: String?, _ alpn: String...) -> ClientFacts {
    ClientFacts(.tls, serverName: name, alpn: alpn)
  }

  @Test(
    "names",
    arguments: [
      ("db.example", "db.example", true), ("db.example", "a.db.example", false), ("db.example", "b.example", false),
      ("*.db.example", "a.db.example", true), ("*.db.example", "a.b.db.example", true),
      ("*.db.example", "db.example", false), ("*.db.example", "xdb.example", false), ("*.example", "db.example", true),
      ("*", "db.example", true), ("*", "localhost", true), ("*", nil, false), ("db.example", nil, false),
    ] as [(String, String?, Bool)])
  func names(_ pattern: String, _ name: String?, _ holds: Bool) {
    let rules = Self.rules(RouteCondition(sni: [pattern]))
    #expect(rules.decide(for: Self.outside, Self.tls(name)) == (holds ? .route(0) : .none))
  }

  @Test func theFirstOneThatHolds() {
    let rules = Self.rules(
      RouteCondition(sni: ["*.example"]), RouteCondition(sni: ["db.example", "x.test"]),
      RouteCondition(alpn: ["h2", "h3"]),
      RouteCondition(protocols: [.tls, .ssh]))
    #expect(rules.decide(for: Self.outside, Self.tls("db.example")) == .route(0))
    #expect(rules.decide(for: Self.outside, Self.tls("x.test", "h2")) == .route(1))
    #expect(rules.decide(for: Self.outside, Self.tls("y.test", "http/1.1", "h2")) == .route(2))
    #expect(rules.decide(for: Self.outside, Self.tls(nil, "http/1.1")) == .route(3))
    #expect(rules.decide(for: Self.outside, ClientFacts(.ssh)) == .route(3))
    #expect(rules.decide(for: Self.outside, ClientFacts(.http)) == .none)
    #expect(rules.decide(for: Self.outside, ClientFacts()) == .none)
  }

  @Test func allThatIsGivenHasToHold() throws {
    let range = try AddressRange("10.0.0.0/8")
    let rules = Self.rules(
      RouteCondition(from: [range], protocols: [.tls], sni: ["a.example"], alpn: ["h2"]),
      RouteCondition(sni: ["a.example"]))
    let whole = Self.tls("a.example", "h2")
    #expect(rules.decide(for: Self.inside, whole) == .route(0))
    let lacking: [(SocketAddress, ClientFacts, RouteCondition.Key)] = [
      (Self.outside, whole, .from), (Self.inside, ClientFacts(.ssh), .protocol),
      (Self.inside, Self.tls("b.example", "h2"), .sni), (Self.inside, Self.tls("a.example"), .alpn),
    ]
    for (client, facts, key) in lacking { #expect(rules.unmet(by: client, facts)[0] == key) }
    #expect(rules.unmet(by: Self.outside, whole) == [.from, nil])
  }

  @Test("nothing is waited for that doesn't decide")
  func addressesAlone() throws {
    let range = try AddressRange("10.0.0.0/8")
    let alone = RouteCondition(from: [range])
    let words = RouteCondition(sni: ["a.example"])
    #expect(Self.rules(alone, words).decide(for: Self.inside, nil) == .route(0))
    #expect(Self.rules(alone, words).decide(for: Self.outside, nil) == .open)
    #expect(Self.rules(words, alone).decide(for: Self.inside, nil) == .open)
    #expect(Self.rules(alone).decide(for: Self.outside, nil) == .none)
    #expect(Self.rules(RouteCondition(from: [range], sni: ["*"]), alone).decide(for: Self.outside, nil) == .none)
  }

  @Test func manyNames() {
    let rules = RouteRules((0..<256).map { route in RouteCondition(sni: (0..<64).map { "n\($0).r\(route).example" }) })
    #expect(rules.decide(for: Self.outside, Self.tls("n63.r255.example")) == .route(255))
    #expect(rules.decide(for: Self.outside, Self.tls("n64.r255.example")) == .none)
  }
}
