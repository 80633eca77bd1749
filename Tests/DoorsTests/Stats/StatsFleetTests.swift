import Foundation
import Testing

@testable import Doors
@testable import Model
@testable import Text

/// What the stats port says of a fleet and its addresses, to the letter; without a fleet it says nothing of it.
@Suite struct StatsFleetTests {
  private let pages: [(_ report: Report) -> String] = [
    StatsText.render, { StatsMetrics.render($0) }, { String(decoding: StatsJSON.response($0).body, as: UTF8.self) },
  ]

  @Test("the report's part is what Docs/Stats.md promises, key by key")
  func json() {
    #expect(String(decoding: JSONForm.bytes(Report.ofFleet.fleet), as: UTF8.self) == Self.json)
    #expect(pages[2](.ofFleet).contains("\"fleet\""))
  }

  @Test("the tables for curl have the addresses, and what is wrong with them before all else")
  func text() {
    let text = StatsText.render(.ofFleet)
    #expect(text.contains(Self.text), "\(text)")
    #expect(text.contains(/\n  critical +address mail +nobody's +10 s +- +no node may own it\n/), "\(text)")
  }

  @Test("the metrics say whose what is")
  func metrics() {
    let lines = StatsMetrics.render(.ofFleet).split(separator: "\n", omittingEmptySubsequences: false)
    let own = lines.filter { $0.contains("martlet_fleet_") }.joined(separator: "\n")
    #expect(own == Self.metrics, "\(own)")
  }

  @Test("of a fleet without addresses it's told how far the others are with the clients of each node")
  func tables() {
    let lines = StatsMetrics.render(.ofPlainFleet).split(separator: "\n").filter {
      $0.contains(/(node_clients|fleet_behind)/) && !$0.hasPrefix("#")
    }
    #expect(
      lines == [
        "martlet_fleet_node_clients{node=\"lb1\"} 30", "martlet_fleet_node_clients{node=\"lb2\"} 12",
        "martlet_fleet_behind_updates{node=\"lb2\"} 17",
      ], "\(lines)")
    let fleet = String(decoding: JSONForm.bytes(Report.ofPlainFleet.fleet), as: UTF8.self)
    #expect(
      fleet.contains("\"clients\" : 30,\n      \"followers\" : [\n        {\n          \"behind\" : 17,"), "\(fleet)")
    #expect(!StatsMetrics.render(.ofFleet).contains("martlet_fleet_node_clients"))
  }

  @Test("while programs differ it's told what is in use, and who knows what")
  func forms() {
    let lines = StatsMetrics.render(.ofMixedFleet).split(separator: "\n").filter {
      $0.contains(/fleet_(node_)?form/) && !$0.hasPrefix("#")
    }
    #expect(
      lines == [
        "martlet_fleet_form 1", "martlet_fleet_node_form{node=\"lb1\"} 2", "martlet_fleet_node_form{node=\"lb2\"} 1",
      ], "\(lines)")
    #expect(!StatsMetrics.render(.ofFleet).contains(/fleet_(node_)?form/))
    let concern = Report.ofMixedFleet.concerns?.first { $0.state == "mixed" }
    #expect(
      concern?.reason == "programs differ: form 1 is in use until lb2 is upgraded", "\(Report.ofMixedFleet.concerns)")
  }

  @Test("of a fleet without addresses there's nothing of them, and without a fleet nothing at all")
  func nothing() {
    for page in pages {
      let bare = Report.ofPlainFleet
      #expect(!page(bare).localizedCaseInsensitiveContains("floating") && !page(bare).contains("fleet_address"))
      for words in ["martlet_fleet", "\"fleet\"", "floating"] { #expect(!page(.sample).contains(words)) }
    }
  }
}
