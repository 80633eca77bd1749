package import Model

/// What is wrong, for people: the same list in every text.
package enum ConcernText {
  /// Of what is no worse than a warning so much is listed at most; the rest is counted.
  static let most = 20

  /// The list under its heading; one line if nothing is wrong, and empty if that isn't known.
  ///
  /// - Parameter kinds: what is left out, because it's told elsewhere.
  package static func section(
    _ report: Report, without kinds: Set<Report.Concern.Kind> = [], coloured: Bool = false
  ) -> String {
    guard let all = report.concerns?.filter({ !kinds.contains($0.kind) }) else { return "" }
    guard !all.isEmpty else { return "nothing is wrong\n" }
    var table = TextTable([
      ("SEVERITY", .left), ("WHERE", .left), ("WHAT", .left), ("FOR", .right), ("ENDS IN", .right), ("WHY", .left),
    ])
    let shown = max(most, all.count { $0.severity == .critical })
    for concern in all.prefix(shown) {
      table.add(
        [
          concern.severity.rawValue, concern.place, concern.state,
          concern.since.map { StatsText.duration(max(report.time.seconds(since: $0), 0)) } ?? "-",
          concern.until.map { StatsText.duration(max($0.seconds(since: report.time).rounded(), 0)) } ?? "-",
          concern.reason,
        ], paint: coloured ? concern.severity.paint.map { [0: $0] } ?? [:] : [:])
    }
    let more = all.count > shown ? "  and \(all.count - shown) more\n" : ""
    let isWrong = all.contains { $0.severity < .notice }
    return (isWrong ? "wrong now\n" : "nothing is wrong; under way\n") + table.text + more
  }
}

extension Report.Concern.Severity {
  /// Its colour.
  package var paint: Paint? {
    switch self {
    case .critical: .red
    case .warning: .yellow
    case .notice: nil
    }
  }
}
