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

  @Test("of a fleet without addresses there's nothing of them, and without a fleet nothing at all")
  func nothing() {
    var bare = Report.ofFleet
    bare.fleet?.addresses = nil
    bare.fleet?.hasLeft = nil
    bare.fleet?.isIsolated = nil
    bare.concerns = bare.assessed()
    for page in pages {
      #expect(!page(bare).localizedCaseInsensitiveContains("floating") && !page(bare).contains("fleet_address"))
      for words in ["martlet_fleet", "\"fleet\"", "floating"] { #expect(!page(.sample).contains(words)) }
    }
  }
}
