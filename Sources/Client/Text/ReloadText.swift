package import Model
import Text

/// `martlet plan`, `reload`, `revert` and `upgrade`: what becomes of configurations and processes.
package enum ReloadText {
  /// What a reload would do: the changes, then the blast radius.
  package static func render(_ plan: AdminAnswer.Plan, coloured: Bool = false) -> String {
    let verdict =
      if !plan.obstacles.isEmpty {
        Paint.boldRed.on("refused: a reload would be refused as it is", when: coloured)
      } else if plan.isRefused {
        Paint.boldRed.on("refused: another node would refuse it, and so no node would take it", when: coloured)
      } else {
        switch plan.worstSeverity {
        case .none: Paint.green.on("none: nothing would change", when: coloured)
        case .additive: Paint.green.on("additive: no session would notice", when: coloured)
        case .disruptive:
          Paint.yellow.on(
            plan.affected > 0
              ? "disruptive: sessions would be affected"
              : "disruptive: nobody would answer any more where somebody does",
            when: coloured)
        }
      }
    let sections = [
      verdict + "\n", Words.list("obstacles", plan.obstacles), Words.list("changes", plan.changes),
      Words.list("blast radius", radius(plan)), Words.list("limits", plan.limits),
      Words.list("warnings", plan.warnings),
      Words.list("on other nodes", (plan.nodes ?? []).flatMap { lines(of: $0, beside: plan, coloured) }),
    ]
    return sections.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// What another node says: in a line, if it's no other than here, and else what is otherwise.
  private static func lines(of node: AdminAnswer.NodePlan, beside own: AdminAnswer.Plan, _ coloured: Bool) -> [String] {
    guard let plan = node.plan else {
      let problem = node.problem.map { [$0.error] + ($0.details ?? []) } ?? ["it has said nothing"]
      return ["\(node.node): \(problem.joined(separator: "; "))"]
    }
    let sessions = [
      plan.draining > 0 ? "\(Words.count(plan.draining, "session")) to finish within their limit" : nil,
      plan.closing > 0 ? "\(Words.count(plan.closing, "session")) closed" : nil,
    ].compactMap { $0 }
    let verdict =
      plan.obstacles.isEmpty
      ? plan.severity.rawValue : Paint.boldRed.on("refused: \(plan.obstacles.joined(separator: "; "))", when: coloured)
    let isSame = plan.changes == own.changes
    return ["\(node.node): " + ([verdict] + sessions).joined(separator: ", ") + (isSame ? "" : "; it would change")]
      + (isSame ? [] : plan.changes.map { "  \($0)" })
  }

  private static func radius(_ plan: AdminAnswer.Plan) -> [String] {
    let names = { (what: String, names: [String]) in
      names.isEmpty ? nil : "\(what.padding(to: 18))\(names.joined(separator: ", "))"
    }
    let sessions = [
      plan.draining > 0 ? "\(plan.draining) to finish within their limit" : nil,
      plan.closing > 0 ? "\(plan.closing) closed" : nil,
    ].compactMap { $0 }
    return [
      names("backends added", plan.added), names("backends removed", plan.removed),
      names("backends changed", plan.changed), names("unknown health", plan.unknownHealth),
      names("unresolved", plan.unresolved),
      names("addresses bound", plan.binds), names("addresses closed", plan.unbinds),
      plan.severity == .none ? nil : names("sessions", sessions.isEmpty ? ["none is affected"] : sessions),
    ].compactMap { $0 }
  }

  /// What a reload, or going back, has done.
  package static func render(_ answer: AdminAnswer.Reloaded, now: Timestamp) -> String {
    if let message = answer.message { return Words.lines([message]) }
    let time = StatsText.duration(answer.seconds)
    guard !answer.changes.isEmpty else { return "nothing has changed: generation \(answer.generation) goes on\n" }
    var lines = ["generation \(answer.generation) runs, after \(time)"]
    if answer.draining > 0 {
      lines.append("\(Words.count(answer.draining, "session")) to finish within their limit")
    }
    if answer.closing > 0 { lines.append("\(Words.count(answer.closing, "session")) to be closed") }
    if let until = answer.confirmUntil {
      lines.append(
        "on probation: `martlet confirm` within \(Words.left(until: until, from: now)), or it's taken back")
    }
    return Words.list("changes", answer.changes) + "\n" + Words.lines(lines)
  }

  /// What an upgrade has done.
  package static func render(_ answer: AdminAnswer.Upgraded, now: Timestamp) -> String {
    let old =
      answer.draining == 0
      ? "the old process has no session left"
      : "the old process has \(Words.count(answer.draining, "session")) left, which may go on for "
        + Words.left(until: answer.deadline, from: now)
    return Words.lines(["pid \(answer.pid) serves now, version \(answer.version)", old])
  }
}

/// What is short.
package enum ShortText {
  /// What was done.
  package static func render(_ answer: AdminAnswer.Done) -> String { Words.lines([answer.message]) }

  /// What is logged.
  package static func render(_ answer: AdminAnswer.Log) -> String { Words.lines([answer.level]) }

  /// What to mind, for the standard error.
  package static func warnings(_ warnings: [String]) -> String { Words.lines(warnings.map { "warning: \($0)" }) }
}
