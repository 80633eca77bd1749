extension Story {
  /// Lets one of three nodes or more vote only, in one story of four: by a chance of its own, so that the others stay what they are.
  mutating func appointWitness(_ seed: UInt64) {
    var chance = Chance(seed ^ 0x5851_F42D_4C95_7F2D)
    guard nodes > 2, chance.below(4) == 0 else { return }
    witness = chance.below(nodes)
  }

  /// What happens to nodes that agree by themselves.
  mutating func embeddedTrouble(_ kind: Int, at: Int64, _ chance: inout Chance) {
    let node = chance.below(nodes)
    let span = chance.permille(600) ? chance.within(0...milliseconds(1_500)) : chance.within(0...seconds(8))
    switch kind {
    case 0:
      add(.crash(node: node, withHost: chance.permille(300)), at: at)
      let isWiped = chance.permille(200)
      add(.start(node: node, wiped: isWiped), at: at + milliseconds(50) + span)
      guard isWiped, chance.permille(700) else { break }
      add(
        .ask(node: (node + 1) % nodes, .seat(World.name(node))),
        at: at + span + chance.within(milliseconds(100)...seconds(3)))
    case 1:
      add(.freeze(node: node), at: at)
      add(.thaw(node: node), at: at + span)
    case 3:
      for other in 0..<nodes where other != node {
        add(.cut(from: node, to: other), at: at)
        add(.cut(from: other, to: node), at: at)
        add(.mend(from: node, to: other), at: at + span)
        add(.mend(from: other, to: node), at: at + span)
      }
    case 4:
      guard chance.permille(400) else { fallthrough }
      add(.dark, at: at)
      add(.light, at: at + milliseconds(20) + span / 4)
    case 5:
      add(.strike(Blow.allCases[chance.below(Blow.allCases.count)], for: milliseconds(20) + span), at: at)
    case 2 where chance.permille(300):
      let other = chance.below(nodes)
      add(.ask(node: other, .unseat(World.name(node))), at: at)
      add(.ask(node: other, .seat(World.name(node))), at: at + milliseconds(50) + span)
    case 7:
      add(.disk(node: node, chance.within(milliseconds(1)...milliseconds(500))), at: at)
      add(.disk(node: node, milliseconds(2)), at: at + span)
      add(.slow(permille: [0, 20, 200][chance.below(3)]), at: at)
    default: trouble(kind, at: at, &chance)
    }
  }
}
