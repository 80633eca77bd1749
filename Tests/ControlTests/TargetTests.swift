import Balancing
import Config
import Names
import Testing

@testable import Control

@Suite struct TargetTests {
  private func target(_ text: String, _ weight: Int? = nil, tier: Int = 0) throws -> Target {
    Target(try Endpoint(text: text), weight: weight, tier: tier)
  }

  @Test("records become backends: weights as they stand to each other, priorities as tiers")
  func records() throws {
    func finding(_ records: [(UInt16, UInt16)]) -> TargetFinding {
      TargetFinding(
        .records(
          records.enumerated().map { ServiceRecord(host: "h\($0).example", port: 80, priority: $1.0, weight: $1.1) }))
    }
    #expect(
      try finding([(10, 5), (10, 0), (20, 256)])
        == .targets([target("h0.example:80", 5), target("h1.example:80", 1), target("h2.example:80", 256, tier: 1)]))
    #expect(
      try finding([(0, 60_000), (0, 30_000), (0, 1)])
        == .targets([target("h0.example:80", 256), target("h1.example:80", 128), target("h2.example:80", 1)]))
    #expect(try finding([(0, 0), (0, 0)]) == .targets([target("h0.example:80"), target("h1.example:80")]))
    let twice = [
      ServiceRecord(host: "a.example", port: 80, priority: 1, weight: 7),
      ServiceRecord(host: "a.example", port: 80, priority: 2, weight: 7),
      ServiceRecord(host: "unix:/run/a", port: 80, priority: 2, weight: 7),
    ]
    #expect(try TargetFinding(.records(twice)) == .targets([target("a.example:80", 7)]))
    guard case .targets(let many) = finding((0..<40).map { ($0, 1) }) else { return #expect(Bool(false)) }
    #expect(many.map(\.tier).max() == 15)
    #expect(
      TargetFinding(.records([ServiceRecord(host: "a b", port: 80, priority: 0, weight: 0)]))
        == .trouble("its SRV records name no hosts"))
  }

  @Test("what can't be found out takes nobody away, and is told once")
  func failures() throws {
    var memory = TargetMemory()
    let (one, other) = (try target("10.0.0.1:80"), try target("10.0.0.2:80"))
    #expect(memory.take(.targets([one])) == TargetMemory.News(changed: [one]))
    #expect(memory.take(.trouble("no such name")) == TargetMemory.News(failed: "no such name"))
    #expect(memory.take(.trouble("no such name")) == TargetMemory.News())
    #expect(memory.take(.trouble("line 3 is wrong")) == TargetMemory.News(failed: "line 3 is wrong"))
    #expect(memory.targets == [one] && memory.trouble == "line 3 is wrong")
    #expect(memory.take(.targets([one])) == TargetMemory.News(hasRecovered: true))
    // Nobody could be asked in between: what is wrong is the same.
    #expect(memory.take(.trouble("gone")) == TargetMemory.News(failed: "gone"))
    #expect(memory.take(.hindered("no server")) == TargetMemory.News() && memory.trouble == "no server")
    #expect(memory.take(.trouble("gone")) == TargetMemory.News() && memory.trouble == "gone")
    #expect(memory.take(.targets([one])) == TargetMemory.News(hasRecovered: true))
    #expect(memory.take(.targets([one, other])) == TargetMemory.News(changed: [one, other]))
    var random = SplitMix64(seed: 1)
    let whole = memory.nextLook(interval: .seconds(30), using: &random)
    _ = memory.take(.trouble("x"))
    let retry = memory.nextLook(interval: .seconds(30), using: &random)
    #expect(whole >= .seconds(27) && whole <= .seconds(33) && retry <= .milliseconds(1100))
  }

  @Test("a pool has the backends that were found, and by which of them a client's name is known")
  func roster() throws {
    let configuration = try Configuration.parse(
      """
      { listen: ':80', health: { port: 81 }, backends: ['10.0.0.1:80', { srv: '_web._tcp.example', tier: 1, maxSessions: 7 }] }
      """)
    let backends = configuration.pools[0].backends
    let none = Roster(backends) { _ in [] }
    #expect(none.places.map(\.name) == ["10.0.0.1:80"] && none.unresolved.map(\.name) == ["srv:_web._tcp.example"])
    let found = [
      try target("a.example:8080", 3), try target("10.0.0.1:80", 9), try target("10.0.0.2:80", nil, tier: 2),
      try target("b.example:80"),
    ]
    let roster = Roster(backends, targets: { _ in found }) { name in
      name == "a.example" ? [.ipv4(0x0A00_0009, port: 0)] : []
    }
    #expect(roster.places.map(\.name) == ["10.0.0.1:80", "a.example:8080@10.0.0.9:8080", "10.0.0.2:80"])
    #expect(roster.places.map(\.configuration.weight) == [1, 3, 1])
    #expect(roster.places.map(\.configuration.tier) == [0, 1, 3])
    #expect(roster.places.map(\.configuration.maxSessions) == [.max, 7, 7])
    #expect(roster.places[1].configuration.healthEndpoint == (try Endpoint(text: "a.example:81")))
    #expect(roster.places[1].origins.map(\.description) == ["a.example:8080", "srv:_web._tcp.example"])
    #expect(roster.unresolved.map(\.name) == ["b.example:80"])
    #expect(Roster.names(of: backends) { _ in found } == ["a.example", "b.example"])
  }
}
