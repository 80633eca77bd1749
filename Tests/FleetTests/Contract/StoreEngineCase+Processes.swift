import Agreement
import Support
import Testing

@testable import Fleet

/// What a store makes of processes, and of memories, that don't know of each other: where the nodes agree by themselves, one process at a time has
/// a node's disk, and who has lost what was on it has no voice.
extension StoreEngineCase {
  static let processes = [
    StoreEngineCase("what a process wanted before the one that came after it is not appended any more") { world, _ in
      let first = world.node("lb1")
      first.append(.join)
      #expect(world.allHear(1))
      first.isAway = true
      first.set("late")
      let second = world.node("lb1")
      second.set("b")
      #expect(world.pass(.seconds(5)) { second.keys == ["b"] })
      first.isAway = false
      #expect(world.pass(.seconds(5)) { first.log.waiting == 0 && first.keys == ["b"] })
      #expect(second.keys == ["b"] && second.log.end == 2)
    },
    StoreEngineCase("an old memory of a node says what counts no more, though it's in the log") { world, _ in
      let old = world.node("lb1")
      old.append(.join)
      old.set("a")
      #expect(world.allHear(2))
      let new = world.node("lb1", incarnation: 2)
      new.append(.join)
      new.set("b")
      #expect(world.allHear(4))
      old.set("c")
      #expect(world.pass(.seconds(5)) { new.log.end == 5 && new.log.isCaughtUp && old.log.isCaughtUp })
      #expect(new.keys == ["a", "b"] && new.state.overrides.map(\.key) == ["a", "b"])
      #expect(new.state == old.state && new.state.member(new.me.node)?.identity == new.me)
    },
    // The others know whom they have given their word, and needn't wait for him.
    StoreEngineCase("a process that is started again waits a whole term, though the record names its node") {
      world, _ in
      let first = world.node("lb1")
      first.stand()
      #expect(world.pass(.seconds(2)) { first.owns() })
      first.stop()
      let at = world.now
      let second = world.node("lb1")
      second.stand()
      #expect(world.pass(.seconds(8)) { second.owns() })
      #expect(world.now - at >= EngineWorld.lease.term && second.owner().generation == 2)
    },
    StoreEngineCase("a record that can't be read is left alone") { world, store in
      _ = try store.clients[0].write(.create(.owner("web"), [0xFF, 1, 2])).versions
      let one = world.node("lb1")
      one.stand()
      world.pass(.seconds(12))
      #expect(!one.owns() && one.owned.isEmpty)
      #expect(try store.clients[0].read(.owner("web")).bytes == [0xFF, 1, 2])
    },
  ]
}
