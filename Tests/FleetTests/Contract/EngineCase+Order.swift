import Agreement
import Support
import Testing

@testable import Fleet

/// What the log is, for whoever looks.
extension EngineCase {
  static let order = [
    EngineCase("a log that nobody has begun is empty, and known to its end") { world in
      let one = world.node("lb1")
      #expect(world.pass(.seconds(5)) { one.log.isLive(at: world.now) })
      #expect(one.entries.isEmpty && one.log.isCaughtUp && one.log.isLive(at: world.now) && one.log.end == 0)
    },
    EngineCase("what one appends all learn in its order, and come to the same") { world in
      let nodes = world.members("lb1", "lb2", "lb3")
      for number in 1...5 { nodes[0].set("k\(number)") }
      #expect(world.allHear(8))
      for node in nodes {
        #expect(node.keys == (1...5).map { "k\($0)" })
        #expect(node.state == nodes[0].state && node.entries.count == 8)
      }
    },
    EngineCase("what three append at once comes to one order, in which each one's keeps its own") { world in
      let nodes = world.members("lb1", "lb2", "lb3")
      for number in 1...10 { for node in nodes { node.set("\(node.me.node.text) \(number)") } }
      #expect(world.allHear(33))
      for node in nodes { #expect(node.entries == nodes[0].entries && node.state == nodes[0].state) }
      for author in nodes.map(\.me.node.text) {
        #expect(nodes[0].keys.filter { $0.hasPrefix(author) } == (1...10).map { "\(author) \($0)" })
      }
    },
    EngineCase("who comes later learns all from the start") { world in
      let nodes = world.members("lb1", "lb2")
      for number in 1...5 { nodes[number % 2].set("k\(number)") }
      #expect(world.allHear(7))
      let late = world.node("lb3")
      #expect(world.allHear(7))
      #expect(late.entries == nodes[0].entries && late.state == nodes[0].state && late.restorations == 0)
    },
    EngineCase("who is told of a change learns it while the clock stands still") { world in
      let nodes = world.members("lb1", "lb2", "lb3")
      nodes[0].set("k")
      #expect(world.engine.wait { nodes.allSatisfy { $0.keys == ["k"] } })
    },
    EngineCase("who isn't told finds it by looking") { world in
      let nodes = world.members("lb1", "lb2")
      nodes[1].isDeaf = true
      for number in 1...3 {
        nodes[0].set("k\(number)")
        world.settle()
        #expect(world.pass(.seconds(2)) { nodes[1].keys.count == number })
      }
    },
    EngineCase("a process that is started again counts anew, and learns all again") { world in
      let first = world.node("lb1")
      first.append(.join)
      first.set("a")
      #expect(world.allHear(2))
      first.stop()
      let second = world.node("lb1")
      second.set("b")
      second.set("c")
      #expect(world.allHear(4))
      #expect(second.keys == ["a", "b", "c"])
      let member = second.state.member(first.me.node)
      #expect(member?.run == 2 && member?.sequence == 2)
    },
    EngineCase("what a process wanted before the one that came after it isn't taken up any more") { world in
      let first = world.node("lb1")
      first.append(.join)
      #expect(world.allHear(1))
      first.fate = { $0 == .append ? .late : .done }
      first.set("late")
      world.settle()
      first.stop()
      let second = world.node("lb1")
      second.set("b")
      #expect(world.pass(.seconds(5)) { second.keys == ["b"] })
      first.release()
      second.set("c")
      #expect(world.allHear(3))
      #expect(second.keys == ["b", "c"] && second.state.overrides.map(\.key) == ["b", "c"])
    },
    EngineCase("another memory of a node is another author, and the old one's word counts no more") { world in
      let old = world.node("lb1")
      old.append(.join)
      old.set("a")
      #expect(world.allHear(2))
      old.fate = { $0 == .append ? .late : .done }
      old.set("late")
      world.settle()
      old.stop()
      let new = world.node("lb1", incarnation: 2)
      new.append(.join)
      new.set("b")
      #expect(world.allHear(4))
      old.release()
      new.set("c")
      #expect(world.allHear(5))
      #expect(new.keys == ["a", "b", "c"] && new.state.overrides.map(\.key) == ["a", "b", "c"])
      #expect(new.state.member(new.me.node)?.identity == new.me)
    },
    EngineCase("the log is alive as long as its end was looked at a short while ago") { world in
      let one = world.members("lb1")[0]
      #expect(one.log.isLive(at: world.now))
      one.isAway = true
      world.pass(.milliseconds(2_500))
      #expect(!one.log.isLive(at: world.now))
      one.isAway = false
      #expect(world.pass(.seconds(4)) { one.log.isLive(at: world.now) })
    },
  ]
}
