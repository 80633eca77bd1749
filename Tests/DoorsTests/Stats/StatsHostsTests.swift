import Libevent
import Testing

@testable import Model
@testable import Doors

/// By which names the stats port answers.
@Suite struct StatsHostsTests {
  private let hosts = StatsHosts(["Stats.Example."], own: ["box", "box.example"])

  @Test(
    "an address, localhost, the machine's own names and the configured ones are right, whatever their port and case",
    arguments: [
      nil, "", "10.0.0.1", "127.0.0.1:9090", "[::1]", "[::1]:9090", "[fe80::1]:80", "localhost", "LocalHost:9090",
      "a.localhost", "box", "BOX.example.", "box.example:80", "stats.example", "stats.example.:9090",
    ])
  func right(_ host: String?) {
    #expect(hosts.allow(host))
  }

  @Test(
    "any other name is wrong",
    arguments: [
      "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:9090", "[evil.example]",
      "xbox", "example", "notlocalhost", "1.2.3", "[", ":",
    ])
  func wrong(_ host: String) {
    #expect(!hosts.allow(host))
  }

  @Test("the machine's own names are its host name's")
  func own() {
    let name = shell("uname -n").output.split(separator: "\n").first.map { String($0).lowercased() } ?? ""
    #expect(StatsHosts.ownNames.contains(name))
  }

  @Test("a page from elsewhere gets a 421 for what browsers show; scrapers and probes get theirs by any name")
  func answers() {
    let stats = StatsFixture(report: { .sample })
    for (path, status) in [("/", 421), ("/stats.json", 421), ("/metrics", 200), ("/healthz", 200), ("/readyz", 503)] {
      let ask = "curl -s -o /dev/null -w '%{http_code}' -H"
      #expect(shell("\(ask) 'Host: evil.example' '\(stats.url(path))'").output == "\(status)", "\(path)")
      let known = shell("\(ask) 'Host: localhost:1' '\(stats.url(path))'").output
      #expect(known == "\(status == 421 ? 200 : status)", "\(path)")
    }
    let refusal = shell("curl -s -H 'Host: evil.example' '\(stats.url("/stats.json"))'").output
    #expect(refusal.contains("\"evil.example\"") && refusal.contains("\"hosts\""))
  }
}
