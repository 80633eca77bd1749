import Agreement

/// What is done to nodes that decide among themselves who owns a name: made from a seed.
package struct PaxosStory {
  /// One thing that is done.
  enum Deed: Equatable {
    case crash(node: Int)
    case start(node: Int)
    /// The process makes room for the next one, and leaves to it what it owns.
    case handOver(node: Int)
    case takeOver(node: Int)
    case freeze(node: Int)
    case thaw(node: Int)
    case cut(from: Int, to: Int)
    case mend(from: Int, to: Int)
    case lose(permille: Int)
    case slow(permille: Int)
    case disk(node: Int, Int64)
    /// Whoever owns it gives it up for that node.
    case move(to: Int)
    /// Whether a node may own it.
    case ability(node: Int, Bool)
    /// These are to vote, whoever does now.
    case seat([Int])
    /// A node's file names a lease of this term from its next start on.
    case lease(node: Int, Span)
  }

  /// The seed that it was made from.
  package let seed: UInt64
  /// Those who vote at first.
  let founders: Int
  /// Those who may come to vote as well.
  let spares: Int
  var nodes: Int { founders + spares }
  var deeds: [(at: Int64, deed: Deed)] = []
  let healsAt: Int64
  /// The terms that files come to name.
  private(set) var terms: [Span] = []

  /// The story of a seed.
  package init(seed: UInt64) {
    var chance = Chance(seed &* 0xD6E8_FEB8_6659_FD93 &+ 3)
    self.seed = seed
    // In some of them others come to vote.
    let isMoving = seed % 3 == 2
    let size = [3, 3, 3, 5, 5, 7][chance.below(6)]
    (founders, spares) = isMoving ? (3, 1 + Int(seed / 3 % 3)) : (size, 0)
    healsAt = seconds(10) + chance.within(0...seconds(20))
    let troubles = chance.below(3) == 0 ? [chance.below(7)] : Array(0..<7)
    let pace = chance.within(milliseconds(200)...milliseconds(3_000))
    var at = milliseconds(500)
    while at < healsAt {
      at += chance.within(milliseconds(1)...pace)
      trouble(troubles[chance.below(troubles.count)], at: at, &chance)
    }
    if isMoving { move(&chance) }
    if seed % 8 == 5 { passOn(&chance) }
    changeLeases(seed)
    deeds = deeds.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
  }

  private mutating func add(_ deed: Deed, at time: Int64) {
    if time < healsAt { deeds.append((time, deed)) }
  }

  /// Others are to vote, again and again.
  private mutating func move(_ chance: inout Chance) {
    var at = milliseconds(500)
    while at < healsAt {
      at += chance.within(milliseconds(100)...seconds(7))
      var some = Array(0..<nodes)
      for index in some.indices.dropLast() { some.swapAt(index, index + chance.below(nodes - index)) }
      add(.seat(some.prefix([1, 2, 3, 3, 3, 4, 5][chance.below(7)]).sorted()), at: at)
    }
  }

  /// The name goes to one and from there to another within a moment, while somebody doesn't answer who does soon after.
  private mutating func passOn(_ chance: inout Chance) {
    var at = milliseconds(500)
    while at < healsAt {
      at += chance.within(milliseconds(500)...seconds(4))
      let absent = chance.below(nodes)
      let first = at + chance.within(0...milliseconds(300))
      let second = first + chance.within(milliseconds(20)...milliseconds(300))
      add(.freeze(node: absent), at: at)
      add(.move(to: chance.below(nodes)), at: first)
      add(.move(to: chance.below(nodes)), at: second)
      add(.thaw(node: absent), at: second + chance.within(0...seconds(1)))
    }
  }

  /// Files come to name another lease, of one node after the other, in one story of eight: by a chance of its own, so that the others stay what they are.
  /// Meanwhile somebody is cut off who may count on the former one.
  private mutating func changeLeases(_ seed: UInt64) {
    var chance = Chance(seed ^ 0x4528_21E6_38D0_13C4)
    guard chance.below(8) == 0 else { return }
    var at = milliseconds(500)
    while at < healsAt {
      at += chance.within(milliseconds(500)...seconds(5))
      let term = Span.milliseconds([1_000, 2_000, 4_000, 8_000][chance.below(4)])
      terms.append(term)
      let lost = chance.below(nodes)
      let since = at + chance.within(0...milliseconds(1_500))
      let span = chance.within(milliseconds(500)...seconds(9))
      for (from, to) in chance.cuts(of: lost, among: nodes) {
        add(.cut(from: from, to: to), at: since)
        add(.mend(from: from, to: to), at: since + span)
      }
      for node in chance.shuffled(0..<nodes) where chance.permille(800) {
        let leaves = chance.permille(400)
        add(leaves ? .handOver(node: node) : .crash(node: node), at: at)
        add(.lease(node: node, term), at: at)
        at += chance.within(milliseconds(5)...milliseconds(400))
        add(leaves ? .takeOver(node: node) : .start(node: node), at: at)
      }
    }
  }

  private mutating func trouble(_ kind: Int, at: Int64, _ chance: inout Chance) {
    let node = chance.below(nodes)
    let span = chance.permille(600) ? chance.within(0...milliseconds(1_000)) : chance.within(0...seconds(8))
    switch kind {
    case 0:
      // One, or several at once.
      for node in chance.permille(600) ? [node] : (0..<nodes).filter({ _ in chance.permille(600) }) {
        add(.crash(node: node), at: at)
        add(.start(node: node), at: at + milliseconds(10) + chance.within(0...max(1, span)))
      }
    case 1:
      add(.freeze(node: node), at: at)
      add(.thaw(node: node), at: at + span)
    case 2:
      for (from, to) in chance.cuts(of: node, among: nodes) {
        add(.cut(from: from, to: to), at: at)
        add(.mend(from: from, to: to), at: at + span)
      }
    case 3:
      add(.lose(permille: [0, 20, 100, 300][chance.below(4)]), at: at)
      add(.slow(permille: [0, 20, 200][chance.below(3)]), at: at)
    case 4:
      add(.disk(node: node, chance.within(milliseconds(1)...milliseconds([3, 60, 700][chance.below(3)]))), at: at)
    case 5:
      // Now and then nobody hears of the process that begins.
      let isCut = chance.permille(400)
      for other in 0..<nodes where isCut && other != node {
        add(.cut(from: node, to: other), at: at)
        add(.mend(from: node, to: other), at: at + seconds(2) + span)
      }
      let left = isCut ? at + chance.within(0...milliseconds(1_500)) : at
      add(.handOver(node: node), at: left)
      add(.takeOver(node: node), at: left + milliseconds(5) + span / 8)
    default:
      if chance.permille(600) { return add(.move(to: node), at: at) }
      add(.ability(node: node, false), at: at)
      add(.ability(node: node, true), at: at + span)
    }
  }
}
