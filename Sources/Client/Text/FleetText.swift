package import Model
import Text

/// `martlet fleet status`: the nodes of a fleet and what they have agreed on, for people.
package enum FleetText {
  /// The whole.
  package static func render(_ fleet: AdminAnswer.Fleet, coloured: Bool = false, now: Timestamp = .now) -> String {
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
    if let addresses = fleet.addresses { lines += [""] + self.addresses(addresses, coloured: coloured, now: now) }
    if fleet.hasLeft == true { lines += ["", "\(fleet.node) owns no address until `martlet fleet join`"] }
    if fleet.isIsolated == true {
      lines += ["", "\(fleet.node) sees backends down that others see up, and owns no address that they may have"]
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

  private static func addresses(
    _ addresses: [AdminAnswer.Fleet.Address], coloured: Bool, now: Timestamp
  ) -> [String] {
    let width = max(7, addresses.map(\.name.count).max() ?? 0) + 2
    let hosts = max(2, addresses.map(\.address.count).max() ?? 0) + 2
    let owners = max(5, addresses.map { ($0.owner ?? "nobody").count }.max() ?? 0) + 2
    let title =
      "ADDRESS".padding(to: width) + "IP".padding(to: hosts) + "OWNER".padding(to: owners) + "TERM  SINCE     LEASE"
    return [title]
      + addresses.map { address in
        let owner = address.owner ?? "nobody"
        let space = String(repeating: " ", count: owners - owner.count)
        let lease =
          switch address.state {
          case .owned: address.until.map { Words.left(until: $0, from: now) } ?? "–"
          case .leaving: "leaving"
          case .elsewhere, .nobodys: "–"
          }
        return address.name.padding(to: width) + address.address.padding(to: hosts)
          + (address.owner == nil ? Paint.red.on(owner, when: coloured) : owner) + space
          + "\(address.generation)".padding(to: 6)
          + (address.since.map { Words.age(since: $0, at: now) } ?? "–").padding(to: 10) + lease
          + (address.problem.map { "  " + Paint.red.on($0, when: coloured) } ?? "")
      }
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
