package import Model

/// A fleet's floating addresses, for people: the same table in every text.
package enum AddressText {
  /// The table under its heading; empty without addresses.
  package static func section(_ fleet: AdminAnswer.Fleet?, now: Timestamp, coloured: Bool = false) -> String {
    guard let fleet, fleet.addresses != nil else { return "" }
    return "floating addresses\n" + table(fleet, now: now, coloured: coloured)
  }

  /// The table. What is known of clients is left out where there's nothing of it.
  package static func table(_ fleet: AdminAnswer.Fleet, now: Timestamp, coloured: Bool = false) -> String {
    let addresses = fleet.addresses ?? []
    let columns = [
      TextColumn("ADDRESS", .left, addresses.map(\.name)),
      TextColumn("IP", .left, addresses.map(\.address)),
      TextColumn(
        "OWNER", .left, addresses.map { $0.owner ?? "nobody" },
        paints: addresses.map { fleet.isMissed($0) ? .red : nil }),
      TextColumn("TERM", .right, addresses.map { "\($0.generation)" }),
      TextColumn("FOR", .right, addresses.map { $0.since.map { whole(now.seconds(since: $0)) } ?? "-" }),
      TextColumn("LEASE", .right, addresses.map { lease(of: $0, now: now) }),
      TextColumn(
        "HEIRS", .left, addresses.map { $0.heirs.isEmpty ? "nobody" : $0.heirs.joined(separator: ", ") },
        paints: addresses.map { $0.heirs.isEmpty ? .yellow : nil }),
      TextColumn("CLIENTS", .right, addresses.map { "\($0.clients)" }, unless: "0"),
      TextColumn("BEHIND", .left, addresses.map { text(of: $0.followers, clients: $0.clients) }, unless: "-"),
      TextColumn("WHY", .left, addresses.map { $0.problem ?? "" }, unless: ""),
    ]
    return TextTable(columns, coloured: coloured).text
  }

  private static func lease(of address: AdminAnswer.Fleet.Address, now: Timestamp) -> String {
    switch address.state {
    case .owned: address.until.map { whole($0.seconds(since: now)) } ?? "-"
    case .lapsed, .kept, .leaving: address.state.rawValue
    case .elsewhere, .nobodys: "-"
    }
  }

  /// Whole seconds; none of what is over.
  private static func whole(_ seconds: Double) -> String {
    seconds < 0.5 ? "0 s" : StatsText.duration(seconds.rounded())
  }

  /// How far other nodes are with so many clients; `-` where there's nothing of it.
  package static func text(of followers: [AdminAnswer.Fleet.Follower]?, clients: Int) -> String {
    guard clients > 0, let followers else { return "-" }
    return followers.map { "\($0.node) \($0.behind.map(String.init) ?? "all")" }.joined(separator: ", ")
  }
}
