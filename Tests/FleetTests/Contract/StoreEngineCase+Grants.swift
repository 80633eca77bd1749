import Agreement
import Support
import Testing

@testable import Fleet

/// How an owner goes on without the store: by everybody's leave. Where the nodes agree by themselves there's nothing else that could be away.
extension StoreEngineCase {
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
    StoreEngineCase("with the store away for all, the owner goes on by everybody's leave, and stays it after") {
      world, store in
      let nodes = three(world)
      for node in nodes { node.isAway = true }
      #expect(!world.pass(.seconds(20)) { !nodes[0].owns() })
      for node in nodes { node.isAway = false }
      #expect(!world.pass(.seconds(10)) { !nodes[0].owns() })
      #expect(nodes[0].owner().generation == 1 && nodes[0].drops.isEmpty)
    },
    StoreEngineCase("with the store away for the owner alone, who gives leave takes nothing") { world, store in
      let nodes = three(world)
      nodes[0].isAway = true
      #expect(!world.pass(.seconds(15)) { !nodes[0].owns() })
      #expect(!nodes[1].owns() && !nodes[2].owns())
    },
    StoreEngineCase("without one's leave the owner has it to its end, and others take it then") { world, store in
      let nodes = three(world)
      nodes[0].isAway = true
      store[nodes[2]].isCutOff = true
      #expect(world.pass(.seconds(8)) { !nodes[0].owns() })
      #expect(nodes[0].drops["web"] == [.lapsed])
      #expect(world.pass(.seconds(12)) { nodes[1].owns() || nodes[2].owns() })
    },
    StoreEngineCase("who has given leave waits a term from then on") { world, store in
      let nodes = three(world)
      nodes[0].isAway = true
      world.pass(.seconds(8))
      #expect(nodes[0].owns())
      let until = try #require(nodes[0].last()).until
      nodes[0].stop()
      #expect(world.pass(.seconds(8)) { nodes[1].owns() || nodes[2].owns() })
      #expect(world.now > until)
    },
    StoreEngineCase("who has claimed, and doesn't know what came of it, gives no leave") { world, store in
      let nodes = three(world)
      for node in nodes { store[node].isCutOff = true }
      nodes[0].isAway = true
      nodes[1].fate = { $0 == .change ? .late : .done }
      nodes[2].refrain()
      world.pass(.seconds(7))
      #expect(nodes[0].drops["web"] == [.lapsed])
      for node in nodes {
        store[node].isCutOff = false
        node.isAway = true
      }
      #expect(!world.pass(.seconds(6)) { nodes[0].owns() }, "the claim may still come to pass")
      nodes[1].release()
      nodes[1].isAway = false
      nodes[1].fate = { _ in .done }
      #expect(world.pass(.seconds(2)) { nodes[1].owns() })
      #expect(nodes[1].owner().generation == 2)
    },
  ]
}
