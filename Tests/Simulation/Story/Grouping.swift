/// Which nodes a fleet has: before and after its file was changed. The nodes take the new one up one by one, as each begins anew.
package struct Grouping: Equatable {
  /// Which of the two files.
  package enum Side: Equatable {
    case before, after
  }

  /// The nodes that the first file names.
  package var before: [Int]
  /// Those that the second one does.
  package var after: [Int]

  /// So many nodes, and always the same.
  init(_ nodes: Int) {
    before = Array(0..<nodes)
    after = before
  }

  /// Those of the first file that the second one doesn't name.
  var leaving: [Int] { before.filter { !after.contains($0) } }

  func nodes(_ side: Side) -> [Int] {
    switch side {
    case .before: before
    case .after: after
    }
  }
}

extension Story {
  /// Lets the fleet get a node, lose one or both, in one story of four: by a chance of its own, so that the others stay what they are.
  mutating func regroup(_ seed: UInt64) {
    var chance = Chance(seed ^ 0x3C6E_F372_FE94_F82B)
    guard chance.below(4) == 0 else { return }
    let kind = [0, 1, 1, 2][chance.below(4)]
    let (leaving, coming) = (kind == 1 ? nodes - 1 : 0, nodes - 1)
    if kind != 1 { grouping.before.removeLast() }
    if kind != 0 { grouping.after.remove(at: leaving) }
    var order = chance.shuffled(0..<nodes)
    // The worst is if one knows others than all who know each other.
    if kind != 1, chance.permille(600) { order = [coming] + order.filter { $0 != coming } }
    if kind != 0, chance.permille(600) { order = order.filter { $0 != leaving } + [leaving] }
    var at = chance.within(seconds(3)...seconds(6))
    var wasAlone = false
    for (place, node) in order.enumerated() {
      var begun = at
      if kind != 0, place + 1 < nodes, order[place + 1] == leaving, chance.permille(800) {
        // The last one begins with the new file while the store is away from it already.
        begun = at + chance.within(milliseconds(200)...milliseconds(900))
        at = leaveAlone(leaving, from: at, &chance)
        wasAlone = true
      } else if kind != 0, node == leaving, !wasAlone {
        at = leaveAlone(node, from: at, &chance)
        begun = at
      }
      take(node, .after, at: begun, leaving: begun < at, &chance)
      // Somebody thinks better of it for a while.
      if chance.permille(150) {
        let back = at + chance.within(milliseconds(300)...seconds(3))
        take(node, .before, at: back, &chance)
        take(node, .after, at: back + chance.within(milliseconds(300)...seconds(3)), &chance)
      }
      at += chance.within(milliseconds(20)...seconds(2))
      if node == coming, kind != 1 { at = leaveAlone(node, from: at, &chance) }
    }
  }

  /// The store is away from all but one, for longer than a lease; nothing else happens then, now and then.
  ///
  /// - Returns: when it's back.
  private mutating func leaveAlone(_ node: Int, from at: Int64, _ chance: inout Chance) -> Int64 {
    guard chance.permille(700) else { return at }
    let back = at + chance.within(seconds(3)...seconds(8))
    if chance.permille(600) { deeds.removeAll { at - seconds(1)...back + seconds(1) ~= $0.at } }
    for other in 0..<nodes where other != node {
      add(.cutStore(node: other), at: at + chance.within(0...milliseconds(200)))
      add(.mendStore(node: other), at: back)
    }
    return back
  }

  /// Lets a node begin anew with one of the files; if that doesn't name it, it ends.
  ///
  /// - Parameter leaving: whether what it owns is left to the process that begins, whatever chance says.
  mutating func take(
    _ node: Int, _ side: Grouping.Side, at: Int64, leaving: Bool = false, _ chance: inout Chance
  ) {
    add(.regroup(node: node, side), at: at)
    let pause = chance.within(milliseconds(5)...milliseconds(500))
    if leaving || chance.permille(500) {
      add(.handOver(node: node), at: at)
      add(.takeOver(node: node), at: at + pause)
    } else {
      add(.crash(node: node, withHost: false), at: at)
      add(.start(node: node, wiped: false), at: at + pause)
    }
  }
}
