import Agreement
import Support
import Testing

@testable import Fleet

/// How an owner goes on without the store: by everybody's leave.
extension EngineCase {
  /// Three who want a name; the first has it.
  private static func three(_ world: EngineWorld) -> [EngineNode] {
    let names = ["lb1", "lb2", "lb3"]
    let nodes = names.map { name in world.node(name, peers: names.filter { $0 != name }) }
    nodes[0].stand()
    #expect(world.pass(.seconds(2)) { nodes[0].owns() })
    for node in nodes { node.stand() }
    world.pass(.seconds(1))
    return nodes
  }

  static let grants = [
    EngineCase("with the store away for all, the owner goes on by everybody's leave, and stays it after") { world in
      let nodes = three(world)
      for node in nodes { node.fate = { _ in .unmade } }
      #expect(!world.pass(.seconds(20)) { !nodes[0].owns() })
      for node in nodes { node.fate = { _ in .answered } }
      #expect(!world.pass(.seconds(10)) { !nodes[0].owns() })
      #expect(nodes[0].owner().generation == 1 && nodes[0].drops.isEmpty)
    },
    EngineCase("with the store away for the owner alone, who gives leave takes nothing") { world in
      let nodes = three(world)
      nodes[0].fate = { _ in .unmade }
      #expect(!world.pass(.seconds(15)) { !nodes[0].owns() })
      #expect(!nodes[1].owns() && !nodes[2].owns())
    },
    EngineCase("without one's leave the owner has it to its end, and others take it then") { world in
      let nodes = three(world)
      nodes[0].fate = { _ in .unmade }
      nodes[2].isCutOff = true
      #expect(world.pass(.seconds(8)) { !nodes[0].owns() })
      #expect(nodes[0].drops["web"] == [.lapsed])
      #expect(world.pass(.seconds(12)) { nodes[1].owns() || nodes[2].owns() })
    },
    EngineCase("who has given leave waits a term from then on") { world in
      let nodes = three(world)
      nodes[0].fate = { _ in .unmade }
      world.pass(.seconds(8))
      #expect(nodes[0].owns())
      let until = try #require(nodes[0].last()).until
      nodes[0].stop()
      #expect(world.pass(.seconds(8)) { nodes[1].owns() || nodes[2].owns() })
      #expect(world.now > until)
    },
    EngineCase("who has claimed, and doesn't know what came of it, gives no leave") { world in
      let nodes = three(world)
      for node in nodes { node.isCutOff = true }
      nodes[0].fate = { _ in .unmade }
      nodes[1].fate = { $0.isWrite ? .late : .answered }
      nodes[2].step("web", .standing(.bystander))
      world.pass(.seconds(7))
      #expect(nodes[0].drops["web"] == [.lapsed])
      for node in nodes {
        node.isCutOff = false
        node.fate = { _ in .unmade }
      }
      #expect(!world.pass(.seconds(6)) { nodes[0].owns() }, "the claim may still come to pass")
      nodes[1].release()
      nodes[1].fate = { _ in .answered }
      #expect(world.pass(.seconds(2)) { nodes[1].owns() })
      #expect(nodes[1].owner().generation == 2)
    },
  ]
}
