package import Agreement

/// What has to hold in each state.
extension PaxosModel {
  /// What is left of what may happen, and what was seen.
  package struct World: Hashable {
    var instants: Int
    var tries: Int
    var crashes: Int
    var handOvers: Int
    var releases: Int
    var doubles: Int
    var lateLooks: Int
    /// Who owns it, and for how long still.
    var terms: [Term] = []
    /// Who came to own it last, by which generation and as which process of its own.
    var last = Owner(generation: 0, node: -1, run: 0)
    /// By which generation it was given up last.
    var given: UInt64 = 0

    var isWithinBounds: Bool { min(instants, tries, crashes, handOvers, releases, doubles, lateLooks) >= 0 }

    struct Term: Hashable {
      var node: Int
      var left: Span
    }

    struct Owner: Hashable {
      var generation: UInt64
      var node: Int
      var run: UInt32
    }
  }

  package var world: World {
    World(
      instants: bounds.instants, tries: bounds.tries, crashes: bounds.crashes, handOvers: bounds.handOvers,
      releases: bounds.releases, doubles: bounds.doubles, lateLooks: bounds.lateLooks)
  }

  package func judge(
    _ cause: Cause<PaxosMessage, Deed>, of node: Int?, _ notes: [Note], in world: inout World
  ) -> Verdict {
    switch cause {
    case .deed(.instant):
      // Each node's step is none of the world's business then.
      guard node == nil else { break }
      world.instants -= 1
      world.terms = world.terms.map { World.Term(node: $0.node, left: $0.left - Self.instant) }
        .filter { $0.left > .zero }
    case .deed(.crash), .broken: world.crashes -= 1
    case .deed(.handOver): world.handOvers -= 1
    case .deed(.release): world.releases -= 1
    case .double: world.doubles -= 1
    case .deed(.ask): world.lateLooks -= 1
    case .deed, .message, .loss: break
    }
    world.tries -= notes.count { if case .tries = $0 { true } else { false } }
    guard world.isWithinBounds else { return .outside }
    guard let node else { return .fine }
    for note in notes {
      switch note {
      case .tries: break
      case .forgets: world.terms.removeAll { $0.node == node }
      case .gives:
        world.terms.removeAll { $0.node == node }
        if world.last.node == node { world.given = world.last.generation }
      case .owns(let generation, let left, let run, let isInherited):
        if let wrong = judge(node, generation, run, isInherited, in: &world) { return .wrong(wrong) }
        if let other = world.terms.first(where: { $0.node != node }) {
          let left = other.left.nanoseconds / 1_000_000
          return .wrong("NoOverlap: n\(node) owns it, and n\(other.node) does for \(left) ms")
        }
        world.terms = left > .zero ? [World.Term(node: node, left: left)] : []
      }
    }
    return .fine
  }

  /// Generations grow; each has one owner, and of each owner's processes one, once it doesn't go on by what it has inherited.
  private func judge(
    _ node: Int, _ generation: UInt64, _ run: UInt32, _ isInherited: Bool, in world: inout World
  ) -> String? {
    let last = world.last
    let who = "n\(node) owns it by generation \(generation)"
    if generation < last.generation { return "GenerationMonotone: \(who) after n\(last.node) by \(last.generation)" }
    if generation == last.generation, node != last.node {
      return "OneOwnerPerGeneration: \(who), as n\(last.node) does"
    }
    if generation <= world.given { return "GivenUpForGood: \(who), by which it was given up" }
    guard !isInherited else { return nil }
    if generation == last.generation, run != last.run { return "OneOwnerPerGeneration: \(who), as a process before it" }
    world.last = World.Owner(generation: generation, node: node, run: run)
    return nil
  }

  /// What a node may say is on its disk: what is wrong with it, if anything.
  func judge(_ message: PaxosMessage, having disk: PaxosSlot) -> String? {
    switch message {
    case .promise(let generation, let ballot, let accepted):
      if (disk.generation, disk.promised) < (generation, ballot) { return "\(message) is said with \(disk)" }
      // What it has accepted since isn't the promise's to tell.
      let before = disk.generation == generation ? disk.accepted.flatMap { $0.ballot < ballot ? $0 : nil } : nil
      return before != nil && accepted == nil ? "\(message) is said with \(disk)" : nil
    case .accepted(let generation, let ballot):
      let isThere =
        disk.generation > generation
        || disk.generation == generation && disk.accepted.map { $0.ballot >= ballot } == true
      return isThere ? nil : "\(message) is said with \(disk)"
    default: return nil
    }
  }
}
