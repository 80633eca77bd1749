import Agreement
import Support
import Testing

@testable import Fleet

/// How a name is let go of when not all goes well.
extension EngineCase {
  static let endings = [
    EngineCase("what is given up for somebody who may not have it others take after half a term") { world in
      let (first, second, third) = (world.owner(), world.node("lb2"), world.node("lb3"))
      second.refrain()
      third.stand()
      world.pass(.seconds(1))
      let at = world.now
      first.refrain()
      first.giveUp(for: "lb2")
      #expect(world.pass(.seconds(4)) { third.owns() })
      #expect(world.now - at >= EngineWorld.lease.term / 2 && third.owner().generation == 2 && second.owned.isEmpty)
    },
    EngineCase("what is given up while cut off is another one's when it would have ended, and not before") { world in
      let (first, second) = (world.owner(), world.node("lb2"))
      second.stand()
      world.pass(.seconds(1))
      first.isAway = true
      first.refrain()
      first.giveUp()
      let until = try #require(first.last()).until
      #expect(!first.owns() && first.drops["web"] == [.released])
      #expect(world.pass(.seconds(8)) { second.owns() })
      #expect(world.now >= until && second.owner().generation == 2)
      first.isAway = false
      #expect(!world.pass(.seconds(6)) { first.owns() || !second.owns() })
    },
    EngineCase("a release that comes when another one has it comes to nothing") { world in
      let (first, second) = (world.owner(), world.node("lb2"))
      second.stand()
      world.pass(.seconds(1))
      first.refrain()
      first.fate = { $0 == .change ? .late : .done }
      first.giveUp()
      #expect(world.pass(.seconds(8)) { second.owns() })
      // Somebody would have it at once if it were free.
      let third = world.node("lb3")
      third.stand()
      world.pass(.seconds(1))
      first.release()
      first.fate = { _ in .done }
      #expect(!world.pass(.seconds(6)) { first.owns() || third.owns() || !second.owns() })
      #expect(second.last()?.generation == 2 && second.drops.isEmpty)
    },
    EngineCase("a release that comes when its node has it anew comes to nothing") { world in
      let one = world.owner()
      one.fate = { $0 == .change ? .late : .done }
      one.giveUp()
      world.settle()
      one.fate = { _ in .done }
      #expect(world.pass(.seconds(12)) { one.owns() })
      let other = world.node("lb2")
      other.stand()
      world.pass(.seconds(1))
      one.release()
      #expect(!world.pass(.seconds(6)) { other.owns() || !one.owns() })
      #expect(one.last()?.generation == 2 && one.drops["web"] == [.released])
    },
    EngineCase("what takes longer to be gone than it was to last is another one's at the end") { world in
      let (first, second) = (world.owner(), world.node("lb2"))
      second.stand()
      world.pass(.seconds(1))
      first.dropsLate = true
      first.refrain()
      first.giveUp()
      let until = try #require(first.last()).until
      #expect(world.pass(.seconds(8)) { second.owns() })
      #expect(world.now >= until)
      first.release()
      #expect(!world.pass(.seconds(6)) { first.owns() || !second.owns() })
      #expect(second.last()?.generation == 2 && second.drops.isEmpty)
    },
    EngineCase("who was cut off for long goes on by the same generation if nobody wanted it") { world in
      let (first, second) = (world.owner(), world.node("lb2"))
      second.refrain()
      first.isAway = true
      world.pass(.seconds(15))
      #expect(!first.owns() && first.drops["web"] == [.lapsed])
      first.isAway = false
      #expect(world.pass(.seconds(2)) { first.owns() })
      #expect(first.last()?.generation == 1 && second.owned.isEmpty)
    },
    EngineCase("who was cut off while a name went from one to the next knows whose it is when he's back") { world in
      let (first, second, third) = (world.owner(), world.node("lb2"), world.node("lb3"))
      for node in [second, third] { node.stand(after: node === third ? .milliseconds(600) : .zero) }
      first.isAway = true
      #expect(world.pass(.seconds(10)) { second.owns() })
      second.giveUp(for: "lb3")
      #expect(world.pass(.seconds(2)) { third.owns() })
      first.isAway = false
      #expect(world.pass(.seconds(4)) { first.owner().owner == third.me })
      world.pass(.seconds(2))
      #expect(first.owner().generation == 3 && first.drops["web"] == [.lapsed, .taken(by: NodeName("lb3"))])
    },
    EngineCase("what a process has taken over while it's cut off ends when it was to end") { world in
      let (first, other) = (world.owner(), world.node("lb2"))
      other.stand()
      world.pass(.seconds(2))
      let (left, legacy) = (try #require(first.last()), try #require(first.legacy()))
      first.stop()
      let second = world.node("lb1")
      second.isAway = true
      second.inherit(legacy)
      second.stand()
      #expect(second.owns())
      #expect(world.pass(.seconds(8)) { !second.owns() })
      #expect(world.now >= left.until && world.now - left.until < .milliseconds(1) && !other.owns())
      #expect(world.pass(.seconds(2)) { other.owns() })
      #expect(second.drops["web"] == [.lapsed] && second.owned["web"]?.count == 1)
    },
  ]
}
