import Model
import Text

extension TopModel {
  /// All that is known of the selected backend.
  var details: [ScreenLine] {
    guard let report = figures.report, let selection,
      let row = backends.flatMap(\.rows).first(where: { $0.path == selection })
    else { return [ScreenLine("It's gone.", .dim)] }
    let backend = row.backend
    var title = ScreenLine("\(selection.pool)/\(backend.name) ", .bold)
    title.add(backend.state.rawValue, backend.state.paint)
    title.add(" for \(Words.age(since: backend.since, at: report.time)): \(backend.reason)")
    let facts = Self.facts(backend, row.past, at: report.time)
    let width = facts.map(\.name.count).max() ?? 0
    let lines = facts.map { fact in
      var line = ScreenLine("  " + ScreenWidth.fit(fact.name, to: width) + "  ", .dim)
      line.add(fact.text)
      return line
    }
    return [title] + lines + [ScreenLine()] + Self.past(of: selection, in: report)
  }

  private static func facts(
    _ backend: Report.Backend, _ past: TopFigures.Past, at now: Timestamp
  ) -> [(name: String, text: String)] {
    let most = backend.sessions.max.map { " of \($0)" } ?? ""
    var facts = [
      ("address", backend.address),
      ("share", "tier \(backend.tier), weight \(StatsText.weight(backend))"),
      (
        "sessions",
        "\(backend.sessions.active)\(most) now, \(backend.sessions.total) in all, \(Figure.rate(past.rates?.sessions)) new/s"
      ),
      (
        "bytes",
        "\(StatsText.size(backend.bytes.toBackend)) to it, \(StatsText.size(backend.bytes.toClient)) from it"
      ),
      (
        "connects",
        "\(backend.connect.attempts), \(backend.connect.retries) after a failed one elsewhere; failed: "
          + causes(backend.connect.failures)
      ),
      ("connect", times(backend.connectTime)), ("session", times(backend.sessionTime)),
      ("ended", causes(backend.closes)), ("health", health(backend, at: now)),
    ]
    if let certificate = backend.check?.certificate {
      facts.append(("certificate", "for \(certificate.names), by \(certificate.issuer), until \(certificate.until)"))
    }
    if let agent = backend.agent {
      let words = (agent.says ?? "has said nothing yet") + (agent.reason.map { ": \($0)" } ?? "")
      let when = agent.lastTime.map { ", asked \(Words.age(since: $0, at: now)) ago" } ?? ""
      facts.append(("agent", words + when + (agent.trouble.map { ": \($0)" } ?? "")))
    }
    if let counts = backend.tally {
      facts.append(
        (
          "counted",
          "\(Words.count(counts.checks, "check")), \(counts.checkFailures) failed; \(Words.count(counts.transitions, "change")), "
            + "\(Words.count(counts.ejections, "ejection")), \(StatsText.duration(counts.secondsDown)) down"
        ))
    }
    if let lease = backend.override {
      let until = lease.until.map { ", for \(Words.left(until: $0, from: now)) more" } ?? ""
      let reason = lease.reason.map { ": \($0)" } ?? ""
      facts.append(("override", "\(lease.action.rawValue) by \(lease.maker)\(until)\(reason)"))
    }
    return facts
  }

  private static func health(_ backend: Report.Backend, at now: Timestamp) -> String {
    guard let check = backend.check else { return "not checked" }
    guard let result = check.lastResult else { return "\(backend.health.rawValue) (\(check.type)), not checked yet" }
    let when = check.lastTime.map { " \(Words.age(since: $0, at: now)) ago" } ?? ""
    let took = check.lastDuration.map { " in \(StatsText.duration($0))" } ?? ""
    let next = check.nextIn.map { ", next in \(StatsText.duration($0.rounded()))" } ?? ""
    return "\(backend.health.rawValue) (\(check.type)): \(result)\(took)\(when)\(next)"
  }

  /// The causes that there were, the most frequent first.
  private static func causes(_ counts: [String: Int]) -> String {
    let present = counts.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    return present.isEmpty ? "none" : present.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }

  private static func times(_ times: Report.Distribution) -> String {
    guard times.count > 0 else { return "-" }
    let shares = [("half", times.p50), ("90%", times.p90), ("99%", times.p99), ("all", times.max)]
    return shares.map { "\($0.0) within \(StatsText.duration($0.1))" }.joined(separator: ", ")
  }

  /// What has become of it, the latest first, as far as the report goes back.
  private static func past(of path: BackendPath, in report: Report) -> [ScreenLine] {
    let own = report.transitions.filter { $0.pool == path.pool && $0.backend == path.backend }
    guard !own.isEmpty else { return [ScreenLine("No change of its state is among the latest.", .dim)] }
    return [ScreenLine("Latest changes, UTC", .bold)]
      + own.map { transition in
        var line = ScreenLine("  \(Words.moment(transition.time))  \(transition.from.rawValue) → ")
        line.add(transition.to.rawValue, transition.to.paint)
        line.add("  \(transition.reason)")
        return line
      }
  }
}
