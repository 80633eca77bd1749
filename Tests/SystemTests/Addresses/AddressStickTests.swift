import Foundation
import Support
import Testing

extension AddressTests {
  private struct Known: Decodable {
    struct Client: Decodable {
      let client, backend: String
      let idle: Int
    }
    let clients: [Client]
  }

  @Test("that a session has ended which an upgrade left behind is known to the node that has the address next")
  func endedBehindAnUpgrade() throws {
    let fleet = try AddressFleet(backends: 5, pool: ", \"stick\": { \"for\": \"6s\" }")
    let owner = try #require(fleet.holder)
    let hosts = (10..<18).map { "10.77.0.\($0)" }
    for host in hosts { try fleet.network.hub.run("ip", "address", "add", "\(host)/32", "dev", "br0") }
    func known(_ name: String, atMost idle: Int = 60) throws -> [String: String] {
      let text = try fleet.ask(name, "stick", "--limit", "1000", "--json").output
      let clients = try JSONDecoder().decode(Known.self, from: Data(text.utf8)).clients
      let ours = clients.filter { hosts.contains($0.client) && $0.idle <= idle }.map { ($0.client, $0.backend) }
      return Dictionary(uniqueKeysWithValues: ours)
    }
    var sessions = fleet.network.hub.run {
      hosts.compactMap { try? ClientSocket(.ip(AddressFleet.address, 80), from: $0) }
    }
    #expect(sessions?.count == hosts.count)
    try waitUntil("all have a backend") { try known(owner).count == hosts.count }
    let before = try known(owner)
    let upgrade = try fleet.ask(owner, "upgrade")
    defer { fleet.endSuccessor(of: owner) }
    #expect(upgrade.exit == .code(0), "\(upgrade.errors)")
    // Longer than a client is remembered that isn't here any more.
    usleep(7_500_000)
    // What nobody has read is lost with them, so that they end at once.
    sessions = nil
    try waitUntil("the process that has the address knows") { try known(owner, atMost: 2) == before }
    usleep(200_000)
    _ = try fleet.failOver { owner in
      let heir = fleet.names.first { $0 != owner } ?? ""
      let move = try fleet.ask(owner, "fleet", "move", "web", heir)
      #expect(move.exit == .code(0), "\(move)")
    }
    let heir = try #require(fleet.holder)
    try waitUntil("\(heir) knows") { try known(heir) == before }
  }
}
