package import Model
import Text

/// `martlet sessions`, `close`, `rebalance` and `recent`: what concerns single sessions.
package enum SessionsText {
  /// The sessions that stand.
  package static func render(_ answer: AdminAnswer.Sessions) -> String {
    let sessions = answer.sessions
    let table = TextTable(
      [
        TextColumn("ID", .left, sessions.map(\.id)), TextColumn("CLIENT", .left, sessions.map(\.client)),
        TextColumn("LISTENER", .left, sessions.map(\.listener)),
        TextColumn("SNI", .left, sessions.map { $0.sni ?? "-" }, unless: "-"),
        TextColumn("ALPN", .left, sessions.map { alpn($0.alpn) }, unless: "-"),
        TextColumn("BACKEND", .left, sessions.map { backend($0.backend, of: $0.pool) }),
        TextColumn("PHASE", .left, sessions.map(\.phase)),
        TextColumn("AGE", .right, sessions.map { StatsText.duration($0.age) }),
        TextColumn("IDLE", .right, sessions.map { StatsText.duration($0.idle) }),
        TextColumn("TO BACKEND", .right, sessions.map { StatsText.size($0.bytes.toBackend) }),
        TextColumn("TO CLIENT", .right, sessions.map { StatsText.size($0.bytes.toClient) }),
        TextColumn("WORKER", .right, sessions.map { "\($0.worker)" }),
      ], coloured: false)
    guard answer.total > 0 else { return "no session matches\n" }
    let shown = answer.sessions.count
    let count = Words.count(answer.total, "session")
    return (shown > 0 ? table.text + "\n" : "")
      + (shown < answer.total ? "\(count); these are the \(shown) oldest, --limit shows more\n" : "\(count)\n")
  }

  /// The sessions that have ended.
  package static func render(_ answer: AdminAnswer.Recent) -> String {
    let sessions = answer.sessions
    let table = TextTable(
      [
        TextColumn("BEGAN (UTC)", .left, sessions.map { Words.moment($0.began) }),
        TextColumn("ID", .left, sessions.map(\.id)), TextColumn("CLIENT", .left, sessions.map(\.client)),
        TextColumn("LISTENER", .left, sessions.map(\.listener)),
        TextColumn("SNI", .left, sessions.map { $0.sni ?? "-" }, unless: "-"),
        TextColumn("ALPN", .left, sessions.map { alpn($0.alpn) }, unless: "-"),
        TextColumn("BACKEND", .left, sessions.map { backend($0.backend, of: $0.pool) }),
        TextColumn("TRIES", .right, sessions.map { "\($0.attempts)" }),
        TextColumn("CONNECT", .right, sessions.map { $0.connectTime.map(StatsText.duration) ?? "-" }),
        TextColumn("LASTED", .right, sessions.map { StatsText.duration($0.duration) }),
        TextColumn("TO BACKEND", .right, sessions.map { StatsText.size($0.bytes.toBackend) }),
        TextColumn("TO CLIENT", .right, sessions.map { StatsText.size($0.bytes.toClient) }),
        TextColumn("CAUSE", .left, sessions.map(\.cause)), TextColumn("END", .left, sessions.map(\.text)),
      ], coloured: false)
    return answer.sessions.isEmpty ? "no session has ended yet\n" : table.text
  }

  /// What a selection comes to that is closed.
  package static func render(_ answer: AdminAnswer.Closing) -> String {
    guard answer.matching > 0 else { return "no session matches\n" }
    let count = Words.count(answer.matching, "session")
    return answer.perSecond.map { "\(count) to be closed, at most \($0) a second, each when its bytes pause\n" }
      ?? "\(count) closed at once\n"
  }

  /// What is asked before sessions are closed.
  package static func question(_ count: Int, now: Bool) -> String {
    "Close \(Words.count(count, "session"))\(now ? " at once, amid their bytes" : "")? [y/N] "
  }

  /// The backends' shares, and what is done about them.
  package static func render(_ answer: AdminAnswer.Rebalance) -> String {
    var table = TextTable([("BACKEND", .left), ("SESSIONS", .right), ("TOO MANY", .right)])
    for share in answer.shares { table.add([share.backend, "\(share.active)", "\(share.excess)"]) }
    let excess = answer.shares.map(\.excess).reduce(0, +)
    let pool = TextTable.printable(answer.pool)
    guard !answer.shares.isEmpty else { return "pool \(pool) has no eligible backend: nothing to rebalance\n" }
    return table.text + "\n"
      + (excess == 0
        ? "pool \(pool) is in balance: nothing to do\n"
        : "\(Words.count(excess, "session")) of pool \(pool) to be closed, at most \(answer.perSecond) a second\n")
  }

  private static func backend(_ backend: String?, of pool: String?) -> String { "\(pool ?? "-")/\(backend ?? "-")" }

  private static func alpn(_ protocols: [String]?) -> String { protocols?.joined(separator: ",") ?? "-" }
}
