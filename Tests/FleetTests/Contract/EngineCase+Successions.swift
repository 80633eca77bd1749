import Agreement
import Support
import Testing

@testable import Fleet

/// Who has a name after whom.
extension EngineCase {
  static let successions = [
    EngineCase("a killed owner is followed after a whole term of silence, and not much later") { world in
      let (first, second) = (world.owner(), world.node("lb2"))
      second.stand()
      world.pass(.seconds(7))
      first.stop()
      let last = try #require(first.last())
      let sentAt = last.until - (EngineWorld.lease.term - EngineWorld.lease.margin)
      #expect(world.pass(EngineWorld.lease.term + .seconds(1)) { second.owns() })
      #expect(world.now - sentAt >= EngineWorld.lease.term)
      #expect(second.owner().generation == 2)
    },
    EngineCase("of two who wait, who goes first has it") { world in
      let first = world.owner()
      let (second, third) = (world.node("lb2"), world.node("lb3"))
      second.stand(after: .milliseconds(700))
      third.stand()
      world.pass(.seconds(1))
      first.stop()
      #expect(world.pass(.seconds(8)) { second.owns() || third.owns() })
      #expect(third.owns())
    },
    EngineCase("what is given up for nobody in particular is taken at once") { world in
      let (first, second) = (world.owner(), world.node("lb2"))
      second.stand()
      world.pass(.seconds(1))
      let at = world.now
      first.giveUp()
      #expect(!first.owns() && first.drops["web"] == [.released])
      #expect(world.pass(.seconds(1)) { second.owns() })
      #expect(world.now - at < .seconds(1) && second.owner().generation == 2)
    },
    EngineCase("what is given up for somebody is his, whoever else would go first") { world in
      let first = world.owner()
      let (second, third) = (world.node("lb2"), world.node("lb3"))
      second.stand()
      third.stand(after: .milliseconds(600))
      world.pass(.seconds(1))
      first.giveUp(for: "lb3")
      #expect(world.pass(.seconds(1)) { third.owns() })
      #expect(!second.owns() && third.owner().generation == 2)
    },
    EngineCase("what is given up for somebody who isn't there others take after half a term") { world in
      // It was there, and isn't any more.
      world.node("lb3").stop()
      let (first, second) = (world.owner(), world.node("lb2"))
      second.stand()
      world.pass(.seconds(1))
      let at = world.now
      first.refrain()
      first.giveUp(for: "lb3")
      #expect(world.pass(.seconds(4)) { second.owns() })
      #expect(world.now - at >= EngineWorld.lease.term / 2)
    },
    EngineCase("who gives it up while nobody wants it may have it again, later and by another generation") { world in
      let one = world.owner()
      let at = world.now
      one.giveUp()
      #expect(world.pass(.seconds(6)) { one.owns() })
      #expect(world.now - at >= EngineWorld.lease.term / 2 && one.owner().generation == 2)
    },
    EngineCase("the generation grows by one with each owner, however it comes to it") { world in
      let nodes = [world.owner(), world.node("lb2"), world.node("lb3")]
      for node in nodes { node.stand() }
      for generation: UInt64 in 2...7 {
        let holder = try #require(nodes.first { $0.owns() })
        if generation % 2 == 0 { holder.giveUp() } else { holder.isAway = true }
        #expect(world.pass(.seconds(8)) { nodes.contains { $0 !== holder && $0.owns() } })
        holder.isAway = false
        world.pass(.seconds(1))
        #expect(nodes.first { $0.owns() }?.owner().generation == generation)
      }
    },
    EngineCase("a process that is started again isn't the owner, and is by the next generation within a term") {
      world in
      let first = world.owner()
      first.stop()
      let second = world.node("lb1")
      #expect(!second.owns())
      second.stand()
      #expect(world.pass(EngineWorld.lease.term + .seconds(1)) { second.owns() })
      #expect(second.owner().generation == 2)
    },
    EngineCase("who begins anew while an owner is cut off leaves it to him to its end") { world in
      let (first, other) = (world.owner(), world.node("lb2"))
      world.pass(.seconds(2))
      first.isAway = true
      other.stop()
      let second = world.node("lb2")
      second.stand()
      let end = try #require(first.last()).until
      #expect(world.pass(.seconds(10)) { second.owns() })
      #expect(world.now > end && first.drops["web"] == [.lapsed])
    },
    EngineCase("a process that takes over from the one before it has what that had, by the next generation") { world in
      let (first, other) = (world.owner(), world.node("lb2"))
      other.stand()
      world.pass(.seconds(3))
      let (left, legacy) = (try #require(first.last()), try #require(first.legacy()))
      first.stop()
      let second = world.node("lb1")
      second.inherit(legacy)
      second.stand()
      #expect(second.owns() && second.last().map { $0 == left } == true)
      #expect(!world.pass(.seconds(10)) { !second.owns() })
      #expect(second.owner().generation == 2 && second.drops.isEmpty && !other.owns())
    },
    EngineCase("process after process takes over, each by the generation after, while others wait") { world in
      let other = world.node("lb2")
      var holder = world.owner()
      other.stand()
      for generation: UInt64 in 2...6 {
        world.pass(.milliseconds(900))
        let legacy = try #require(holder.legacy())
        holder.stop()
        holder = world.node("lb1")
        // The first renewal's answer is lost now and then.
        holder.fate = { $0 == .change && generation % 2 == 0 ? .unanswered : .done }
        holder.inherit(legacy)
        holder.stand()
        world.pass(.milliseconds(200))
        holder.fate = { _ in .done }
        #expect(!world.pass(.milliseconds(900)) { !holder.owns() })
        #expect(holder.owner().generation == generation && holder.drops.isEmpty)
      }
    },
    EngineCase("what is left to a process too late is nothing") { world in
      let first = world.owner()
      let legacy = try #require(first.legacy())
      first.stop()
      world.pass(.seconds(5))
      let second = world.node("lb1")
      second.inherit(legacy)
      #expect(!second.owns() && second.owned.isEmpty && second.owner().stance == .watching)
    },
  ]
}
