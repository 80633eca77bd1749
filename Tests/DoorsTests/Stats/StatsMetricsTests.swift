import Proxy
import Testing

@testable import Model
@testable import Doors

@Suite struct StatsMetricsTests {
  @Test("every family has a help and a type, once, before its samples")
  func families() {
    var known: Set<String> = []
    var current = ""
    for line in StatsMetrics.render(.sample).split(separator: "\n") {
      let words = line.split(separator: " ")
      if line.hasPrefix("# HELP ") {
        current = String(words[2])
        #expect(known.insert(current).inserted, "\(current) comes twice")
      } else if line.hasPrefix("# TYPE ") {
        #expect(words[2] == current)
        #expect((words[3] == "counter") == current.hasSuffix("_total"), "\(current) is a \(words[3])")
      } else {
        #expect(line.hasPrefix(current + "{") || line.hasPrefix(current + " ") || line.hasPrefix(current + "_"))
      }
    }
    #expect(known.count == 88)
  }

  @Test("Docs/Stats.md names every metric, every key of the JSON and every cause")
  func documentation() {
    let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    let docs = shell("cat '/\(root)/Docs/Stats.md'").output
    let names = docs.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
    let metrics = StatsMetrics.render(.sample) + StatsMetrics.render(.ofFleet)
    #expect(metrics.contains("martlet_fleet_node_present{node=\"lb2\"} 0\n"))
    #expect(metrics.contains("martlet_fleet_backend_down_nodes{pool=\"web\",backend=\"b1\"} 1\n"))
    for line in metrics.split(separator: "\n") where line.hasPrefix("# TYPE ") {
      let metric = line.split(separator: " ")[2]
      // Written out, or abbreviated after an ellipsis.
      #expect(names.contains { metric == $0 || ($0.hasPrefix("_") && metric.hasSuffix($0)) }, "\(metric)")
    }
    for line in (StatsRenderingTests.smallJSON + StatsFleetTests.json).split(separator: "\n")
    where line.contains("\" : ") {
      let key = String(line.split(separator: "\"")[1])
      #expect(names.contains(key), "\(key)")
    }
    for cause in Refusal.allCases.map(\.rawValue) + ConnectFailure.allCases.map(\.rawValue)
      + CloseCause.allCases.map(\.rawValue)
    {
      #expect(names.contains(cause), "\(cause)")
    }
  }

  @Test("no two samples have the same name and labels")
  func unique() {
    let samples = StatsMetrics.render(.sample).split(separator: "\n").filter { !$0.hasPrefix("#") }
    let names = samples.compactMap { line in line.lastIndex(of: " ").map { line[..<$0] } }
    #expect(Set(names).count == names.count)
  }

  @Test(
    "samples say what the report says",
    arguments: [
      "martlet_build_info{version=\"1.2.3\"} 1", "martlet_process_cpu_seconds_total 812.25",
      "martlet_control_slow_turns_total 3", "martlet_reloads_total{result=\"committed\"} 3",
      "martlet_reloads_total{result=\"refused\"} 1", "martlet_reload_last_success 1",
      "martlet_reload_last_time_seconds 1767268000",
      "martlet_worker_turns_total{worker=\"0\"} 1200000", "martlet_worker_promotions_total{worker=\"0\"} 12",
      "martlet_worker_spliced_bytes_total{worker=\"0\"} 34000000",
      "martlet_listener_sessions_limit{listener=\"web\"} 5000",
      "martlet_listener_refused_total{listener=\"web\",cause=\"no_backend\"} 11",
      "martlet_listener_bytes_total{listener=\"web\",direction=\"to_client\"} 9876543210",
      "martlet_pool_state{pool=\"mail\",state=\"down\"} 1", "martlet_pool_state{pool=\"mail\",state=\"up\"} 0",
      "martlet_pool_first_byte_seconds_bucket{pool=\"web\",le=\"0.001\"} 3",
      "martlet_pool_first_byte_seconds_bucket{pool=\"web\",le=\"+Inf\"} 6",
      "martlet_pool_first_byte_seconds_sum{pool=\"web\"} 7.5", "martlet_pool_first_byte_seconds_count{pool=\"web\"} 6",
      "martlet_pool_unresolved{pool=\"web\"} 0", "martlet_backend_health{pool=\"web\",backend=\"b1\",state=\"up\"} 1",
      "martlet_backend_checks_total{pool=\"web\",backend=\"b1\"} 4000",
      "martlet_backend_down_seconds_total{pool=\"web\",backend=\"b1\"} 61.5",
      "process_open_fds 412", "process_start_time_seconds 1767268000",
      "martlet_pool_tier_active{pool=\"web\",tier=\"0\"} 1", "martlet_pool_tier_active{pool=\"web\",tier=\"1\"} 0",
      "martlet_backend_state{pool=\"web\",backend=\"b2\",state=\"warming\"} 1",
      "martlet_backend_effective_weight{pool=\"web\",backend=\"b2\"} 1.2",
      "martlet_backend_connect_duration_seconds{pool=\"web\",backend=\"b1\",quantile=\"0.99\"} 0.0045",
      "martlet_backend_connect_duration_seconds_count{pool=\"web\",backend=\"b1\"} 60000",
      "martlet_backend_connect_duration_seconds{pool=\"mail\",backend=\"m1\",quantile=\"0.5\"} NaN",
      "martlet_backend_sessions_total{pool=\"web\",backend=\"quote\\\"back\\\\slash\\nline\"} 8000",
    ])
  func samples(_ line: String) {
    #expect(StatsMetrics.render(.sample).split(separator: "\n").contains(Substring(line)))
  }

  @Test("names without an address are counted, and what is told of each backend can be left out")
  func detail() {
    var report = Report.sample
    report.pools[0].backends[0].state = .unresolved
    report.pools[0].backends[3].state = .unresolved
    let text = StatsMetrics.render(report, .pools)
    #expect(text.contains("martlet_pool_unresolved{pool=\"web\"} 2\n"))
    #expect(!text.contains("martlet_backend_") && text.contains("martlet_pool_first_byte_seconds_count"))
  }

  @Test(
    "labels are escaped as the format says",
    arguments: [
      ("plain ä {}", "plain ä {}"), ("\"", "\\\""), ("\\", "\\\\"), ("\\n", "\\\\n"), ("a\nb", "a\\nb"),
      ("\r\n", "\r\\n"),
    ])
  func escaping(_ value: String, _ escaped: String) {
    #expect(Array(MetricsWriter.escaped(value).utf8) == Array(escaped.utf8))
  }

  @Test(
    "Prometheus' own tool has nothing to object to", .disabled(if: isMissing("promtool"), "promtool isn't installed"))
  func promtool() {
    let stats = StatsFixture(report: { .sample })
    let check = shell("curl -sf '\(stats.url("/metrics"))' | promtool check metrics 2>&1")
    #expect(check.status == 0 && check.output.isEmpty, "\(check.output)")
  }
}
