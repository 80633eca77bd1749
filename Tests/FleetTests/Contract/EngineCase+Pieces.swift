import Agreement
import Support
import Testing

@testable import Fleet

/// Entries that are larger than a value.
extension EngineCase {
  private static let large = (0..<900_000).map { UInt8(truncatingIfNeeded: $0 / 7) }

  static let pieces = [
    EngineCase("an entry of several pieces is whole for all") { world in
      let nodes = world.members("lb1", "lb2", "lb3")
      let entry = nodes[0].set("k", large)
      #expect(world.allHear(4))
      #expect(nodes.allSatisfy { $0.entries.last == entry })
      let late = world.node("lb4")
      #expect(world.allHear(4))
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
    EngineCase("one is there once and whole, whichever of its pieces isn't answered, done late or not done") { world in
      let nodes = world.members("lb1", "lb2")
      var count = 2
      for fate in [EngineNode.Fate.unanswered, .late, .unmade] {
        for piece in 0..<3 {
          let id = EntryID(nodes[0].me, run: 1, sequence: UInt64(count))
          var isDue = true
          nodes[0].fate = { request in
            guard isDue, request.writes(.piece(of: id, piece)) else { return .answered }
            isDue = false
            return fate
          }
          let entry = nodes[0].set("k", large)
          #expect(entry.id == id)
          count += 1
          #expect(world.allHear(count))
          nodes[0].release()
          #expect(!isDue && nodes[1].entries.last == entry)
        }
      }
    },
    EngineCase("pieces of a process that was killed before all were there are nobody's") { world in
      let first = world.members("lb1")[0]
      first.fate = { $0.writes(.piece(of: EntryID(first.me, run: 1, sequence: 2), 1)) ? .unmade : .answered }
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
