import Model
import Text

extension TopModel {
  /// The loudest clients of each listener that counts its clients: those that are turned away, then those with the most sessions.
  var clients: [ScreenLine] {
    guard let report = figures.report else { return [] }
    let counting = report.listeners.compactMap { listener in listener.admission?.clients.map { (listener.name, $0) } }
    guard !counting.isEmpty else {
      return [ScreenLine("No listener counts its clients; those do that have \"limits\" with \"perClient\".", .dim)]
    }
    let sections = counting.map { name, clients in Self.section(name, clients) }
    return Array(sections.joined(separator: [ScreenLine()]))
  }

  private static func section(_ name: String, _ clients: Report.Admission.Clients) -> [ScreenLine] {
    var title = ScreenLine(name, .bold)
    title.add("  knows \(Words.count(clients.known, "client"))")
    if clients.leftOut > 0 { title.add(", and let \(clients.leftOut) in uncounted", .yellow) }
    guard !clients.loudest.isEmpty else { return [title] }
    let lines = LoudClients.table(clients.loudest).split(separator: "\n").map(String.init)
    let rows = zip(clients.loudest, lines.dropFirst()).map { client, line in
      ScreenLine(line, client.turnedAway > 0 ? .yellow : nil)
    }
    return [title, ScreenLine(lines[0], .dim)] + rows
  }
}
