import Agreement

extension Story {
  /// Lets files come to name other leases, of one node after the other, in one story of eight: by a chance of its own, so that the others stay what they
  /// are. In between somebody is cut off who may count on the former one. Programs of before say nothing of theirs, so there are none of them.
  mutating func changeLeases(_ seed: UInt64) {
    var chance = Chance(seed ^ 0x4528_21E6_38D0_13C4)
    guard chance.below(8) == 0, former.isEmpty, addresses > 0 else { return }
    var at = chance.within(seconds(2)...seconds(5))
    while at < healsAt {
      let terms: [Int64] = engine == .store ? [2_000, 4_000, 8_000] : [2_000, 2_700, 4_000]
      let term = Span.milliseconds(terms[chance.below(3)])
      if chance.permille(600) {
        let lost = at + chance.within(0...milliseconds(1_500))
        if engine == .store, chance.permille(500) {
          // What it counts on is others' leave.
          add(.storeAway, at: lost - chance.within(0...seconds(4)))
          add(.storeBack, at: lost + chance.within(0...seconds(2)))
        }
        add(.strike(.cutOff, for: chance.within(milliseconds(500)...seconds(6))), at: lost)
        isolate(chance.below(nodes), at: lost, for: chance.within(milliseconds(500)...seconds(9)), &chance)
      }
      for node in chance.shuffled(0..<nodes) where chance.permille(800) {
        name(term, in: node, at: at, &chance)
        at += chance.within(milliseconds(5)...milliseconds(900))
      }
      at += chance.within(0...seconds(5))
    }
  }

  /// Others hear nothing of a node, or it nothing of them, or both.
  private mutating func isolate(_ node: Int, at: Int64, for span: Int64, _ chance: inout Chance) {
    let (isMute, isDeaf) = [(true, true), (true, true), (true, false), (false, true)][chance.below(4)]
    for other in 0..<nodes where other != node {
      if isMute { add(.cut(from: node, to: other), at: at) }
      if isDeaf { add(.cut(from: other, to: node), at: at) }
      add(.mend(from: node, to: other), at: at + span)
      add(.mend(from: other, to: node), at: at + span)
    }
    if engine == .store {
      add(.cutStore(node: node), at: at)
      add(.mendStore(node: node), at: at + span)
    }
  }

  /// Lets a node begin anew with a file that names another lease. Who is upgraded in place goes on by the one before.
  private mutating func name(_ term: Span, in node: Int, at: Int64, _ chance: inout Chance) {
    add(.crash(node: node, withHost: chance.permille(100)), at: at)
    add(.lease(node: node, term), at: at)
    add(.start(node: node, wiped: false), at: at + chance.within(milliseconds(5)...milliseconds(400)))
  }
}
