import Sockets
import Testing

@testable import Names

private func settings(
  _ text: String, domain: String = "", _ environment: [String: String] = [:]
) -> SystemSettings {
  SystemSettings(text, domain: domain) { environment[$0] }
}

@Suite("What this machine says about name servers")
struct SystemSettingsTests {
  @Test(
    "name servers are read with and without scopes, three of them; without one this machine is asked",
    arguments: [
      ("", ["127.0.0.1:53"]), ("nameserver\nnameserver x.example\n", ["127.0.0.1:53"]),
      ("nameserver 10.0.0.1\n nameserver 10.0.0.9\nnameserver\t::1 # here\n", ["10.0.0.1:53", "[::1]:53"]),
      (
        "# a\n;nameserver 10.0.0.8\nnameserver 10.0.0.1\r\nnameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver 10.0.0.4",
        ["10.0.0.1:53", "10.0.0.2:53", "10.0.0.3:53"]
      ),
    ])
  func nameservers(_ text: String, _ addresses: [String]) {
    #expect(settings(text).nameservers.map(\.description) == addresses)
  }

  @Test(
    "the last of domain and search counts, the environment more, and the machine's own domain without either",
    arguments: [
      ("", [:], ["own.example"]), ("domain a.example\n", [:], ["a.example"]),
      ("search A.example b.example.\n", [:], ["a.example", "b.example"]),
      ("search a.example\ndomain b.example\n", [:], ["b.example"]),
      ("domain b.example\nsearch a.example .\n", [:], ["a.example", ""]),
      ("search a.example\n", ["LOCALDOMAIN": "c.example d.example"], ["c.example", "d.example"]),
      ("search a.example\n", ["LOCALDOMAIN": ""], []),
    ] as [(String, [String: String], [String])])
  func search(_ text: String, _ environment: [String: String], _ domains: [String]) {
    #expect(settings(text, domain: "own.example", environment).search.domains == domains)
  }

  @Test func optionsAreReadAndBounded() {
    let found = settings("options ndots:3 edns0 use-vc\noptions rotate\n", ["RES_OPTIONS": "ndots:99 no-aaaa ndots:x"])
    #expect(found.search.dots == 15 && found.asksByTCP && found.rotates && found.avoidsIPv6)
    #expect(settings("").search.dots == 1 && settings("options ndots:-4").search.dots == 0)
  }

  @Test(
    "a name is completed as glibc does it",
    arguments: [
      ("db", 1, ["db.a", "db.b.c", "db"]), ("db.x", 1, ["db.x", "db.x.a", "db.x.b.c"]),
      ("db.x", 2, ["db.x.a", "db.x.b.c", "db.x"]), ("db.x.", 5, ["db.x"]), ("db.", 1, ["db"]),
      ("db", 0, ["db", "db.a", "db.b.c"]),
    ])
  func candidates(_ name: String, _ dots: Int, _ candidates: [String]) {
    #expect(SearchRules(domains: ["a", "b.c", "a"], dots: dots).candidates(for: name) == candidates)
  }

  @Test func theRootInASearchListIsTheNameItself() {
    #expect(SearchRules(domains: ["a", "", "b"], dots: 1).candidates(for: "db") == ["db.a", "db", "db.b"])
    #expect(SearchRules().candidates(for: "db") == ["db"])
  }
}

@Suite("The walk over the names that may be meant")
struct WalkTests {
  private var address: SocketAddress { ip("10.0.0.1") }
  private var some: Record { .addresses([address], timeToLive: .seconds(1)) }

  @Test("the first candidate with an address ends the walk for both kinds, whichever answers first")
  func first() {
    var walk = Walk(["db.a", "db.b"], [.ipv4, .ipv6], known: nil)
    #expect(walk.take(.noData, of: 0, .ipv6) == .wait)
    #expect(walk.take(some, of: 0, .ipv4) == .end)
    #expect(walk.resolution(missing: .awaited).name == "db.a")
    #expect(walk.resolution(missing: .awaited).ipv6 == .none("no address"))
    var other = Walk(["db.a", "db.b"], [.ipv4, .ipv6], known: nil)
    #expect(other.take(some, of: 0, .ipv4) == .partial)
    #expect(other.resolution(missing: .awaited).ipv6 == .awaited)
    #expect(other.take(some, of: 0, .ipv4) == nil && other.take(some, of: 1, .ipv6) == nil)
    #expect(other.take(.noName, of: 0, .ipv6) == .end)
  }

  @Test("a candidate without an address is passed over, and what all of them said is told at the end")
  func over() {
    var walk = Walk(["db.a", "db.b"], [.ipv4, .ipv6], known: nil)
    #expect(walk.take(.noName, of: 0, .ipv4) == .wait && walk.take(.noData, of: 0, .ipv6) == .ask(1))
    #expect(walk.take(.noName, of: 1, .ipv4) == .wait && walk.take(.noName, of: 1, .ipv6) == .end)
    #expect(parts(walk.resolution(missing: .awaited)) == [.none("no such name"), .none("no address")])
  }

  @Test("name servers that fail for a candidate are passed over, unless it had addresses before; silence ends the walk")
  func failures() {
    var walk = Walk(["db.a", "db.b"], [.ipv4], known: "db.b")
    #expect(walk.take(.unknown("x"), of: 0, .ipv4) == .ask(1))
    #expect(walk.take(.noName, of: 1, .ipv4) == .end)
    #expect(walk.resolution(missing: .awaited).ipv4 == .failed("x (db.b)"))
    var known = Walk(["db.a", "db.b"], [.ipv4], known: "db.a")
    #expect(known.take(.unknown("x"), of: 0, .ipv4) == .end)
    var silent = Walk(["db.a", "db.b"], [.ipv4], known: nil)
    #expect(silent.take(.silent("x"), of: 0, .ipv4) == .end)
  }
}
