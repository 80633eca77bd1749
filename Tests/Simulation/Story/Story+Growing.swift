import Agreement

extension Story {
  /// The story of a seed in which the files of a fleet whose nodes agree by themselves come to name more nodes, or fewer: by what is written for people to
  /// do, and by what they do besides.
  package init(growing seed: UInt64) {
    var chance = Chance(seed &* 0xA24B_AED4_963E_E407 &+ 5)
    let (few, many) = [(1, 2), (1, 3), (2, 3), (2, 3), (3, 4), (3, 5), (5, 7)][chance.below(7)]
    self.init(seed: seed, engine: .embedded, nodes: many)
    addresses = max(addresses, 1)
    if witness.map({ $0 >= few }) ?? false || few < 3 { witness = nil }
    // Now and then little else happens, so that something comes of it.
    if chance.permille(300) { deeds.removeAll { !$0.deed.isWish && chance.permille(700) } }
    if chance.permille(600) {
      grouping.before = Array(0..<few)
      grow(&chance)
    } else {
      grouping.after = Array(0..<few)
      shrink(&chance)
    }
    sortDeeds()
  }

  /// All nodes are named in the file of each, and then those are let in that are new; not always in this order.
  private mutating func grow(_ chance: inout Chance) {
    let new = grouping.after.filter { !grouping.before.contains($0) }
    let order = chance.shuffled(grouping.before)
    let isHasty = chance.permille(300)
    var at = chance.within(seconds(2)...seconds(5))
    for node in isHasty ? new + order : order + new {
      change(node, at: at, &chance)
      at += chance.within(milliseconds(5)...milliseconds(1_500))
    }
    for _ in 0..<3 {
      for node in new {
        add(.ask(node: chance.below(nodes), .seat(World.name(node))), at: at)
        at += chance.within(milliseconds(1)...milliseconds(800))
      }
      // A machine that is new fails as others do, and somebody may think better of it.
      let node = new[chance.below(new.count)]
      if chance.permille(300) {
        add(.crash(node: node, withHost: chance.permille(300)), at: at)
        add(.start(node: node, wiped: chance.permille(500)), at: at + chance.within(0...seconds(1)))
      }
      if chance.permille(100) { add(.ask(node: chance.below(nodes), .unseat(World.name(node))), at: at) }
    }
  }

  /// Those who go are voted out, and then named in no file; not always in this order.
  private mutating func shrink(_ chance: inout Chance) {
    let isHasty = chance.permille(300)
    var at = chance.within(seconds(2)...seconds(5))
    for turn in 0..<4 {
      if turn == (isHasty ? 0 : 3) {
        for node in chance.shuffled(grouping.before) {
          change(node, at: at, &chance)
          at += chance.within(milliseconds(5)...milliseconds(1_500))
        }
      }
      for node in grouping.leaving {
        if chance.permille(150) { add(.crash(node: node, withHost: chance.permille(300)), at: at) }
        add(.ask(node: chance.below(nodes), .unseat(World.name(node))), at: at)
        at += chance.within(milliseconds(1)...milliseconds(800))
      }
      if chance.permille(100) { add(.ask(node: chance.below(nodes), .seat(World.name(nodes - 1))), at: at) }
    }
  }

  /// A node begins with the second file, and with the first one for a while, now and then.
  private mutating func change(_ node: Int, at: Int64, _ chance: inout Chance) {
    take(node, .after, at: at, &chance)
    guard chance.permille(100) else { return }
    let back = at + chance.within(milliseconds(300)...seconds(3))
    take(node, .before, at: back, &chance)
    take(node, .after, at: back + chance.within(milliseconds(300)...seconds(3)), &chance)
  }
}
