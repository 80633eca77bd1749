import Agreement
import Support
import Testing

@testable import Fleet

/// What becomes of a process that is killed in the midst of what it wants.
extension EngineCase {
  /// Lets a node be killed with the so manieth thing of a kind that it wants, which gets through or doesn't.
  private static func kill(_ node: EngineNode, at count: Int, of want: EngineNode.Want, _ fate: EngineNode.Fate) {
    var left = count
    node.fate = { [unowned node] other in
      guard other == want else { return .done }
      left -= 1
      if left == 0 { node.stop() }
      return left == 0 ? fate : left < 0 ? .lost : .done
    }
  }

  static let kills = [
    EngineCase(
      "wherever a process is killed while it appends, what it has said is there once, and the next one goes on"
    ) {
      world in
      let other = world.members("lb2")[0]
      var wanted: [String] = []
      for (step, fate) in (1...6).flatMap({ step in [(step, EngineNode.Fate.done), (step, .lost)] }) {
        let one = world.node("lb1")
        if wanted.isEmpty { one.append(.join) }
        kill(one, at: step, of: .append, fate)
        for number in 1...6 {
          wanted.append("\(step) \(fate) \(number)")
          one.set(wanted[wanted.count - 1])
        }
        #expect(world.pass(.seconds(10)) { !one.isRunning })
        let next = world.node("lb1")
        wanted.append("\(step) \(fate) after")
        next.set(wanted[wanted.count - 1])
        #expect(world.pass(.seconds(10)) { next.log.waiting == 0 && next.log.isLive(at: world.now) })
        #expect(world.pass(.seconds(10)) { other.state.position == next.state.position })
        #expect(next.keys.last == wanted.last && next.entries == Array(other.entries.suffix(next.entries.count)))
        // Of what each wanted the first ones are there, and nothing twice.
        let ofThis = next.keys.filter { $0.hasPrefix("\(step) \(fate) ") }
        #expect(Array(ofThis.dropLast()) == (1..<ofThis.count).map { "\(step) \(fate) \($0)" })
        next.stop()
      }
      #expect(Set(other.keys).count == other.keys.count)
    },
    EngineCase("wherever a process is killed on its way to a name and with it, another one has it within a term") {
      world in
      for (step, fate) in (1...6).flatMap({ step in [(step, EngineNode.Fate.done), (step, .lost)] }) {
        let one = world.node("lb1")
        kill(one, at: step, of: .change, fate)
        one.stand()
        #expect(world.pass(.seconds(12)) { !one.isRunning })
        let (end, generation) = (one.last()?.until ?? .start, one.last()?.generation ?? 0)
        let other = world.node("lb2")
        other.stand()
        #expect(world.pass(EngineWorld.lease.term + .seconds(2)) { other.owns() })
        #expect(world.now >= end)
        #expect(other.last().map { $0.generation > generation } == true)
        // The name is free for the next round.
        other.refrain()
        other.giveUp()
        world.pass(.seconds(1))
        other.stop()
      }
    },
  ]
}
