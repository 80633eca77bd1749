package import Model
import Text

/// `martlet sessions`, `close`, `rebalance` and `recent`: what concerns single sessions.
package enum SessionsText {
  /// The sessions that stand.
  package static func render(_ answer: AdminAnswer.Sessions) -> String {
    var table = TextTable([
      ("ID", .left), ("CLIENT", .left), ("LISTENER", .left), ("BACKEND", .left), ("PHASE", .left), ("AGE", .right),
      ("IDLE", .right), ("TO BACKEND", .right), ("TO CLIENT", .right), ("WORKER", .right),
    ])
    for session in answer.sessions {
      table.add([
        session.id, session.client, session.listener, backend(session.backend, of: session.pool), session.phase,
        StatsText.duration(session.age), StatsText.duration(session.idle), StatsText.size(session.bytes.toBackend),
        StatsText.size(session.bytes.toClient), "\(session.worker)",
      ])
    }
    guard answer.total > 0 else { return "no session matches\n" }
    let shown = answer.sessions.count
    let count = Words.count(answer.total, "session")
    return (shown > 0 ? table.text + "\n" : "")
      + (shown < answer.total ? "\(count); these are the \(shown) oldest, --limit shows more\n" : "\(count)\n")
  }

  /// The sessions that have ended.
  package static func render(_ answer: AdminAnswer.Recent) -> String {
    var table = TextTable([
      ("BEGAN (UTC)", .left), ("ID", .left), ("CLIENT", .left), ("LISTENER", .left), ("BACKEND", .left),
      ("TRIES", .right), ("CONNECT", .right), ("LASTED", .right), ("TO BACKEND", .right), ("TO CLIENT", .right),
      ("CAUSE", .left), ("END", .left),
    ])
    for session in answer.sessions {
      table.add([
        Words.moment(session.began), session.id, session.client, session.listener,
        backend(session.backend, of: session.pool), "\(session.attempts)",
        session.connectTime.map(StatsText.duration) ?? "-", StatsText.duration(session.duration),
        StatsText.size(session.bytes.toBackend), StatsText.size(session.bytes.toClient), session.cause, session.text,
      ])
    }
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

  private static func backend(_ backend: String?, of pool: String) -> String {
    backend.map { "\(pool)/\($0)" } ?? "\(pool)/-"
  }
}
