import Agreement
import Support
import Testing

@testable import Fleet

/// How an owner goes on, or doesn't.
extension EngineCase {
  /// A node that has just become the owner.
  private static func owner(_ world: EngineWorld, _ name: String = "lb1", peers: [String] = []) -> EngineNode {
    let node = world.node(name, peers: peers)
    node.stand()
    #expect(world.pass(.seconds(2)) { node.owns() })
    return node
  }

  static let renewals = [
    EngineCase("an owner that renews in time stays it, by one generation, whoever else wants it") { world in
      let (first, second) = (world.owner(), world.node("lb2"))
      second.stand()
      #expect(!world.pass(.seconds(30)) { !first.owns() || second.owns() })
      let last = try #require(first.last())
      #expect(last.generation == 1 && last.until - world.now > EngineWorld.lease.term / 2)
    },
    EngineCase("a renewal counts from its question, however late the answer") { world in
      let one = world.owner()
      var asked: Moment?
      one.fate = { want in
        guard want == .change else { return .done }
        asked = asked ?? world.now
        return .slow
      }
      world.pass(.seconds(2))
      one.fate = { _ in .done }
      one.release()
      let sentAt = try #require(asked)
      #expect(world.now - sentAt > .seconds(1))
      #expect(one.owned["web"]?.contains { $0.until == EngineWorld.lease.end(sentAt: sentAt) } == true)
      #expect(one.owned["web"]?.allSatisfy { $0.until <= EngineWorld.lease.end(sentAt: world.now) } == true)
    },
    EngineCase("an answer that comes after the end changes nothing, but the next one does") { world in
      let one = world.owner()
      var isFirst = true
      one.fate = { want in
        guard want == .change else { return .done }
        defer { isFirst = false }
        return isFirst ? .slow : .lost
      }
      world.pass(.seconds(6))
      #expect(one.drops["web"] == [.lapsed] && !one.owns())
      let count = one.owned["web"]?.count
      one.isAway = true
      one.release()
      #expect(!one.owns() && one.owned["web"]?.count == count)
      one.isAway = false
      one.fate = { _ in .done }
      #expect(world.pass(.seconds(2)) { one.owns() })
      #expect(one.last()?.generation == 1)
    },
    EngineCase("renewals that are done and not answered count for nothing") { world in
      let one = world.owner()
      let until = try #require(one.last()).until
      one.fate = { $0 == .change ? .unanswered : .done }
      #expect(world.pass(.seconds(5)) { !one.owns() })
      #expect(world.now >= until && one.last()?.until == until && one.drops["web"] == [.lapsed])
      one.fate = { _ in .done }
      #expect(world.pass(.seconds(2)) { one.owns() })
      #expect(one.last()?.generation == 1)
    },
    EngineCase("one lost answer among many does no harm") { world in
      let (first, second) = (world.owner(), world.node("lb2"))
      second.stand()
      var renewals = 0
      first.fate = { want in
        guard want == .change else { return .done }
        renewals += 1
        return renewals % 2 == 0 ? .unanswered : .done
      }
      #expect(!world.pass(.seconds(20)) { !first.owns() })
      #expect(first.owner().generation == 1 && first.drops.isEmpty && renewals > 10)
    },
    EngineCase("who is cut off has it to the end of what counts, and not a moment longer") { world in
      let one = world.owner()
      one.isAway = true
      let until = try #require(one.last()).until
      #expect(world.pass(.seconds(8)) { !one.owns() })
      // The clock goes by a millisecond at least.
      #expect(world.now >= until && world.now - until < .milliseconds(1) && one.drops["web"] == [.lapsed])
    },
    EngineCase("who gives it up renews nothing from then on, and says so when what stands for it is gone") { world in
      let (first, second) = (world.owner(), world.node("lb2"))
      second.stand()
      world.pass(.seconds(1))
      first.dropsLate = true
      first.refrain()
      first.giveUp()
      let count = first.owned["web"]?.count
      world.pass(.seconds(2))
      #expect(!first.owns() && !second.owns() && first.owned["web"]?.count == count)
      first.release()
      #expect(world.pass(.seconds(1)) { second.owns() })
      #expect(first.owned["web"]?.count == count)
    },
    EngineCase("who comes back and finds another one there has lost it, and knows to whom") { world in
      let (first, second) = (world.owner(), world.node("lb2"))
      second.stand()
      first.isAway = true
      #expect(world.pass(.seconds(10)) { second.owns() })
      first.isAway = false
      world.pass(.seconds(10))
      #expect(first.drops["web"] == [.lapsed, .taken(by: NodeName("lb2"))] && first.owner().stance == .watching)
      #expect(first.owner().owner == second.me && first.owner().generation == 2)
      #expect(second.owns() && second.owner().generation == 2 && second.drops.isEmpty)
    },
    EngineCase("a renewal that comes to pass after another one took it doesn't") { world in
      let (first, second) = (world.owner(), world.node("lb2"))
      second.stand()
      first.fate = { $0 == .change ? .late : .done }
      #expect(world.pass(.seconds(12)) { second.owns() })
      first.release()
      first.fate = { _ in .done }
      world.pass(.seconds(6))
      #expect(!first.owns() && second.owns() && second.owner().generation == 2 && second.drops.isEmpty)
    },
    EngineCase("a renewal that comes to pass late, before anybody took it, lets others wait anew") { world in
      let (first, second) = (world.owner(), world.node("lb2"))
      second.stand()
      first.fate = { $0 == .change ? .late : .done }
      world.pass(.seconds(3))
      first.stop()
      let writtenAt = world.now
      first.release()
      #expect(world.pass(.seconds(10)) { second.owns() })
      #expect(world.now - writtenAt >= EngineWorld.lease.term)
    },
  ]
}
