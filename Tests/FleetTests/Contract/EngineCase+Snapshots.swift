import Support
import Testing

@testable import Agreement
@testable import Fleet

/// A snapshot in the place of entries.
extension EngineCase {
  /// Lets a node append so many, and everybody learn them.
  private static func fill(_ world: EngineWorld, _ node: EngineNode, _ count: Int, _ size: Int = 1) {
    for number in 1...count { node.set("k\(number % 7)", [UInt8](repeating: UInt8(number & 255), count: size)) }
    #expect(world.pass(.seconds(60)) { node.log.waiting == 0 && node.log.isCaughtUp })
    // What stands for old entries is written then, and they go.
    world.pass(.seconds(2))
  }

  private static func head(_ world: EngineWorld) throws -> StoreHead {
    try StoreHead(encoded: world.clients[0].read(.head).bytes)
  }

  static let snapshots = [
    EngineCase("a snapshot stands for what is old, which is gone, and who comes later begins with it") { world in
      let one = world.node("lb1", keeping: 5)
      one.append(.join)
      fill(world, one, 29)
      let head = try head(world)
      #expect(head.first > 1 && head.last == 30 && head.snapshot != nil)
      for position in 1..<head.first { #expect(world.clients[1].sees(.absent, at: .entry(position))) }
      let first = try world.clients[0].read(.entry(head.first)).bytes
      #expect(!first.isEmpty)
      let late = world.node("lb2")
      #expect(world.allHear(30))
      #expect(late.state == one.state && late.restorations == 1 && late.entries.count < 30)
      #expect(late.entries == Array(one.entries.suffix(late.entries.count)))
    },
    EngineCase("one snapshot is there, the last, and no piece of an older one") { world in
      let one = world.node("lb1", keeping: 5)
      one.append(.join)
      var positions: [UInt64] = []
      for _ in 0..<4 {
        fill(world, one, 12)
        if let snapshot = try head(world).snapshot { positions.append(snapshot.position) }
      }
      #expect(Set(positions).count > 2 && positions == positions.sorted())
      for position in Set(positions.dropLast()) where position != positions.last {
        #expect(world.clients[1].sees(.absent, at: .snapshot(position, 0)))
      }
      let last = try world.clients[0].read(.snapshot(positions.last ?? 0, 0)).bytes
      #expect(!last.isEmpty)
    },
    EngineCase("who was away while entries went comes to the same state as the others") { world in
      let nodes = world.members("lb1", "lb2", keeping: 5)
      nodes[1].fate = { _ in .unmade }
      fill(world, nodes[0], 40)
      #expect(nodes[1].state.position == 2)
      nodes[1].fate = { _ in .answered }
      #expect(world.allHear(42))
      #expect(nodes[1].state == nodes[0].state && nodes[1].restorations > 0 && nodes[1].damages.isEmpty)
    },
    EngineCase("who reads while entries go looks again, and comes to the same") { world in
      let nodes = world.members("lb1", "lb2", keeping: 5)
      // One answer at a time: each comes after the other has gone on.
      nodes[1].fate = { _ in .slow }
      for _ in 0..<8 {
        fill(world, nodes[0], 8)
        nodes[1].release()
      }
      nodes[1].fate = { _ in .answered }
      nodes[1].release()
      #expect(world.allHear(66))
      #expect(nodes[1].state == nodes[0].state && nodes[1].damages.isEmpty)
    },
    EngineCase("several may put a snapshot at once, while they append") { world in
      let nodes = world.members("lb1", "lb2", "lb3", keeping: 4)
      for number in 1...20 {
        for node in nodes { node.set("k\(number % 5)", [UInt8(number)]) }
        if number % 4 == 0 { world.pass(.milliseconds(700)) }
      }
      #expect(world.allHear(63))
      world.pass(.seconds(2))
      let late = world.node("lb4")
      #expect(world.allHear(63))
      #expect((nodes + [late]).allSatisfy { $0.state == nodes[0].state && $0.damages.isEmpty })
      let head = try head(world)
      #expect(head.first > 40)
    },
    EngineCase("a state of several pieces is read whole") { world in
      let one = world.node("lb1", keeping: 4)
      one.append(.join)
      fill(world, one, 14, 150_000)
      let pieces = try #require(head(world).snapshot).pieces
      #expect(pieces > 2)
      let late = world.node("lb2")
      #expect(world.allHear(15))
      #expect(late.state == one.state && late.restorations == 1)
    },
    EngineCase("wherever a process is killed that puts a snapshot, the next one goes on") { world in
      for step in 0..<6 {
        let one = world.node("lb1", keeping: 4)
        if step == 0 { one.append(.join) }
        var left = step
        one.fate = { request in
          if request.isCompaction { left -= 1 }
          return left < 0 ? .unmade : .answered
        }
        for number in 1...12 { one.set("k\(number % 5)", [UInt8(number)]) }
        world.pass(.seconds(2)) { left < 0 }
        #expect(left < 0)
        one.stop()
        let next = world.node("lb1", keeping: 4)
        fill(world, next, 12)
        let head = try head(world)
        for position in 1..<head.first { #expect(world.clients[1].sees(.absent, at: .entry(position))) }
        let late = world.node("lb2")
        #expect(world.pass(.seconds(5)) { late.log.isCaughtUp && late.state.position == next.state.position })
        #expect(late.state == next.state && late.damages.isEmpty)
        next.stop()
        late.stop()
      }
    },
    EngineCase("what was done and not answered isn't done again when a snapshot stands for it") { world in
      let nodes = world.members("lb1", "lb2", keeping: 4)
      var writes = 0
      nodes[0].fate = { request in
        if request.writes(.head) { writes += 1 }
        return writes == 0 ? .answered : writes == 1 && request.isWrite ? .unanswered : .unmade
      }
      nodes[0].set("a")
      world.settle()
      fill(world, nodes[1], 30)
      #expect(nodes[0].log.waiting == 1 && nodes[1].keys.first == "a")
      nodes[0].fate = { _ in .answered }
      #expect(world.allHear(33))
      world.pass(.seconds(2))
      #expect(nodes[0].log.waiting == 0 && nodes[0].state == nodes[1].state && nodes[0].state.position == 33)
    },
  ]
}
