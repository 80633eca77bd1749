import Foundation
import Glibc
import Sockets
import Support
import Testing

/// Clients that come now to this node and now to that one, as whatever is before a fleet without addresses sends them.
@Suite("System/Fleet/Stick", .serialized) struct FleetStickTests {
  private struct Stick: Decodable {
    struct Client: Decodable { let client, backend: String }
    let clients: [Client]
  }

  @Test("a client has one backend whichever node it comes to, and a node that is back knows it again")
  func everywhere() throws {
    let backends = try (0..<3).map { index in
      let address = try #require(SocketAddress(ip: "127.0.0.1", port: FreePort.next()))
      return try GreetingServer(at: address, greeting: UInt8(ascii: "a") + UInt8(index))
    }
    let ports = backends.compactMap(\.address.port)
    let fleet = try FleetOnMachine { fleet in
      try fleet.configure(
        backend: ports[0], pool: ", \"stick\": {}, \"health\": { \"type\": \"none\" }",
        backends: Array(ports.dropFirst()))
    }
    try fleet.waitUntilAllServe(1)
    let clients = (2..<32).map { "127.0.0.\($0)" }
    func come(_ clients: some Sequence<String>, to name: String) throws -> [String: UInt8] {
      Dictionary(
        uniqueKeysWithValues: try clients.map { client in
          let socket = try ClientSocket(.ip("127.0.0.1", fleet.ports[name] ?? 0), from: client)
          return (client, try socket.receive(exactly: 1)[0])
        })
    }
    func known(_ name: String) -> Int {
      let text = (try? fleet.ask(name, "stick", "--limit", "1000", "--json").output) ?? ""
      return (try? JSONDecoder().decode(Stick.self, from: Data(text.utf8)).clients.count) ?? 0
    }
    // Half of them come to one node first, half to another one.
    let first = try come(clients.prefix(15), to: "lb1").merging(come(clients.dropFirst(15), to: "lb2")) { one, _ in one
    }
    #expect(Set(first.values).count == 3)
    for name in fleet.names { try waitUntil("\(name) knows all") { known(name) == clients.count } }
    // Each node tells how many it knows of those that have come to each, and how far the others are with its own.
    for name in fleet.names {
      try fleet.waitUntil("\(name)'s clients are with all", on: name) { status in
        status.nodes.map(\.clients) == [15, 15, 0]
          && status.nodes.allSatisfy { node in
            let others = fleet.names.filter { $0 != name }
            return node.followers == (node.name == name ? others.map { .init(node: $0, behind: 0) } : nil)
          }
      }
    }
    let metrics = try fleet.stats("lb3", "/metrics").body
    #expect(metrics.contains("martlet_fleet_node_clients{node=\"lb1\"} 15"), "\(metrics)")
    #expect(metrics.contains("martlet_fleet_behind_updates{node=\"lb1\"} 0"), "\(metrics)")
    for name in fleet.names { #expect(try come(clients, to: name) == first, "\(name)") }
    for name in ["lb1", "lb3"] {
      fleet.kill(name)
      try fleet.start(name)
      try waitUntil("\(name) knows all again") { known(name) == clients.count }
      #expect(try come(clients, to: name) == first, "\(name)")
    }
  }

  @Test("whoever's first byte has reached a backend is known to another node, if it's to be acknowledged")
  func acknowledged() throws {
    let backends = try (0..<3).map { index in
      let address = try #require(SocketAddress(ip: "127.0.0.1", port: FreePort.next()))
      return try GreetingServer(at: address, greeting: UInt8(ascii: "a") + UInt8(index), answers: true)
    }
    let ports = backends.compactMap(\.address.port)
    let fleet = try FleetOnMachine { fleet in
      try fleet.configure(
        backend: ports[0],
        pool: ", \"stick\": { \"replicate\": \"ack-one\" }, \"health\": { \"type\": \"none\" }",
        backends: Array(ports.dropFirst()))
    }
    try fleet.waitUntilAllServe(1)
    func ask(_ name: String, from client: String) throws -> UInt8 {
      let socket = try ClientSocket(.ip("127.0.0.1", fleet.ports[name] ?? 0), from: client)
      try socket.send("?")
      return try socket.receive(exactly: 1)[0]
    }
    // Once a node's table is followed, its word is known before the client's: it's killed right after each answer.
    try waitUntil("lb2 knows who comes to lb1") {
      _ = try ask("lb1", from: "127.0.0.2")
      return try fleet.ask("lb2", "stick", "--client", "127.0.0.2", "--json").output.contains("127.0.0.2")
    }
    let clients = (3..<43).map { "127.0.0.\($0)" }
    let first = try clients.map { try ask("lb1", from: $0) }
    fleet.kill("lb1")
    let others = try clients.map { client in
      let found = ["lb2", "lb3"].contains { name in
        (try? fleet.ask(name, "stick", "--client", client, "--json").output.contains("\"\(client)\"")) == true
      }
      #expect(found, "nobody knows \(client)")
      return try ask("lb2", from: client)
    }
    #expect(others == first && Set(first).count == 3)
    // Alone, a node lets clients wait for a moment, counts that, and serves them.
    fleet.kill("lb3")
    #expect(try ask("lb2", from: "127.0.0.99") > 0)
    let text = try fleet.ask("lb2", "stick").output
    #expect(text.contains("waited for another node in vain"), "\(text)")
  }
}
