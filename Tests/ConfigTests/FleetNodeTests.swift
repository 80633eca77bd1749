import Testing

@testable import Config

@Suite("Which node of a fleet a process is")
struct FleetNodeTests {
  @Test(
    "a process knows which node it is by option, variable and host's name, in this order",
    arguments: [
      ("lb1", "lb2", "lb2", "lb1"), (nil, "lb2", "lb1", "lb2"), (nil, nil, "lb1", "lb1"), (nil, "", "lb2", "lb2"),
      (nil, nil, "lb1.example", "lb1"), (nil, nil, "b.example", "b.example"),
    ] as [(String?, String?, String, String)])
  func known(_ option: String?, _ environment: String?, _ host: String, _ name: String) throws {
    // One node's name is another one's host name without its domain.
    let nodes =
      FleetTests.nodes + ", { name: 'b', address: '10.0.0.3:1' }, { name: 'b.example', address: '10.0.0.4:1' }"
    let fleet = try #require(try Configuration.parse(FleetTests.text(nodes: nodes)).fleet)
    #expect(try fleet.node(option: option, environment: environment, host: host).name == name)
  }

  @Test(
    "who isn't a node is told who is",
    arguments: [
      ("lb9", "lb1", "lb1", "--node names \"lb9\", and the nodes are lb1, lb2"),
      ("", "lb1", "lb1", "--node names \"\", and the nodes are lb1, lb2"),
      (nil, "lb9", "lb1", "MARTLET_NODE names \"lb9\", and the nodes are lb1, lb2"),
      (nil, nil, "box.lb1", "the host is called \"box.lb1\", and the nodes are lb1, lb2"),
      (nil, nil, "", "the host is called \"\", and the nodes are lb1, lb2"),
    ] as [(String?, String?, String, String)])
  func unknown(_ option: String?, _ environment: String?, _ host: String, _ words: String) throws {
    let fleet = try FleetTests.fleet()
    let stranger = #expect(throws: FleetConfiguration.Stranger.self) {
      try fleet.node(option: option, environment: environment, host: host)
    }
    #expect(stranger?.description == words && stranger?.issue.path == "fleet.nodes")
    for way in ["--node", "MARTLET_NODE", "host"] { #expect(FleetConfiguration.Stranger.remedy.contains(way)) }
  }
}
