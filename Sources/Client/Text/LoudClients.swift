import Model
import Text

/// The clients that take the most of a listener that counts them.
enum LoudClients {
  /// A table for each such listener of which somebody was turned away; empty without one.
  static func section(_ listeners: [Report.Listener]) -> String {
    listeners.compactMap { listener in
      guard let clients = listener.admission?.clients else { return nil }
      let refused = clients.loudest.filter { $0.turnedAway > 0 }
      guard !refused.isEmpty else { return nil }
      return TextTable.printable("loudest clients of listener \(listener.name), which knows \(clients.known)") + "\n"
        + table(refused)
    }.joined(separator: "\n")
  }

  /// A line for the heading and one for each client.
  static func table(_ clients: [Report.Admission.Client]) -> String {
    var table = TextTable([("CLIENT", .left), ("SESSIONS", .right), ("LET IN", .right), ("TURNED AWAY", .right)])
    for client in clients {
      table.add([client.address, "\(client.sessions)", "\(client.letIn)", "\(client.turnedAway)"])
    }
    return table.text
  }
}
