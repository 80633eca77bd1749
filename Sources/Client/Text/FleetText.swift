package import Model
import Text

/// `martlet fleet status`: the nodes of a fleet and what they have agreed on, for people.
package enum FleetText {
  /// The whole.
  package static func render(_ fleet: AdminAnswer.Fleet, coloured: Bool = false, now: Timestamp = .now) -> String {
    var parts = [line(fleet, coloured: coloured) + "\n", nodes(fleet, coloured: coloured)]
    if fleet.addresses != nil { parts.append(AddressText.table(fleet, now: now, coloured: coloured)) }
    if fleet.hasLeft == true { parts.append("\(fleet.node) owns no address until `martlet fleet join`\n") }
    if fleet.isIsolated == true {
      parts.append("\(fleet.node) sees backends down that others see up, and owns no address that they may have\n")
    }
    if let forms = fleet.forms { parts.append(forms.text + "\n") }
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
      ? "log at \(fleet.log.position)" + (fleet.log.leader.map { ", led by \($0)" } ?? "")
        + Paint.yellow.on(trouble, when: coloured)
      : Paint.red.on("log can't be reached, known to \(fleet.log.position)\(trouble)", when: coloured)
    let differing = fleet.differing.isEmpty ? "" : ", " + Paint.yellow.on(fleet.differing, when: coloured)
    return
      "node \(fleet.node) of \(fleet.name): generation \(fleet.generation), \(present) of \(fleet.nodes.count) nodes are there\(differing), \(log)"
  }

  private static func nodes(_ fleet: AdminAnswer.Fleet, coloured: Bool) -> String {
    let states = fleet.nodes.map { state(of: $0, in: fleet) }
    let columns = [
      TextColumn("NODE", .left, fleet.nodes.map(\.name)),
      TextColumn("STATE", .left, states.map(\.word), paints: states.map(\.paint)),
      TextColumn("VOICE", .left, fleet.nodes.map { ($0.voice ?? .votes).rawValue }, unless: "votes"),
      TextColumn("GENERATION", .right, fleet.nodes.map { $0.generation.map(String.init) ?? "-" }),
      TextColumn("LOG", .right, fleet.nodes.map { $0.position.map(String.init) ?? "-" }),
      TextColumn("CLIENTS", .right, fleet.nodes.map { "\($0.clients ?? 0)" }, unless: "0"),
      TextColumn(
        "BEHIND", .left, fleet.nodes.map { AddressText.text(of: $0.followers, clients: $0.clients ?? 0) }, unless: "-"),
      TextColumn("WHY", .left, fleet.nodes.map { $0.outOfStep ?? $0.own?.text ?? "" }, unless: ""),
    ]
    return TextTable(columns, coloured: coloured).text
  }

  private static func state(
    of node: AdminAnswer.Fleet.Node, in fleet: AdminAnswer.Fleet
  ) -> (word: String, paint: Paint) {
    if !node.present { return ("away", .red) }
    if node.role == .witness { return ("witness", .green) }
    if node.outOfStep != nil { return ("out of step", .red) }
    if node.generation != fleet.generation { return ("following", .yellow) }
    return node.own == nil ? ("in step", .green) : ("differs", .yellow)
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
