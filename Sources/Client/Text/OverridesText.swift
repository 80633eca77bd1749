package import Model
import Text

/// `martlet overrides`: what was changed at run time.
package enum OverridesText {
  /// The whole text.
  package static func render(_ answer: AdminAnswer.Overrides, now: Timestamp) -> String {
    let tables = [
      answer.overrides.isEmpty ? "" : table(answer.overrides, now: now),
      admission(answer.admission ?? [], now: now),
    ].filter { !$0.isEmpty }
    return tables.isEmpty ? "no overrides: everything is as the configuration says\n" : tables.joined(separator: "\n")
  }

  /// What is said of who may come in.
  private static func admission(_ leases: [AdmissionLease], now: Timestamp) -> String {
    var table = TextTable([
      ("CLIENTS", .left), ("LISTENER", .left), ("OVERRIDE", .left), ("BY", .left), ("FOR", .right), ("ENDS IN", .right),
      ("REASON", .left),
    ])
    for lease in leases {
      table.add([
        lease.range, lease.listener ?? "all", lease.verdict.rawValue, lease.author,
        Words.age(since: lease.since, at: now),
        lease.until.map { Words.left(until: $0, from: now) } ?? "never", lease.reason ?? "",
      ])
    }
    return leases.isEmpty ? "" : table.text
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
