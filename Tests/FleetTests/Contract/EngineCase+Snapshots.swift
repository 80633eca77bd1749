import Support
import Testing

@testable import Agreement
@testable import Fleet

/// A snapshot in the place of entries.
extension EngineCase {
  static let snapshots = [
    EngineCase("a snapshot stands for what is old, and who comes later begins with it") { world in
      let one = world.node("lb1", keeping: 5)
      one.append(.join)
      world.fill(one, 29)
      let late = world.node("lb2", keeping: 5)
      #expect(world.allHear(30))
      #expect(late.state == one.state && late.restorations == 1 && late.entries.count < 30)
      #expect(late.entries == Array(one.entries.suffix(late.entries.count)))
    },
    EngineCase("who was away while entries went comes to the same state as the others") { world in
      let nodes = world.members("lb1", "lb2", keeping: 5)
      nodes[1].isAway = true
      world.fill(nodes[0], 40)
      #expect(nodes[1].state.position == 2)
      nodes[1].isAway = false
      #expect(world.allHear(42))
      #expect(nodes[1].state == nodes[0].state && nodes[1].restorations > 0 && nodes[1].damages.isEmpty)
    },
    EngineCase("who is told of entries when they have gone meanwhile comes to the same") { world in
      let nodes = world.members("lb1", "lb2", keeping: 5)
      // One answer at a time: each comes after the other has gone on.
      nodes[1].fate = { _ in .slow }
      for _ in 0..<8 {
        world.fill(nodes[0], 8)
        nodes[1].release()
      }
      nodes[1].fate = { _ in .done }
      nodes[1].release()
      #expect(world.allHear(66))
      #expect(nodes[1].state == nodes[0].state && nodes[1].damages.isEmpty)
    },
    EngineCase("several may put a snapshot at once, while they append") { world in
      let nodes = world.members("lb1", "lb2", keeping: 4)
      for number in 1...20 {
        for node in nodes { node.set("k\(number % 5)", [UInt8(number)]) }
        if number % 4 == 0 { world.pass(.milliseconds(700)) }
      }
      #expect(world.allHear(42))
      world.pass(.seconds(2))
      let late = world.node("lb3", keeping: 4)
      #expect(world.allHear(42))
      #expect((nodes + [late]).allSatisfy { $0.state == nodes[0].state && $0.damages.isEmpty })
      #expect(late.restorations == 1 && late.entries.count < 22)
    },
    EngineCase("a large state is read whole") { world in
      let one = world.node("lb1", keeping: 4)
      one.append(.join)
      world.fill(one, 14, 150_000)
      let late = world.node("lb2", keeping: 4)
      #expect(world.allHear(15))
      #expect(late.state == one.state && late.restorations == 1)
    },
    EngineCase("whenever a process is killed while snapshots are put, the next one goes on") { world in
      let other = world.members("lb2", keeping: 4)[0]
      for step in 1...6 {
        let one = world.node("lb1", keeping: 4)
        if step == 1 { one.append(.join) }
        for number in 1...12 { one.set("k\(number % 5)", [UInt8(number)]) }
        let before = other.state.position
        world.pass(.seconds(5)) { other.state.position >= before + UInt64(step * 2) }
        one.stop()
        let next = world.node("lb1", keeping: 4)
        world.fill(next, 12)
        #expect(world.pass(.seconds(5)) { other.state.position == next.state.position })
        #expect(other.state == next.state && next.damages.isEmpty && other.damages.isEmpty)
        next.stop()
      }
    },
    EngineCase("what was done and not answered isn't done again when a snapshot stands for it") { world in
      let nodes = world.members("lb1", "lb2", keeping: 4)
      nodes[0].fate = { $0 == .append ? .unanswered : .done }
      nodes[0].set("a")
      world.settle()
      nodes[0].isAway = true
      world.fill(nodes[1], 30)
      #expect(nodes[0].log.waiting == 1 && nodes[1].keys.first == "a")
      nodes[0].fate = { _ in .done }
      nodes[0].isAway = false
      #expect(world.allHear(33))
      world.pass(.seconds(2))
      #expect(nodes[0].log.waiting == 0 && nodes[0].state == nodes[1].state && nodes[0].restorations == 1)
    },
  ]
}
