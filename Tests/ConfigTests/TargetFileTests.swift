import Config
import Testing

/// Lists of backends in the form of Prometheus' `file_sd_config`.
@Suite struct TargetFileTests {
  private func parse(_ text: String) throws(ConfigIssue) -> [Target] {
    try TargetFile.parse(Array(text.utf8), file: "targets.json")
  }

  @Test("targets, their weights and tiers, and what is for others") func form() throws {
    let targets = try parse(
      """
      [
        { "targets": ["10.0.0.1:5432", "db.example:5432"], "labels": { "weight": "3", "tier": "1", "env": "prod" } },
        { "targets": ["[2001:db8::1]:5432", "10.0.0.1:5432"], "labels": { "__meta": "x" }, "other": 1 },
        { "targets": [] },
      ]
      """)
    #expect(
      targets == [
        Target(try Endpoint(text: "10.0.0.1:5432"), weight: 3, tier: 1),
        Target(try Endpoint(text: "db.example:5432"), weight: 3, tier: 1),
        Target(try Endpoint(text: "[2001:db8::1]:5432")),
      ])
    #expect(try parse("[]").isEmpty)
  }

  @Test(
    "what is wrong is said with its line",
    arguments: [
      ("", "targets.json:1:1:"), ("{}", "must be a list of groups of targets, is an object"),
      ("[\n{ \"targets\": [\"10.0.0.1\"] }]", "targets.json:2: [0].targets[0]: \"10.0.0.1\" has no port"),
      (
        "[{ \"targets\": [\"a:1\"], \"labels\": { \"weight\": \"300\" } }]",
        "[0].labels.weight: must be a whole number 0…256"
      ),
      (
        "[{ \"targets\": [\"a:1\"], \"labels\": { \"tier\": 1 } }]",
        "[0].labels.tier: must be a whole number 0…15 in quotes"
      ),
      ("[{ \"targets\": [\"unix:/a\"] }]", "unix:/a is a Unix socket"),
      ("[1]", "[0]: must be an object with \"targets\", is 1"),
      ("[{ \"targets\": \"a:1\" }]", "[0].targets: must be a list"),
    ])
  func problems(_ text: String, _ problem: String) {
    do throws(ConfigIssue) {
      _ = try parse(text)
      #expect(Bool(false), "nothing is wrong")
    } catch {
      #expect("\(error)".contains(problem), "\(error)")
    }
  }

  @Test("a file that isn't there is said") func missing() {
    #expect(throws: ConfigIssue.self) { try TargetFile.read("/nonexistent/targets.json") }
  }
}
