import Agreement
import Support
import Testing

@testable import Fleet

/// Who takes a name.
extension EngineCase {
  static let claims = [
    EngineCase("a name that nobody has had is taken at once, for a term from the question on") { world in
      let one = world.node("lb1")
      one.stand()
      #expect(world.pass(.seconds(2)) { one.owns() })
      let last = try #require(one.last())
      #expect(last.generation == 1 && last.until == EngineWorld.lease.end(sentAt: world.now))
    },
    EngineCase("of three who want it at once one has it, and the others know who") { world in
      let nodes = ["lb1", "lb2", "lb3"].map { world.node($0) }
      for node in nodes { node.stand() }
      world.pass(.seconds(2))
      let winners = nodes.filter { $0.owns() }
      #expect(winners.count == 1 && winners[0].owner().generation == 1)
      #expect(nodes.allSatisfy { $0.owner().owner == winners[0].me })
    },
    EngineCase("who lets others go first has it if nobody else wants it") { world in
      let (first, second) = (world.node("lb1"), world.node("lb2"))
      second.stand(after: .milliseconds(600))
      world.settle()
      first.stand()
      world.pass(.seconds(2))
      #expect(first.owns() && !second.owns())
      first.stop()
      #expect(world.pass(.seconds(8)) { second.owns() })
    },
    EngineCase("who may not have it leaves it alone") { world in
      let one = world.node("lb1")
      one.step("web", .standing(.bystander))
      world.pass(.seconds(10))
      #expect(!one.owns() && one.owner().hasLooked)
      #expect(world.clients[0].read(.owner("web")) == .absent)
      one.stand()
      #expect(world.pass(.seconds(2)) { one.owns() })
      one.step("web", .standing(.bystander))
      world.pass(.seconds(10))
      #expect(one.owns(), "who has it gives it up when it's told so")
    },
    EngineCase("a claim on a record that has changed is refused") { world in
      let (first, second) = (world.node("lb1"), world.node("lb2"))
      first.fate = { $0.isWrite ? .late : .answered }
      first.stand()
      world.settle()
      second.stand()
      #expect(world.pass(.seconds(2)) { second.owns() })
      first.fate = { _ in .answered }
      first.release()
      world.pass(.seconds(10))
      #expect(!first.owns() && second.owns() && second.owner().generation == 1)
    },
    EngineCase("a claim on a silent owner's record is refused if he renews it in the meantime") { world in
      let (first, second) = (world.node("lb1"), world.node("lb2"))
      first.stand()
      #expect(world.pass(.seconds(2)) { first.owns() })
      first.fate = { _ in .unmade }
      second.stand()
      second.fate = { $0.isWrite ? .late : .answered }
      world.pass(.seconds(6))
      #expect(first.drops["web"] == [.lapsed])
      first.fate = { _ in .answered }
      #expect(world.pass(.seconds(2)) { first.owns() })
      second.fate = { _ in .answered }
      second.release()
      world.pass(.seconds(6))
      #expect(first.owns() && first.owner().generation == 1 && second.drops.isEmpty)
    },
    EngineCase("who isn't told that his claim was done has it when a renewal is, by the same generation") { world in
      let one = world.node("lb1")
      one.fate = { $0.isWrite ? .unanswered : .answered }
      one.stand()
      world.pass(.seconds(2))
      #expect(!one.owns() && one.last() == nil)
      one.fate = { _ in .answered }
      #expect(world.pass(.seconds(2)) { one.owns() })
      let last = try #require(one.last())
      #expect(last.generation == 1 && last.until == EngineWorld.lease.end(sentAt: world.now))
    },
    EngineCase("who claims again while an earlier claim is on its way has it once") { world in
      let one = world.node("lb1")
      var writes = 0
      one.fate = { request in
        if request.isWrite { writes += 1 }
        return request.isWrite && writes == 1 ? .late : .answered
      }
      one.stand()
      #expect(world.pass(.seconds(2)) { one.owns() })
      one.release()
      world.pass(.seconds(10))
      #expect(one.owns() && one.owner().generation == 1 && one.drops.isEmpty)
    },
    EngineCase("two names have nothing to do with each other") { world in
      let (first, second) = (world.node("lb1"), world.node("lb2"))
      first.stand(for: "web")
      second.stand(for: "db")
      #expect(world.pass(.seconds(2)) { first.owns("web") && second.owns("db") })
      first.stand(for: "db")
      second.stand(for: "web")
      second.step("db", .release(heir: NodeName("lb1")))
      #expect(world.pass(.seconds(2)) { first.owns("db") })
      #expect(first.owns("web") && first.owner("web").generation == 1 && first.owner("db").generation == 2)
      first.stop()
      #expect(world.pass(.seconds(8)) { second.owns("web") && second.owns("db") })
      #expect(second.owner("web").generation == 2 && second.owner("db").generation == 3)
    },
    EngineCase("a record that can't be read is left alone") { world in
      _ = try world.clients[0].write(.create(.owner("web"), [0xFF, 1, 2])).versions
      let one = world.node("lb1")
      one.stand()
      world.pass(.seconds(12))
      #expect(!one.owns() && one.owned.isEmpty)
      #expect(try world.clients[0].read(.owner("web")).bytes == [0xFF, 1, 2])
    },
  ]
}
