import Proxy
import Testing

@testable import Doors
@testable import Model

/// What `Packaging/monitoring` asks Prometheus for is what `/metrics` says.
@Suite struct MonitoringTests {
  private static let folder =
    "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/") + "/Packaging/monitoring"

  @Test(
    "alerts and dashboard look at nothing that isn't there",
    arguments: ["martlet.rules.yml", "martlet.rules.test.yml", "grafana.json"])
  func series(_ file: String) {
    let text = shell("cat '\(Self.folder)/\(file)'").output.replacing("\\\"", with: "\"")
    var certified = Report.sample
    certified.pools[0].backends[0].check?.certificate = Report.Certificate(
      subject: "db.example", names: "db.example", issuer: "a CA", until: Timestamp(milliseconds: 1_767_268_100_000))
    let metrics = [Report.sample, certified, .ofFleet, .ofPlainFleet].map { StatsMetrics.render($0) }.joined()
    let samples = metrics.split(separator: "\n").filter { !$0.hasPrefix("#") }
    var count = 0
    for match in text.matches(of: /(martlet_[a-z_]+)(?:\{([^}]*)\})?/) {
      let (name, selector) = (match.1, match.2 ?? "")
      let family = samples.filter { $0.hasPrefix("\(name){") || $0.hasPrefix("\(name) ") }
      #expect(!family.isEmpty, "\(name)")
      count += 1
      // What a series is chosen by is a value that it has; what the place gives, such as the instance, isn't known here.
      for label in selector.matches(of: /(state|action|direction|outcome)="([a-z_]+)"/) {
        #expect(family.contains { $0.contains("\(label.0)") }, "\(name) has no \(label.0)")
      }
      for label in selector.matches(of: /(state|action|direction|outcome)=~"([a-z_|]+)"/) {
        for value in label.2.split(separator: "|") {
          #expect(family.contains { $0.contains("\(label.1)=\"\(value)\"") }, "\(name) has no \(label.1) \(value)")
        }
      }
      guard name == "martlet_listener_refused_total" else { continue }
      let causes = Refusal.allCases.map { MetricsRows<Report.Listener>.snakeCase($0.rawValue) }
      for label in selector.matches(of: /cause!?=~?"([a-z_|]+)"/) {
        for cause in label.1.split(separator: "|") {
          #expect(causes.contains(String(cause)), "no client is refused for \(cause)")
        }
      }
    }
    #expect(count > 5)
  }
}
