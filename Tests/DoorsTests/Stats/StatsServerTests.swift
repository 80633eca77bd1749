import Sockets
import Testing
import Libevent

@testable import Doors
@testable import Model

@Suite struct StatsServerTests {
  private func ask(_ path: String, accept: String? = "*/*", report: Report = .sample) -> HTTPResponse {
    let headers = accept.map { [(name: "accept", value: $0)] } ?? []
    return StatsPage.answer(HTTPRequest(method: .get, path: path, headers: headers)) { report }
  }

  @Test("every page is served over HTTP, to HEAD as well, with the headers that keep browsers and caches in check")
  func pages() {
    let stats = StatsFixture(report: { .sample })
    for (path, type) in [
      ("/", "text/plain; charset=utf-8"), ("/stats.json", "application/json"),
      ("/metrics", "text/plain; version=0.0.4; charset=utf-8"), ("/healthz", "text/plain; charset=utf-8"),
    ] {
      for option in ["", "-I"] {
        let result = shell("curl -s \(option) -D - -o /dev/null '\(stats.url(path))'").output
        #expect(result.hasPrefix("HTTP/1.1 200 OK\r\n"), "\(path)")
        for header in ["Content-Type: \(type)", "Cache-Control: no-store", "X-Content-Type-Options: nosniff"] {
          #expect(result.contains("\(header)\r\n"), "\(path) lacks \(header): \(result)")
        }
      }
    }
    #expect(shell("curl -s -o /dev/null -w '%{http_code}' -X POST '\(stats.url("/"))'").output == "405")
  }

  @Test("who accepts gzip gets it, of everything that is large, and it's the same")
  func compressed() {
    let stats = StatsFixture(report: { .sample })
    for path in ["/", "/stats.json", "/metrics"] {
      let plain = shell("curl -s '\(stats.url(path))'").output
      #expect(shell("curl -s --compressed '\(stats.url(path))'").output == plain)
      let size = shell("curl -s --compressed -o /dev/null -w '%{size_download}' '\(stats.url(path))'").output
      #expect((Int(size) ?? .max) < plain.utf8.count / 2, "\(path)")
    }
  }

  @Test(
    "browsers get the page, everything else text",
    arguments: [
      ("text/html,application/xhtml+xml,*/*;q=0.8", true), ("*/*", false), ("application/json", false), (nil, false),
    ])
  func negotiation(_ accept: String?, _ isHTML: Bool) {
    let response = ask("/", accept: accept)
    #expect(response.contentType.hasPrefix("text/html") == isHTML)
    #expect(response.headers.contains { $0.name == "Vary" && $0.value.hasPrefix("Accept") })
  }

  @Test("the page allows its own script and nothing else, anew with each answer")
  func policy() throws {
    let policies = try (0..<2).map { _ in
      let response = ask("/", accept: "text/html")
      let policy = try #require(response.headers.first { $0.name == "Content-Security-Policy" }?.value)
      let nonce = try #require(policy.split(separator: "'").first { $0.hasPrefix("nonce-") }?.dropFirst(6))
      #expect(policy.hasPrefix("default-src 'none'; ") && !policy.contains("unsafe"))
      #expect(String(decoding: response.body, as: UTF8.self).contains("<script nonce=\"\(nonce)\">"))
      return policy
    }
    #expect(policies[0] != policies[1])
  }

  @Test("a page that isn't there is a 404 that says which are")
  func notFound() {
    let response = ask("/nothing")
    #expect(response.status == 404)
    for page in StatsPage.allCases {
      #expect(String(decoding: response.body, as: UTF8.self).contains("  \(page.rawValue)\n"))
    }
  }

  @Test("it is ready when every listener takes clients and has a pool with an eligible backend")
  func ready() {
    var report = Report.small
    #expect(ask("/readyz", report: report).status == 200)
    report.pools[0].state = .degraded
    #expect(ask("/readyz", report: report).status == 200)
    report.pools[0].state = .down
    expectNotReady(report, "listener web: no backend of pool web is eligible")
    report = .small
    report.listeners[0].state = .paused
    expectNotReady(report, "listener web is paused")
    report.listeners = []
    expectNotReady(report, "no listener")
    #expect(ask("/healthz", report: report).status == 200)
  }

  private func expectNotReady(_ report: Report, _ reason: String) {
    let response = ask("/readyz", report: report)
    #expect(response.status == 503)
    #expect(String(decoding: response.body, as: UTF8.self) == "not ready\n\(reason)\n")
  }

  @Test("an address that is taken is an error, and leaves nothing open")
  func taken() throws {
    let loop = EventLoop()
    let source = StatsSource(on: loop) { .sample }
    let server = try StatsServer(on: loop, bind: .ipv4(0x7F00_0001, port: 0), source: source)
    #expect(throws: (any Error).self) { try StatsServer(on: loop, bind: server.address, source: source) }
    withExtendedLifetime(server) {}
  }
}
