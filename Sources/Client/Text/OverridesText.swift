package import Model
import Text

/// `martlet overrides`: what was changed at run time.
package enum OverridesText {
  /// The whole text.
  package static func render(_ answer: AdminAnswer.Overrides, now: Timestamp) -> String {
    answer.overrides.isEmpty
      ? "no overrides: everything is as the configuration says\n" : table(answer.overrides, now: now)
  }

  /// The table alone.
  static func table(_ overrides: [Report.Override], now: Timestamp) -> String {
    var table = TextTable([
      ("BACKEND", .left), ("ADDRESS", .left), ("OVERRIDE", .left), ("BY", .left), ("FOR", .right), ("ENDS IN", .right),
      ("REASON", .left),
    ])
    for override in overrides {
      table.add([
        "\(override.pool)/\(override.backend)", override.address, override.phrase, override.maker,
        Words.age(since: override.since, at: now),
        override.until.map { Words.left(until: $0, from: now) } ?? "never", override.reason ?? "",
      ])
    }
    return table.text
  }
}
