import FoundationEssentials
import Testing

@testable import Doors
@testable import Model
@testable import Text

@Suite struct StatsRenderingTests {
  @Test(
    "the time is written and read in ISO 8601, to the millisecond",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_800_001, "2000-03-01T00:00:00.001Z"),
      (1_767_268_800_250, "2026-01-01T12:00:00.250Z"), (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
      (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
    ])
  func timestamp(_ milliseconds: Int, _ text: String) {
    #expect(Timestamp(milliseconds: milliseconds).description == text)
    #expect(Timestamp(text) == Timestamp(milliseconds: milliseconds))
  }

  @Test(
    "what isn't a time in that form isn't read",
    arguments: [
      "", "2026-01-01", "2026-01-01T12:00:00Z", "2026-13-01T12:00:00.000Z", "2026-02-30T12:00:00.000Z", "now",
      "1970-00-01T00:00:003333333333333333333.001Z", "9223372036854775807-01-01T00:00:00.000Z",
    ])
  func noTimestamp(_ text: String) {
    #expect(Timestamp(text) == nil)
  }

  @Test(
    "durations and sizes are written in the unit that fits",
    arguments: [
      (0.000_35, "350 us"), (0.0012, "1.2 ms"), (0.25, "250 ms"), (4.5, "4.5 s"), (59, "59 s"), (200, "3m20s"),
      (18_120, "5h02m"), (1_047_600, "12d03h"), (.infinity, "-"), (1e300, "-"), (-1e300, "-"),
    ])
  func durations(_ seconds: Double, _ text: String) {
    #expect(StatsText.duration(seconds) == text)
  }

  @Test(
    "sizes are written in the unit that fits",
    arguments: [
      (0, "0 B"), (999, "999 B"), (1000, "1 KiB"), (1536, "1.5 KiB"), (23_068_672, "22 MiB"), (Int.max, "8 EiB"),
    ])
  func sizes(_ bytes: Int, _ text: String) {
    #expect(StatsText.size(bytes) == text)
  }

  @Test("the tables for curl are aligned, and a terminal can't be led astray by a name")
  func text() throws {
    var report = Report.small
    report.pools[0].backends[0].name = "b\u{1B}[31m1\r\n"
    #expect(StatsText.render(report) == Self.smallText)
    for line in StatsText.render(.sample).split(separator: "\n") { #expect(!line.hasSuffix(" ")) }
  }

  @Test func routes() {
    let text = StatsText.listeners(Report.sample.listeners)
    #expect(text.contains("  mail      [::1]:25      1 route       paused"))
    #expect(text.contains("  tls       0.0.0.0:443   web, 1 route  listening"))
    #expect(
      text.hasSuffix(
        """

        routes of listener mail
          ROUTE    TAKES                        POOL  SESSIONS
          smtpTLS  sni *.mail.example; alpn h2  mail        17

        routes of listener tls
          ROUTE     TAKES         POOL  SESSIONS
          mail      protocol ssh  mail         3
          (others)  all others    web          5

        """))
    let metrics = StatsMetrics.response(.sample, .backends)
    let lines = String(decoding: metrics.body, as: UTF8.self).split(separator: "\n")
    #expect(
      lines.filter { $0.hasPrefix("martlet_listener_route_sessions_total{") } == [
        #"martlet_listener_route_sessions_total{listener="mail",route="smtpTLS"} 17"#,
        #"martlet_listener_route_sessions_total{listener="tls",route="(others)"} 5"#,
        #"martlet_listener_route_sessions_total{listener="tls",route="mail"} 3"#,
      ])
  }

  @Test("the JSON of a report is what Docs/Stats.md promises, key by key")
  func json() throws {
    let response = StatsJSON.response(.small)
    #expect(response.contentType == "application/json")
    #expect(String(decoding: response.body, as: UTF8.self) == Self.smallJSON)
  }

  @Test("a report that is written and read is the same")
  func roundTrip() throws {
    let response = StatsJSON.response(.sample)
    #expect(try JSONDecoder().decode(Report.self, from: Data(response.body)) == .sample)
  }

  @Test("a number that can't be written is an error, not a crash")
  func notFinite() {
    var report = Report.sample
    report.uptime = .nan
    #expect(StatsJSON.response(report).status == 500)
    #expect(StatsText.render(report).contains("up -"))
    #expect(StatsMetrics.render(report).contains("martlet_uptime_seconds NaN\n"))
  }
}
