import Agreement

extension Story {
  /// Lets some nodes have a program of before, and all be upgraded one by one, in one story of four: by a chance of its own, so that the others
  /// stay what they are. Now and then one goes back, and all the while somebody wants what only the later programs know.
  mutating func mixPrograms(_ seed: UInt64) {
    var chance = Chance(seed ^ 0x7F4A_7C15_9E37_79B9)
    guard chance.below(4) == 0 else { return }
    former = (0..<nodes).filter { _ in chance.permille(700) }
    var at = chance.within(seconds(2)...seconds(5))
    while at < healsAt {
      // Upgrades come in a row, of all nodes, as one does them.
      for node in chance.shuffled(0..<nodes) {
        change(node, to: .latest, at: at, &chance)
        at += chance.within(milliseconds(100)...seconds(1))
      }
      at += chance.within(0...seconds(2))
      guard chance.permille(600) else { break }
      change(chance.below(nodes), to: .first, at: at, &chance)
      at += chance.within(milliseconds(300)...seconds(4))
    }
    at = seconds(1)
    var number: UInt64 = 0
    let pace = chance.within(milliseconds(20)...milliseconds(1_500))
    while at < healsAt {
      number += 1
      add(.ask(node: chance.below(nodes), .trial(number)), at: at)
      at += chance.within(milliseconds(1)...pace)
    }
  }

  /// Lets a node begin anew with another program.
  private mutating func change(_ node: Int, to known: Form, at: Int64, _ chance: inout Chance) {
    let pause = chance.within(milliseconds(5)...milliseconds(500))
    let leaves = chance.permille(500)
    add(leaves ? .handOver(node: node) : .crash(node: node, withHost: chance.permille(100)), at: at)
    add(.program(node: node, known), at: at)
    add(leaves ? .takeOver(node: node) : .start(node: node, wiped: false), at: at + pause)
  }
}
