package import Model

/// A fleet's floating addresses, for people: the same table in every text.
package enum AddressText {
  /// The table under its heading; empty without addresses.
  package static func section(_ fleet: AdminAnswer.Fleet?, now: Timestamp, coloured: Bool = false) -> String {
    guard let fleet, let addresses = fleet.addresses else { return "" }
    return "floating addresses\n" + table(addresses, of: fleet, now: now, coloured: coloured)
  }

  /// The table. What is known of clients is left out where there's nothing of it.
  package static func table(
    _ addresses: [AdminAnswer.Fleet.Address], of fleet: AdminAnswer.Fleet, now: Timestamp, coloured: Bool = false
  ) -> String {
    let hasClients = addresses.contains { $0.clients > 0 }
    let hasFollowers = hasClients && addresses.contains { $0.followers != nil }
    let hasProblems = addresses.contains { $0.problem != nil }
    var table = TextTable(
      [
        ("ADDRESS", .left), ("IP", .left), ("OWNER", .left), ("TERM", .right), ("FOR", .right), ("LEASE", .right),
        ("HEIRS", .left),
      ] + (hasClients ? [("CLIENTS", .right)] : []) + (hasFollowers ? [("BEHIND", .left)] : [])
        + (hasProblems ? [("WHY", .left)] : []))
    for address in addresses {
      table.add(
        [
          address.name, address.address, address.owner ?? "nobody", "\(address.generation)",
          address.since.map { StatsText.duration(max(now.seconds(since: $0).rounded(), 0)) } ?? "-",
          lease(of: address, now: now), address.heirs.isEmpty ? "nobody" : address.heirs.joined(separator: ", "),
        ] + (hasClients ? ["\(address.clients)"] : []) + (hasFollowers ? [followers(of: address)] : [])
          + (hasProblems ? [address.problem ?? ""] : []),
        paint: coloured
          ? [2: fleet.isMissed(address) ? Paint.red : nil, 6: address.heirs.isEmpty ? .yellow : nil].compactMapValues(
            \.self) : [:])
    }
    return table.text
  }

  private static func lease(of address: AdminAnswer.Fleet.Address, now: Timestamp) -> String {
    switch address.state {
    case .owned: address.until.map { StatsText.duration(max($0.seconds(since: now).rounded(), 0)) } ?? "-"
    case .lapsed, .kept, .leaving: address.state.rawValue
    case .elsewhere, .nobodys: "-"
    }
  }

  private static func followers(of address: AdminAnswer.Fleet.Address) -> String {
    address.followers?.map { "\($0.node) \($0.behind.map(String.init) ?? "all")" }.joined(separator: ", ") ?? "-"
  }
}
