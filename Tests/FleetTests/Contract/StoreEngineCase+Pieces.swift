import Agreement
import Support
import Testing

@testable import Fleet

/// Entries that are larger than a store's value: which pieces there are, and that each can meet with something, is a store's alone.
extension StoreEngineCase {
  private static let large = (0..<900_000).map { UInt8(truncatingIfNeeded: $0 / 7) }

  static let pieces = [
    StoreEngineCase("one is there once and whole, whichever of its pieces isn't answered, done late or not done") {
      world, store in
      let nodes = world.members("lb1", "lb2")
      var count = 2
      for fate in [EngineNode.Fate.unanswered, .late, .lost] {
        for piece in 0..<3 {
          let id = EntryID(nodes[0].me, run: 1, sequence: UInt64(count))
          var isDue = true
          store[nodes[0]].fate = { request in
            guard isDue, request.writes(.piece(of: id, piece)) else { return .done }
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
    StoreEngineCase("pieces of a process that was killed before all were there are nobody's") { world, store in
      let first = world.members("lb1")[0]
      store[first].fate = { $0.writes(.piece(of: EntryID(first.me, run: 1, sequence: 2), 1)) ? .lost : .done }
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
