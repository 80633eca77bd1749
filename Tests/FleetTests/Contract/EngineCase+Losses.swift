import Agreement
import Support
import Testing

@testable import Fleet

/// What becomes of entries when answers are lost, or writes come to pass when nobody waits for them.
extension EngineCase {
  /// Lets every so manieth thing that a node wants meet with something.
  private static func disturb(_ node: EngineNode, every count: Int, _ fates: [EngineNode.Fate]) {
    var wanted = 0
    node.fate = { _ in
      wanted += 1
      return wanted % count == 0 ? fates[wanted / count % fates.count] : .done
    }
  }

  static let losses = [
    EngineCase("what was done and not answered is there once") { world in
      let nodes = world.members("lb1", "lb2")
      nodes[0].fate = { $0 == .append ? .unanswered : .done }
      nodes[0].set("a")
      nodes[0].set("b")
      #expect(world.allHear(4))
      #expect(nodes[0].keys == ["a", "b"] && nodes[0].log.waiting == 0)
    },
    EngineCase("what wasn't done is, as soon as it can be") { world in
      let nodes = world.members("lb1", "lb2")
      nodes[0].fate = { $0 == .append ? .lost : .done }
      nodes[0].set("a")
      world.pass(.seconds(2))
      #expect(nodes[1].keys.isEmpty && nodes[0].log.waiting == 1)
      nodes[0].fate = { _ in .done }
      #expect(world.allHear(3))
    },
    EngineCase("what comes to pass before it's tried again is found, and there once") { world in
      let nodes = world.members("lb1", "lb2")
      nodes[0].fate = { $0 == .append ? .late : .done }
      nodes[0].set("a")
      world.settle()
      nodes[0].fate = { _ in .done }
      nodes[0].release()
      #expect(world.allHear(3))
      world.pass(.seconds(2))
      #expect(nodes[0].keys == ["a"] && nodes[0].log.waiting == 0)
    },
    EngineCase("what would come to pass after it was tried again doesn't") { world in
      let nodes = world.members("lb1", "lb2")
      nodes[0].fate = { $0 == .append ? .late : .done }
      nodes[0].set("a")
      world.settle()
      nodes[0].fate = { _ in .done }
      #expect(world.allHear(3))
      nodes[0].release()
      nodes[1].set("b")
      #expect(world.allHear(4))
      #expect(nodes[0].keys == ["a", "b"])
    },
    EngineCase("what would come to pass after somebody else's doesn't, and is tried again behind it") { world in
      let nodes = world.members("lb1", "lb2")
      nodes[0].fate = { $0 == .append ? .late : .done }
      nodes[0].set("a")
      world.settle()
      nodes[1].set("b")
      #expect(world.pass(.seconds(5)) { nodes[1].keys == ["b"] })
      nodes[0].release()
      nodes[0].fate = { _ in .done }
      #expect(world.allHear(4))
      #expect(nodes[1].keys == ["b", "a"])
    },
    EngineCase("three who hear of every second one only append each entry once, in one order") { world in
      let nodes = world.members("lb1", "lb2", "lb3")
      for node in nodes {
        var appended = 0
        node.fate = { want in
          guard want == .append else { return .done }
          appended += 1
          return appended % 2 == 0 ? .done : .unanswered
        }
      }
      for number in 1...8 { for node in nodes { node.set("\(node.me.node.text) \(number)") } }
      #expect(world.allHear(27, within: .seconds(120)))
      for node in nodes { #expect(node.entries == nodes[0].entries && Set(node.keys).count == 24) }
    },
    EngineCase("whatever becomes of every third thing that they want, each entry is there once, in one order") {
      world in
      let nodes = world.members("lb1", "lb2", "lb3")
      for (index, node) in nodes.enumerated() {
        disturb(node, every: 3 + index, [.unanswered, .late, .lost, .late])
      }
      for number in 1...8 {
        for node in nodes { node.set("\(node.me.node.text) \(number)") }
        world.pass(.milliseconds(300))
        for node in nodes { node.release() }
      }
      for node in nodes {
        node.fate = { _ in .done }
        node.release()
      }
      #expect(world.allHear(27))
      for node in nodes { #expect(node.entries == nodes[0].entries && Set(node.keys).count == 24) }
    },
    EngineCase("who is told only so much before it's cut off, and then a bit more, learns each entry once") { world in
      let one = world.members("lb1")[0]
      for number in 1...12 { one.set("k\(number)", [UInt8](repeating: 1, count: number == 6 ? 500_000 : 1)) }
      #expect(world.allHear(13))
      let late = world.node("lb2")
      for count in 1...60 where late.entries.count < 13 {
        var left = count
        late.fate = { want in
          left -= want == .look ? 1 : 0
          return left >= 0 ? .done : .lost
        }
        world.pass(.milliseconds(1_500))
      }
      #expect(late.entries == one.entries)
    },
    EngineCase("what a process that was killed had asked for comes to pass before the next one's, or not at all") {
      world in
      for isInTime in [true, false] {
        let first = world.node("lb1")
        if isInTime { first.append(.join) }
        #expect(world.pass(.seconds(5)) { first.log.isLive(at: world.now) && first.log.waiting == 0 })
        first.fate = { $0 == .append ? .late : .done }
        first.set("\(isInTime) 1")
        world.settle()
        first.stop()
        if isInTime { first.release() }
        let second = world.node("lb1")
        second.set("\(isInTime) 2")
        #expect(world.pass(.seconds(5)) { second.log.waiting == 0 })
        first.release()
        world.pass(.seconds(1))
        second.stop()
      }
      let last = world.node("lb1")
      #expect(world.pass(.seconds(5)) { last.log.isLive(at: world.now) })
      #expect(last.keys == ["true 1", "true 2", "false 2"])
    },
    EngineCase("what was wanted while the engine was away is there after it, in each one's order") { world in
      let nodes = world.members("lb1", "lb2", "lb3")
      for node in nodes { node.isAway = true }
      for number in 1...4 {
        for node in nodes { node.set("\(node.me.node.text) \(number)") }
        world.pass(.seconds(3))
      }
      #expect(nodes.allSatisfy { $0.keys.isEmpty && $0.log.waiting == 4 })
      for node in nodes { node.isAway = false }
      #expect(world.allHear(15))
      for author in nodes.map(\.me.node.text) {
        #expect(nodes[0].keys.filter { $0.hasPrefix(author) } == (1...4).map { "\(author) \($0)" })
      }
    },
  ]
}
