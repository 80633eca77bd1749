import Agreement
import Support
import Testing

@testable import Fleet

/// Entries that are large: a store has to be given them in pieces.
extension EngineCase {
  private static let large = (0..<900_000).map { UInt8(truncatingIfNeeded: $0 / 7) }

  static let pieces = [
    EngineCase("an entry of 900,000 bytes is whole for all") { world in
      let nodes = world.members("lb1", "lb2")
      let entry = nodes[0].set("k", large)
      #expect(world.allHear(3))
      #expect(nodes.allSatisfy { $0.entries.last == entry })
      let late = world.node("lb3")
      #expect(world.allHear(3))
      #expect(late.entries == nodes[0].entries)
    },
    EngineCase("large and small ones keep their author's order") { world in
      let nodes = world.members("lb1", "lb2")
      for number in 1...6 { nodes[0].set("k\(number)", number % 2 == 0 ? Array(large.prefix(400_000 + number)) : [1]) }
      #expect(world.allHear(8))
      #expect(nodes[1].entries == nodes[0].entries && nodes[1].keys == (1...6).map { "k\($0)" })
    },
    EngineCase("large ones of two at once don't mix") { world in
      let nodes = world.members("lb1", "lb2", "lb3")
      let entries = [nodes[0].set("a", large), nodes[1].set("b", large.reversed())]
      #expect(world.allHear(5))
      let last = Array(nodes[2].entries.suffix(2))
      #expect(last == entries || last == entries.reversed())
    },
    EngineCase("a large one is there once and whole, whether it's done and not answered, late, or not done at first") {
      world in
      let nodes = world.members("lb1", "lb2")
      for (index, fate) in [EngineNode.Fate.unanswered, .late, .lost].enumerated() {
        var isDue = true
        nodes[0].fate = { want in
          guard isDue, want == .append else { return .done }
          isDue = false
          return fate
        }
        let entry = nodes[0].set("k", large)
        #expect(world.allHear(3 + index))
        nodes[0].release()
        #expect(!isDue && nodes[1].entries.last == entry)
      }
    },
    EngineCase("a large one of a process that was killed before it was done is nobody's") { world in
      let first = world.members("lb1")[0]
      first.fate = { $0 == .append ? .lost : .done }
      first.set("a", large)
      world.settle()
      first.stop()
      let second = world.node("lb1")
      let entry = second.set("b", large.reversed())
      #expect(world.allHear(2))
      #expect(second.entries.last == entry && second.keys == ["b"])
    },
  ]
}
