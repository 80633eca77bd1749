import Testing

@testable import Config

/// How often clients may come, as it's written.
@Suite struct LimitsTests {
  private func listener(_ limits: String) throws(ConfigErrors) -> LimitsConfiguration? {
    try Configuration.parse(
      """
      { "listeners": [{ "bind": ":1", "limits": \(limits) }], "pools": [{ "name": "a", "backends": ["127.0.0.1:2"] }] }
      """
    ).listeners[0].limits
  }

  @Test func keys() throws {
    let limits = try #require(
      try listener(
        """
        { "rate": "2000/s", "perClient": { "sessions": 100, "rate": "30/m", "burst": 50, "by": { "ipv4": 24 } },
          "excess": "delay" }
        """))
    #expect(limits.rate == Rate(2000) && limits.burst == nil && limits.excess == .delay)
    let client = try #require(limits.perClient)
    #expect(client.sessions == 100 && client.rate == Rate(30, per: .minute) && client.burst == 50)
    #expect(client.by.ipv4 == 24 && client.by.ipv6 == 64 && client.size == 65_536)
    #expect(try listener("{}") == LimitsConfiguration())
  }

  @Test(
    "a rate is a count in a time",
    arguments: [
      ("2000/s", 500_000, 2000), ("30/m", 2_000_000_000, 1), ("1/h", 3_600_000_000_000, 1), ("120/m", 500_000_000, 2),
    ]
      as [(String, UInt64, Int)])
  func rates(_ text: String, _ interval: UInt64, _ perSecond: Int) throws {
    let rate = try #require(Rate(text))
    #expect(rate.interval == interval && rate.perSecond == perSecond && rate.text == text)
  }

  @Test("what is none", arguments: ["", "1", "0/s", "01/s", "1/d", "-1/s", "1/s/s", "1000001/s", "1.5/s", "1 /s"])
  func wrong(_ text: String) { #expect(Rate(text) == nil) }

  @Test(
    "what is wrong is said with its remedy",
    arguments: [
      (#"{ "rate": 2000 }"#, #"write "2000/s""#), (#"{ "rate": "2000" }"#, #""2000" is no rate"#),
      (#"{ "perClient": { "by": { "ipv4": 33 } } }"#, "limits.perClient.by.ipv4: must be 1…32"),
      (#"{ "over": "delay" }"#, "unknown key"),
    ])
  func errors(_ limits: String, _ message: String) throws {
    do throws(ConfigErrors) {
      _ = try listener(limits)
      Issue.record("\(limits) is taken")
    } catch {
      #expect("\(error)".contains(message), "\(error)")
    }
  }
}
