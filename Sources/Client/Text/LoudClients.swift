import Model
import Text

/// The clients that take the most of a listener that counts them.
enum LoudClients {
  /// A table for each such listener of which somebody was turned away; empty without one.
  static func section(_ listeners: [Report.Listener]) -> String {
    listeners.compactMap { listener in
      guard let clients = listener.admission?.clients, clients.loudest.contains(where: { $0.turnedAway > 0 }) else {
        return nil
      }
      var table = TextTable([("CLIENT", .left), ("SESSIONS", .right), ("LET IN", .right), ("TURNED AWAY", .right)])
      for client in clients.loudest where client.turnedAway > 0 {
        table.add([client.address, "\(client.sessions)", "\(client.letIn)", "\(client.turnedAway)"])
      }
      return TextTable.printable("loudest clients of listener \(listener.name), which knows \(clients.known)") + "\n"
        + table.text
    }.joined(separator: "\n")
  }
}
