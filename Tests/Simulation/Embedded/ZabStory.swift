/// What is done to nodes of the embedded log: made from a seed.
package struct ZabStory {
  /// One thing that is done.
  enum Deed: Equatable {
    case crash(node: Int)
    case start(node: Int)
    case freeze(node: Int)
    case thaw(node: Int)
    /// What one says doesn't come to the other.
    case cut(from: Int, to: Int)
    case mend(from: Int, to: Int)
    /// So many of a thousand messages are lost.
    case lose(permille: Int)
    /// What a node stores takes so long, in nanoseconds.
    case disk(node: Int, Int64)
    /// All end at once, as by a loss of power.
    case dark
    /// Whoever leads, or is about to, is frozen, cut off one way or both, or ends; so for as long.
    case strike(Blow, for: Int64)
    /// When a node next stores an epoch it ends, with a part of what it wanted to store; so may others.
    case trap(node: Int, with: Company)
    /// So for who led when it was struck last, and all others with it.
    case trapStruck
    /// So for all that follow.
    case trapFollowers
    /// So for all that run, but who was struck.
    case trapUnstruck
    /// All that are down begin, but who was caught as he was about to lead; or he alone.
    case startUncaught
    case startCaught
    /// All that are down begin, but who was struck last.
    case startUnstruck
    /// A node loses its disk, if the others can bear that; somebody puts its new memory in place of the old one after so long.
    case wipe(node: Int, for: Int64)
    /// A node shall vote that didn't, or shan't any more.
    case admit(node: Int)
    case dismiss(node: Int)
    /// Whoever leads shall vote with one other alone, and nobody else is heard by them, nor hears them, for so long.
    case part(for: Int64)
  }

  /// What a story is made of: some deeds that belong together.
  private enum Trouble: CaseIterable {
    case crash, freeze, cut, loss, disk, strike, trap, climb, dark
    /// In stories with members who change.
    case wipe, admit, dismiss, part
    /// In stories of its own only, as it takes long.
    case halfway
  }

  /// Who ends with a node that is caught.
  enum Company: Equatable {
    case nobody, leader, all
  }

  /// What happens to a leader.
  enum Blow: CaseIterable, Equatable {
    case freeze, deafen, silence, cutOff, crash
  }

  /// The seed that it was made from, and that the world's chance comes from.
  package let seed: UInt64
  /// How many nodes there are.
  let nodes: Int
  /// With how many of them it begins.
  let founders: Int
  /// Whether the members change.
  var isAboutMembers: Bool { founders < nodes || hasWipes }
  private let hasWipes: Bool
  /// What is done when, in nanoseconds, in order.
  var deeds: [(at: Int64, deed: Deed)] = []
  /// How often somebody wants an entry.
  let wishes: ClosedRange<Int64>
  /// After how many entries a node makes a snapshot, and how many it keeps before that.
  let snapshots: Int
  let kept: Int
  /// When all that is broken is mended.
  let healsAt: Int64
  /// When all have to be well again. Whoever is new has to learn first.
  var judgedAt: Int64 { healsAt + seconds(isAboutMembers ? 7 : 4) }

  /// The story of a seed.
  package init(seed: UInt64) {
    var chance = Chance(seed &* 0x9FB2_1C65_1E98_DF25 &+ 7)
    self.seed = seed
    // Some stories are about one rare turn of things, which is the likelier the fewer nodes there are: nodes that end halfway, with snapshots
    // in between; and one epoch after the other that few have stored.
    let (isHalfway, isClimb) = (seed % 4 == 1, seed % 8 == 3)
    let count = [3, 3, 3, 3, 5, 5, 7][chance.below(7)]
    founders = isHalfway || isClimb ? 3 : count
    hasWipes = seed % 4 == 2
    nodes = hasWipes ? min(founders + chance.below(3), 7) : founders
    wishes =
      [
        milliseconds(1)...milliseconds(3), milliseconds(1)...milliseconds(40), milliseconds(20)...milliseconds(400),
      ][chance.below(3)]
    let often = chance.below(4)
    snapshots = isHalfway ? [10, 40][often % 2] : [3, 10, 40, 1_000][often]
    kept = [0, 2, 30][chance.below(3)]
    healsAt = seconds(4) + chance.within(0...seconds(8)) + (isClimb ? seconds(10) : 0)
    // Some stories have one kind of trouble only; most of those are about epochs that few have stored.
    let single: [Trouble] = [.crash, .freeze, .cut, .loss, .disk, .strike, .trap, .trap, .trap, .climb, .dark, .dark]
    let troubles: [Trouble] =
      if isHalfway {
        [.halfway]
      } else if isClimb {
        [.climb]
      } else if chance.below(3) == 0 {
        [single[chance.below(12)]]
      } else {
        Array(Trouble.allCases.dropLast(5))
      }
    let changes: [Trouble] = hasWipes ? [.wipe, .wipe, .admit, .dismiss, .part] : []
    let pace = chance.within(milliseconds(60)...milliseconds(1_500))
    var at = milliseconds(300)
    while at < healsAt {
      at += chance.within(milliseconds(1)...pace)
      if troubles == [.halfway] { at += seconds(2) }
      if isClimb { at += seconds(6) }
      let kind =
        changes.isEmpty || chance.permille(600) ? troubles[chance.below(troubles.count)] : changes[chance.below(5)]
      trouble(kind, at: at, &chance)
    }
    deeds = deeds.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
  }

  private mutating func add(_ deed: Deed, at time: Int64) {
    if time < healsAt { deeds.append((time, deed)) }
  }

  private mutating func trouble(_ kind: Trouble, at: Int64, _ chance: inout Chance) {
    let node = chance.below(nodes)
    let span = chance.permille(700) ? chance.within(0...milliseconds(800)) : chance.within(0...seconds(4))
    switch kind {
    case .crash:
      add(.crash(node: node), at: at)
      add(.start(node: node), at: at + milliseconds(20) + span)
    case .freeze:
      add(.freeze(node: node), at: at)
      add(.thaw(node: node), at: at + span)
    case .cut:
      for (from, to) in chance.cuts(of: node, among: nodes) {
        add(.cut(from: from, to: to), at: at)
        add(.mend(from: from, to: to), at: at + span)
      }
    case .loss:
      add(.lose(permille: [0, 20, 100, 350][chance.below(4)]), at: at)
    case .disk:
      let slow = chance.within(milliseconds(1)...milliseconds([3, 60, 900][chance.below(3)]))
      add(.disk(node: node, slow), at: at)
    case .strike:
      let blow = Blow.allCases[chance.below(Blow.allCases.count)]
      // Some come while the next leader is at its beginning.
      for _ in 0..<(chance.permille(500) ? 1 : 4) {
        add(.strike(blow, for: chance.within(milliseconds(50)...milliseconds(1_500))), at: at + chance.within(0...span))
      }
    case .trap:
      add(.trap(node: node, with: chance.permille(700) ? .leader : .nobody), at: at)
      for node in 0..<nodes { add(.start(node: node), at: at + milliseconds(400) + chance.within(0...seconds(2))) }
      // Something has to happen for it to spring.
      let other = chance.below(nodes)
      add(.crash(node: other), at: at + milliseconds(1))
      add(.start(node: other), at: at + milliseconds(20) + span / 4)
    case .wipe: add(.wipe(node: node, for: span), at: at)
    case .admit: add(.admit(node: chance.permille(700) ? nodes - 1 : node), at: at)
    case .dismiss: add(.dismiss(node: node), at: at)
    case .part:
      add(.part(for: milliseconds(100) + span), at: at)
      for node in 0..<nodes where chance.permille(600) { add(.admit(node: node), at: at + span + seconds(1)) }
    case .climb: climb(at: at, &chance)
    case .halfway: stopHalfway(at: at, &chance)
    case .dark:
      guard chance.permille(300) else { return add(.crash(node: node), at: at) }
      add(.dark, at: at)
      for node in 0..<nodes { add(.start(node: node), at: at + milliseconds(20) + chance.within(0...span)) }
    }
  }

  /// Epochs that one node alone has stored, above entries that a majority has, but not as a later epoch's (Ongaro and Ousterhout, "In
  /// search of an understandable consensus algorithm", figure 8, has the like of it): the old leader alone has some entries; the next one
  /// ends as he stores his epoch; the old one gives its entries to a follower, which ends as it stores the epoch of that; both come back,
  /// and the old leader ends once more as it's about to lead; then who stored his epoch alone comes back, and the follower.
  private mutating func climb(at: Int64, _ chance: inout Chance) {
    for node in 0..<nodes { add(.disk(node: node, milliseconds(1)), at: at) }
    let mended = at + chance.within(milliseconds(1_600)...milliseconds(2_400))
    add(.strike(.cutOff, for: mended - at), at: at)
    add(.trapFollowers, at: at + milliseconds(1))
    // Nobody waits any more for who is gone.
    add(.dark, at: mended)
    for node in 0..<nodes { add(.disk(node: node, chance.within(milliseconds(1)...milliseconds(60))), at: mended) }
    add(.startUncaught, at: mended + milliseconds(20))
    add(.trapUnstruck, at: mended + milliseconds(20))
    let back = mended + chance.within(milliseconds(700)...milliseconds(1_500))
    add(.startUncaught, at: back)
    // It ends as soon as it knows what the others have, before it tells them anything.
    add(.trapStruck, at: back)
    let end = back + chance.within(milliseconds(700)...milliseconds(1_500))
    add(.startUnstruck, at: end)
    add(.startCaught, at: end + chance.within(milliseconds(500)...milliseconds(1_500)))
  }

  /// What a majority has had durably, and one of it ends while it's brought into step anew: some nodes are away for long; the leader has
  /// entries that nobody else has, ends, and comes back when another one leads with those who were away; all end before anybody is
  /// in step, with a part of what was on its way to their disks; they come back in any order.
  private mutating func stopHalfway(at: Int64, _ chance: inout Chance) {
    let away = (0..<nodes / 2).map { _ in chance.below(nodes - 1) }
    for node in 0..<nodes { add(.disk(node: node, milliseconds(1)), at: at) }
    for node in away { add(.crash(node: node), at: at) }
    let struck = at + chance.within(milliseconds(50)...milliseconds(600))
    add(.strike(.cutOff, for: milliseconds(900)), at: struck)
    // The other one has begun to lead by then, and those who were away haven't stored what they lack.
    let back = struck + chance.within(milliseconds(1_300)...milliseconds(2_300))
    add(.strike(.crash, for: seconds(3)), at: struck + chance.within(milliseconds(3)...milliseconds(25)))
    let slow = chance.within(milliseconds(300)...milliseconds(900))
    for node in away {
      add(.disk(node: node, slow), at: struck + milliseconds(900))
      add(.start(node: node), at: struck + milliseconds(900))
    }
    for node in 0..<nodes { add(.start(node: node), at: back) }
    add(.trapStruck, at: back)
    for node in 0..<nodes {
      add(.start(node: node), at: back + milliseconds(600) + chance.within(0...milliseconds(1_500)))
    }
  }
}
