package import Model
import Text

/// `martlet fleet status`: the nodes of a fleet and what they have agreed on, for people.
package enum FleetText {
  /// The whole.
  package static func render(_ fleet: AdminAnswer.Fleet, coloured: Bool = false, now: Timestamp = .now) -> String {
    var parts = [line(fleet, coloured: coloured) + "\n", nodes(fleet, coloured: coloured)]
    if let addresses = fleet.addresses {
      parts.append(AddressText.table(addresses, of: fleet, now: now, coloured: coloured))
    }
    if fleet.hasLeft == true { parts.append("\(fleet.node) owns no address until `martlet fleet join`\n") }
    if fleet.isIsolated == true {
      parts.append("\(fleet.node) sees backends down that others see up, and owns no address that they may have\n")
    }
    if let rollout = fleet.rollout { parts.append(text(of: rollout)) }
    if let last = fleet.last { parts.append("last: " + text(of: last)) }
    return parts.joined(separator: "\n")
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
      "node \(fleet.node) of \(fleet.name): generation \(fleet.generation), \(present) of \(fleet.nodes.count) nodes are there, \(log)"
  }

  private static func nodes(_ fleet: AdminAnswer.Fleet, coloured: Bool) -> String {
    let isComplaining = fleet.nodes.contains { $0.outOfStep != nil }
    var table = TextTable(
      [("NODE", .left), ("STATE", .left), ("GENERATION", .right), ("LOG", .right)]
        + (isComplaining ? [("WHY", .left)] : []))
    for node in fleet.nodes {
      let state = state(of: node, in: fleet)
      table.add(
        [
          node.name, state.word, node.generation.map(String.init) ?? "-", node.position.map(String.init) ?? "-",
        ] + (isComplaining ? [node.outOfStep ?? ""] : []), paint: coloured ? [1: state.paint] : [:])
    }
    return table.text
  }

  private static func state(of node: AdminAnswer.Fleet.Node, in fleet: AdminAnswer.Fleet) -> (
    word: String, paint: Paint
  ) {
    if !node.present { return ("away", .red) }
    if node.outOfStep != nil { return ("out of step", .red) }
    return node.generation == fleet.generation ? ("in step", .green) : ("following", .yellow)
  }

  private static func text(of rollout: AdminAnswer.Fleet.Rollout) -> String {
    let outcome =
      switch rollout.outcome {
      case .voting: "nodes are preparing it"
      case .soaking: "the canary has it"
      case .unconfirmed: "in force, and waits for `martlet confirm`"
      case .committed: "in force as generation \(rollout.generation ?? 0)"
      case .aborted: "off: \(rollout.reason ?? "")"
      case .reverted: "taken back: \(rollout.reason ?? "")"
      }
    let votes = rollout.votes.map { vote in
      "  \(vote.node): \(vote.vote ?? "hasn't voted")" + (vote.reason.map { ", \($0)" } ?? "")
    }
    return Words.lines(["rollout \(rollout.number) by \(rollout.author): \(outcome)"] + votes)
  }
}
