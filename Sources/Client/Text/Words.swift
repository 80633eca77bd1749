import Model
import Text

/// Phrases that more than one text needs.
enum Words {
  /// `1 session`, `2 sessions`.
  static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }

  /// A moment to the second, in UTC: `2026-01-31 12:00:00`.
  static func moment(_ time: Timestamp) -> String {
    String(time.description.prefix(19).map { $0 == "T" ? " " : $0 })
  }

  /// How long until a moment; `now` if it has come.
  static func left(until time: Timestamp, from now: Timestamp) -> String {
    let seconds = time.seconds(since: now)
    return seconds < 1 ? "now" : StatsText.duration(seconds.rounded())
  }

  /// For how long something has been so, in whole seconds.
  static func age(since time: Timestamp, at now: Timestamp) -> String {
    let seconds = now.seconds(since: time).rounded()
    return seconds < 1 ? "0 s" : StatsText.duration(seconds)
  }

  /// A share as a percentage.
  static func percent(_ share: Double) -> String {
    guard share.isFinite, abs(share) < 1000 else { return "-" }
    return share > 0 && share < 0.005 ? "<1%" : "\(Int((share * 100).rounded()))%"
  }

  /// Lines of text, each of which a terminal can show.
  static func lines(_ lines: [String]) -> String {
    lines.map { TextTable.printable($0) + "\n" }.joined()
  }

  /// A heading with indented lines below it; empty without lines.
  static func list(_ heading: String, _ lines: [String]) -> String {
    lines.isEmpty ? "" : "\(heading)\n" + lines.map { "  \(TextTable.printable($0))\n" }.joined()
  }
}

extension Report.Backend.State {
  /// How the state stands out.
  var paint: Paint? {
    switch self {
    case .up: .green
    case .warming, .unknown, .held, .vanished, .unresolved: .yellow
    case .draining, .maintenance, .absent: .cyan
    case .ejected, .down, .ourselves: .boldRed
    }
  }
}

extension Report.Pool.State {
  /// How the state stands out.
  var paint: Paint? {
    switch self {
    case .up: .green
    case .degraded: .yellow
    case .down: .boldRed
    }
  }
}
