import Support
import Testing

@testable import Agreement
@testable import Fleet

/// Which keys of a store hold a snapshot and entries, and what becomes of a process that is killed between two of them.
extension StoreEngineCase {
  private static func head(_ store: StoreEngine) throws -> StoreHead {
    try StoreHead(encoded: store.clients[0].read(.head).bytes)
  }

  static let snapshots = [
    StoreEngineCase("a snapshot stands for what is old, which is gone") { world, store in
      let one = world.node("lb1", keeping: 5)
      one.append(.join)
      world.fill(one, 29)
      let head = try head(store)
      #expect(head.first > 1 && head.last == 30 && head.snapshot != nil)
      for position in 1..<head.first { #expect(store.clients[1].sees(.absent, at: .entry(position))) }
      let first = try store.clients[0].read(.entry(head.first)).bytes
      #expect(!first.isEmpty)
    },
    StoreEngineCase("one snapshot is there, the last, and no piece of an older one") { world, store in
      let one = world.node("lb1", keeping: 5)
      one.append(.join)
      var positions: [UInt64] = []
      for _ in 0..<4 {
        world.fill(one, 12)
        if let snapshot = try head(store).snapshot { positions.append(snapshot.position) }
      }
      #expect(Set(positions).count > 2 && positions == positions.sorted())
      for position in Set(positions.dropLast()) where position != positions.last {
        #expect(store.clients[1].sees(.absent, at: .snapshot(position, 0)))
      }
      let last = try store.clients[0].read(.snapshot(positions.last ?? 0, 0)).bytes
      #expect(!last.isEmpty)
    },
    StoreEngineCase("a large state is several values") { world, store in
      let one = world.node("lb1", keeping: 4)
      one.append(.join)
      world.fill(one, 14, 150_000)
      let snapshot = try #require(head(store).snapshot)
      #expect(snapshot.pieces > 2)
      for piece in 0..<snapshot.pieces {
        let bytes = try store.clients[1].read(.snapshot(snapshot.position, piece)).bytes
        #expect(!bytes.isEmpty)
      }
    },
    StoreEngineCase("wherever a process is killed that puts a snapshot, the next one goes on") { world, store in
      for step in 0..<6 {
        let one = world.node("lb1", keeping: 4)
        if step == 0 { one.append(.join) }
        var left = step
        store[one].fate = { request in
          if request.isCompaction { left -= 1 }
          return left < 0 ? .lost : .done
        }
        for number in 1...12 { one.set("k\(number % 5)", [UInt8(number)]) }
        world.pass(.seconds(2)) { left < 0 }
        #expect(left < 0)
        one.stop()
        let next = world.node("lb1", keeping: 4)
        world.fill(next, 12)
        let head = try head(store)
        for position in 1..<head.first { #expect(store.clients[1].sees(.absent, at: .entry(position))) }
        let late = world.node("lb2")
        #expect(world.pass(.seconds(5)) { late.log.isCaughtUp && late.state.position == next.state.position })
        #expect(late.state == next.state && late.damages.isEmpty)
        next.stop()
        late.stop()
      }
    },
  ]
}
