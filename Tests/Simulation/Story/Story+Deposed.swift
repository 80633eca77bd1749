import Agreement

extension Story {
  /// Lets nodes begin anew with a server that was the store's leader before what was agreed on last, and doesn't know yet that it isn't any
  /// more, in one story of eight: by a chance of its own, so that the others stay what they are.
  mutating func meetDeposed(_ seed: UInt64) {
    var chance = Chance(seed ^ 0x1B87_3593_CC9E_2D51)
    guard chance.below(8) == 0 else { return }
    var at = chance.within(seconds(2)...seconds(4))
    var token: UInt64 = 1 << 32
    while at < healsAt {
      token += 1
      let wish = FleetRequest.Wish(
        text: Self.bytes(of: token), digest: Digest(token, 0, 0, 0), patience: .seconds(3), canary: nil,
        confirmation: nil, author: "a\(token)")
      let node = chance.below(nodes)
      let ended = at + chance.within(milliseconds(50)...milliseconds(1_200))
      let begun = ended + chance.within(milliseconds(20)...milliseconds(400))
      // What else happens would mostly keep it from being agreed on.
      if chance.permille(700) { deeds.removeAll { at - seconds(1)...begun + seconds(1) ~= $0.at } }
      add(.ask(node: chance.below(nodes), .rollout(wish)), at: at)
      add(.crash(node: node, withHost: false), at: ended)
      add(.depose(node: node, ago: ended - at, for: begun - ended + chance.within(0...milliseconds(1_500))), at: ended)
      add(.start(node: node, wiped: false), at: begun)
      at = ended + chance.within(milliseconds(500)...seconds(4))
    }
  }
}
