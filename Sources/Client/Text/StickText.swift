package import Model
import Text

/// `martlet stick`: which clients get the backend that they had.
package enum StickText {
  /// What is known at a glance, then each backend's share, then the clients.
  package static func render(_ stick: AdminAnswer.Stick) -> String {
    let figures = stick.figures
    let head = Words.lines([
      "pool \(stick.pool): \(figures.entries) of \(Words.count(figures.size, "client")) remembered, each for "
        + "\(StatsText.duration(Double(figures.lifetime))) after its last session",
      "\(Words.count(figures.hits, "session")) had the same backend again, \(figures.moves) another one; "
        + "\(Words.count(figures.evictions, "client")) made room for others"
        + (figures.unacknowledged == 0
          ? "" : "; \(Words.count(figures.unacknowledged, "session")) waited for another node in vain"),
    ])
    var shares = TextTable([("BACKEND", .left), ("CLIENTS", .right)])
    for (backend, count) in stick.backends.sorted(by: { $0.key < $1.key }) { shares.add([backend, "\(count)"]) }
    var clients = TextTable([("CLIENT", .left), ("BACKEND", .left), ("SEEN", .right)])
    for client in stick.clients {
      clients.add([
        client.client, client.backend, client.idle == 0 ? "now" : "\(StatsText.duration(Double(client.idle))) ago",
      ])
    }
    return head + "\n" + shares.text + (stick.clients.isEmpty ? "" : "\n" + clients.text)
  }
}
