extension Story {
  /// The story of a seed in which who votes changes all the time: what a node says may come to nothing, and a copy of it be there when the node
  /// votes again.
  package init(reseating seed: UInt64) {
    self.init(seed: seed, engine: .embedded)
    reseats = true
    var chance = Chance(seed ^ 0x7A3D_0C5B_91E6_2F48)
    let pace = chance.within(milliseconds(100)...milliseconds(1_500))
    var at = milliseconds(1_500)
    while at < healsAt {
      at += chance.within(milliseconds(1)...pace)
      let node = chance.below(nodes)
      let asked = chance.below(nodes)
      let soon = at + chance.within(0...milliseconds(chance.permille(700) ? 300 : 2_000))
      switch chance.below(5) {
      case 0: add(.ask(node: asked, .unseat(World.name(node))), at: at)
      case 1: add(.ask(node: asked, .seat(World.name(node))), at: at)
      case 2:
        add(.ask(node: asked, .unseat(World.name(node))), at: at)
        add(.ask(node: chance.below(nodes), .seat(World.name(node))), at: soon)
      case 3:
        add(.crash(node: node, withHost: chance.permille(300)), at: at)
        add(.start(node: node, wiped: chance.permille(600)), at: at + chance.within(0...milliseconds(200)))
        add(.ask(node: asked, .seat(World.name(node))), at: soon)
      default:
        // Somebody wants something of it, whether others listen to it or not.
        let value = Self.bytes(of: 1 << 32 | UInt64(deeds.count))
        add(.ask(node: node, .set(key: "k\(chance.below(3))", value: value)), at: soon)
      }
    }
    sortDeeds()
  }
}
