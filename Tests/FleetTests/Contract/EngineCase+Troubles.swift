import Agreement
import Support
import Testing

@testable import Fleet

/// What the engine's own troubles are for whoever relies on it: somebody stumbles whom all need, or all of it begins anew with what it has stored.
extension EngineCase {
  /// As soon as a node is told of something, it's cut off and the engine begins anew.
  private static func breakOff(_ node: EngineNode) {
    node.whenTold = { [unowned node] in
      node.whenTold = {}
      node.isAway = true
      node.world.engine.beginAnew()
    }
  }

  static let troubles = [
    EngineCase("what is wanted while the engine stumbles is there once, in each one's order") { world in
      let nodes = world.members("lb1", "lb2", "lb3")
      for number in 1...8 {
        for node in nodes { node.set("\(node.me.node.text) \(number)") }
        if number % 2 == 0 { world.engine.stumble() }
        world.pass(.milliseconds(300))
      }
      #expect(world.allHear(27, within: .seconds(60)))
      for node in nodes { #expect(node.entries == nodes[0].entries && node.state == nodes[0].state) }
      for author in nodes.map(\.me.node.text) {
        #expect(nodes[0].keys.filter { $0.hasPrefix(author) } == (1...8).map { "\(author) \($0)" })
      }
    },
    EngineCase("an owner goes on while the engine stumbles now and then") { world in
      let (first, second) = (world.owner(), world.node("lb2"))
      second.stand()
      for _ in 0..<8 {
        world.engine.stumble()
        #expect(!world.pass(.milliseconds(1_700)) { !first.owns() })
      }
      #expect(first.last()?.generation == 1 && first.drops.isEmpty && second.owned.isEmpty)
    },
    EngineCase("what was in the log before the engine began anew is there after it, and more comes behind it") {
      world in
      let nodes = world.members("lb1", "lb2")
      for number in 1...5 { nodes[number % 2].set("k\(number)") }
      #expect(world.allHear(7))
      let before = nodes[0].entries
      world.engine.beginAnew()
      for number in 6...9 { nodes[number % 2].set("k\(number)") }
      #expect(world.allHear(11))
      let late = world.node("lb3")
      #expect(world.allHear(11))
      #expect(late.entries == nodes[0].entries && Array(late.entries.prefix(7)) == before)
    },
    EngineCase("an owner goes on though the engine begins anew") { world in
      let (first, second) = (world.owner(), world.node("lb2"))
      second.stand()
      world.pass(.seconds(3))
      world.engine.beginAnew()
      #expect(!world.pass(.seconds(12)) { !first.owns() })
      #expect(first.last()?.generation == 1 && first.drops.isEmpty && second.owned.isEmpty)
    },
    EngineCase("nobody takes what a cut off owner is sure of because the engine begins anew") { world in
      let first = world.owner()
      let others = [world.node("lb2"), world.node("lb3")]
      for node in others { node.stand() }
      world.pass(.seconds(3))
      first.isAway = true
      world.pass(.milliseconds(500))
      world.engine.beginAnew()
      let until = try #require(first.last()).until
      #expect(world.pass(.seconds(12)) { others.contains { $0.owns() } })
      #expect(world.now >= until && others.contains { $0.owner().generation == 2 })
    },
    EngineCase("what is given up just before the engine begins anew is another one's soon") { world in
      let (first, second) = (world.owner(), world.node("lb2"))
      second.stand()
      world.pass(.seconds(1))
      first.refrain()
      first.giveUp()
      world.settle()
      world.engine.beginAnew()
      #expect(world.pass(EngineWorld.lease.term + .seconds(1)) { second.owns() })
      #expect(second.owner().generation == 2 && !first.owns())
    },
    EngineCase("what somebody has learned stays, though he's cut off and the engine begins anew at that moment") {
      world in
      let nodes = world.members("lb1", "lb2")
      nodes[1].isAway = true
      breakOff(nodes[0])
      nodes[0].set("a")
      #expect(world.pass(.seconds(5)) { nodes[0].keys == ["a"] })
      nodes[1].isAway = false
      nodes[1].set("b")
      #expect(world.pass(.seconds(10)) { nodes[1].keys.contains("b") })
      #expect(nodes[1].keys == ["a", "b"])
      nodes[0].isAway = false
      #expect(world.allHear(4))
    },
    EngineCase(
      "what somebody has been told is his stays that, though he's cut off and the engine begins anew at that moment"
    ) {
      world in
      let (first, second) = (world.node("lb1"), world.node("lb2"))
      breakOff(first)
      first.stand()
      #expect(world.pass(.seconds(2)) { first.owns() && first.isAway })
      second.stand()
      let until = try #require(first.last()).until
      #expect(world.pass(.seconds(12)) { second.owns() })
      #expect(world.now >= until && second.owner().generation == 2)
    },
    EngineCase("when all begin anew the log is what it was, and a name has its next generation") { world in
      var nodes = world.members("lb1", "lb2")
      nodes[0].stand()
      #expect(world.pass(.seconds(2)) { nodes[0].owns() })
      for number in 1...5 { nodes[number % 2].set("k\(number)") }
      #expect(world.allHear(7))
      let before = nodes[0].state
      for node in nodes { node.stop() }
      world.engine.beginAnew()
      nodes = ["lb1", "lb2"].map { world.node($0) }
      nodes[1].stand()
      #expect(world.allHear(7))
      #expect(nodes.allSatisfy { $0.state == before })
      #expect(world.pass(.seconds(12)) { nodes[1].owns() })
      #expect(nodes[1].owner().generation == 2)
      nodes[0].set("k6")
      #expect(world.allHear(8))
    },
  ]
}
