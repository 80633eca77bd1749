package import Model
import Text

/// `martlet why` and `history`: why the proxy does what it does.
package enum DecisionText {
  /// A decision at a glance: the sentence first, then what it rests on.
  package static func render(_ why: AdminAnswer.Why, coloured: Bool = false) -> String {
    var table = TextTable([
      ("", .left), ("BACKEND", .left), ("ADDRESS", .left), ("TIER", .right), ("ELIGIBLE", .left), ("WEIGHT", .right),
      ("SESSIONS", .right), ("CHANCE", .right), ("REASON", .left),
    ])
    for backend in why.backends {
      table.add(
        [
          backend.name == why.pick ? ">" : "", backend.name, backend.address, "\(backend.tier)",
          backend.isEligible ? "yes" : "no", StatsText.hundredths(backend.weight), "\(backend.active)",
          backend.chance.map(Words.percent) ?? "-", backend.reason,
        ], paint: coloured ? [4: backend.isEligible ? .green : .boldRed] : [:])
    }
    let client = why.client.map { ", for client \($0)" } ?? ""
    let sentence = Paint.bold.on(TextTable.printable(why.sentence), when: coloured)
    let admission = (why.admission ?? []).map { decision in
      "listener \(decision.listener) \(decision.isLetIn ? "lets it in" : "turns it away"): \(decision.reason)"
    }
    let routes = (why.routes ?? []).map { route in
      "\(route.isTaken ? ">" : " ") route \(route.name)\(route.takes.map { " (\($0))" } ?? ""), "
        + "to \(route.pool.map { "pool \($0)" } ?? "nobody"): \(route.reason)"
    }
    let place = why.pool.map { "pool \($0)\(why.strategy.map { ", \($0)" } ?? "")" } ?? "no pool"
    return Words.lines(["\(place)\(client)"]) + "\(sentence)\n" + Words.lines(admission + routes) + "\n"
      + (why.backends.isEmpty ? "" : table.text + "\n")
      + Words.lines(
        [
          why.position.isEmpty ? nil : "position  \(why.position)",
          why.next.isEmpty ? nil : "next      \(why.next.joined(separator: ", "))",
        ].compactMap { $0 } + why.hints.map { "hint: \($0)" })
  }

  /// The latest changes of state.
  package static func render(_ history: AdminAnswer.History, coloured: Bool = false) -> String {
    var table = TextTable([
      ("TIME (UTC)", .left), ("BACKEND", .left), ("FROM", .left), ("TO", .left), ("BY", .left), ("TOOK", .right),
      ("REASON", .left),
    ])
    for change in history.transitions {
      table.add(
        [
          Words.moment(change.time), "\(change.pool)/\(change.backend)", change.from.rawValue, change.to.rawValue,
          change.cause.rawValue, change.duration.map(StatsText.duration) ?? "-", change.reason,
        ], paint: coloured ? [3: change.to.paint].compactMapValues { $0 } : [:])
    }
    return history.transitions.isEmpty ? "no state has changed yet\n" : table.text
  }
}
