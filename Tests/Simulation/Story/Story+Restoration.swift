import Agreement

extension Story {
  /// The story of a seed in which more than half of those who vote are lost for good, once or twice, and somebody lets the fleet go on from what one
  /// of those has that are left.
  package init(restoring seed: UInt64) {
    self.init(seed: seed, engine: .embedded, programs: .alike)
    var chance = Chance(seed &* 0xD6E8_FEB8_6659_FD93 &+ 11)
    isRestored = true
    // Mostly things go their way until then, and it's about what comes of it.
    if chance.permille(500) { deeds.removeAll { !$0.deed.isWish && chance.permille(700) } }
    var at = seconds(3) + chance.within(0...seconds(4))
    for _ in 0..<[1, 1, 2][chance.below(3)] {
      add(.loseMost(choice: chance.next()), at: min(at, healsAt - 1))
      at += seconds(5) + chance.within(0...seconds(6))
    }
    sortDeeds()
  }
}
