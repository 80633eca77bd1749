package import Model
import Text

/// `martlet fleet status`: the nodes of a fleet and what they have agreed on, for people.
package enum FleetText {
  /// The whole.
  package static func render(_ fleet: AdminAnswer.Fleet, coloured: Bool = false) -> String {
    var lines = [line(fleet, coloured: coloured), ""]
    let width = max(4, fleet.nodes.map(\.name.count).max() ?? 0) + 2
    lines.append("NODE".padding(to: width) + "STATE".padding(to: 12) + "GENERATION  LOG")
    for node in fleet.nodes {
      let state = state(of: node, in: fleet)
      let painted = state.paint.map { $0.on(state.word, when: coloured) } ?? state.word
      lines.append(
        node.name.padding(to: width) + painted + String(repeating: " ", count: max(1, 12 - state.word.count))
          + (node.generation.map(String.init) ?? "–").padding(to: 12) + (node.position.map(String.init) ?? "–")
          + (node.outOfStep.map { "  \($0)" } ?? ""))
    }
    if let rollout = fleet.rollout { lines += ["", title(rollout)] + votes(rollout) }
    if let last = fleet.last { lines += ["", "last: " + title(last)] + votes(last) }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The fleet at a glance.
  static func line(_ fleet: AdminAnswer.Fleet, coloured: Bool = false) -> String {
    let present = fleet.nodes.count(where: \.present)
    let trouble = fleet.log.trouble.map { ": \($0)" } ?? ""
    let log =
      fleet.log.live
      ? "log at \(fleet.log.position)"
      : Paint.red.on("log can't be reached, known to \(fleet.log.position)\(trouble)", when: coloured)
    return
      "node \(fleet.node): generation \(fleet.generation), \(present) of \(fleet.nodes.count) nodes are there, \(log)"
  }

  private static func state(
    of node: AdminAnswer.Fleet.Node, in fleet: AdminAnswer.Fleet
  ) -> (word: String, paint: Paint?) {
    if !node.present { return ("away", .red) }
    if node.outOfStep != nil { return ("out of step", .red) }
    return node.generation == fleet.generation ? ("in step", .green) : ("following", .yellow)
  }

  private static func title(_ rollout: AdminAnswer.Fleet.Rollout) -> String {
    let outcome =
      switch rollout.outcome {
      case .voting: "nodes are preparing it"
      case .soaking: "the canary has it"
      case .unconfirmed: "in force, and waits for `martlet confirm`"
      case .committed: "in force as generation \(rollout.generation ?? 0)"
      case .aborted: "off: \(rollout.reason ?? "")"
      case .reverted: "taken back: \(rollout.reason ?? "")"
      }
    return "rollout \(rollout.number) by \(rollout.author): \(outcome)"
  }

  private static func votes(_ rollout: AdminAnswer.Fleet.Rollout) -> [String] {
    rollout.votes.map { vote in
      "  \(vote.node): \(vote.vote ?? "hasn't voted")" + (vote.reason.map { ", \($0)" } ?? "")
    }
  }
}
