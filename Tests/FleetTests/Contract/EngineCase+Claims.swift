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
      let (one, other) = (world.node("lb1"), world.node("lb2"))
      one.refrain()
      other.refrain()
      world.pass(.seconds(10))
      #expect(!one.owns() && one.owner().hasLooked)
      #expect(other.owner().owner == nil && other.owner().generation == 0)
      one.stand()
      #expect(world.pass(.seconds(2)) { one.owns() })
      one.refrain()
      world.pass(.seconds(10))
      #expect(one.owns(), "who has it gives it up when it's told so")
    },
    EngineCase("a claim that comes when somebody else has it comes to nothing") { world in
      let (first, second) = (world.node("lb1"), world.node("lb2"))
      first.fate = { $0 == .change ? .late : .done }
      first.stand()
      world.settle()
      second.stand()
      #expect(world.pass(.seconds(2)) { second.owns() })
      first.fate = { _ in .done }
      first.release()
      world.pass(.seconds(10))
      #expect(!first.owns() && second.owns() && second.owner().generation == 1)
    },
    EngineCase("a claim after an owner's silence comes to nothing if he has renewed it in the meantime") { world in
      let (first, second) = (world.node("lb1"), world.node("lb2"))
      first.stand()
      #expect(world.pass(.seconds(2)) { first.owns() })
      first.isAway = true
      second.stand()
      second.fate = { $0 == .change ? .late : .done }
      world.pass(.seconds(6))
      #expect(first.drops["web"] == [.lapsed])
      first.isAway = false
      #expect(world.pass(.seconds(2)) { first.owns() })
      let generation = first.last()?.generation
      second.fate = { _ in .done }
      second.release()
      world.pass(.seconds(6))
      #expect(first.owns() && first.last()?.generation == generation && second.owned.isEmpty)
    },
    EngineCase("who isn't told that his claim was done has it when he's told of something, from that question on") {
      world in
      let one = world.node("lb1")
      one.fate = { $0 == .change ? .unanswered : .done }
      one.stand()
      world.pass(.seconds(2))
      #expect(!one.owns() && one.last() == nil)
      one.fate = { _ in .done }
      #expect(world.pass(.seconds(2)) { one.owns() })
      let last = try #require(one.last())
      #expect(last.generation == 1 && last.until == EngineWorld.lease.end(sentAt: world.now))
    },
    EngineCase("who claims again while an earlier claim is on its way has it once") { world in
      let one = world.node("lb1")
      var claims = 0
      one.fate = { want in
        if want == .change { claims += 1 }
        return want == .change && claims == 1 ? .late : .done
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
      second.giveUp("db", for: "lb1")
      #expect(world.pass(.seconds(2)) { first.owns("db") })
      #expect(first.owns("web") && first.owner("web").generation == 1 && first.owner("db").generation == 2)
      first.stop()
      #expect(world.pass(.seconds(8)) { second.owns("web") && second.owns("db") })
      #expect(second.owner("web").generation == 2 && second.owner("db").generation == 3)
    },
  ]
}
