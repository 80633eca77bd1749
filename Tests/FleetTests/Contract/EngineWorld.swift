import Testing

@testable import Agreement

/// Nodes of a fleet with an engine that holds nothing at first, on a clock that stands still unless the case moves it.
///
/// Whatever a case is about, it's judged all the time: all nodes have the same log, and nobody owns what another one owns.
final class EngineWorld {
  /// What can be owned.
  static let names = ["web", "db"]
  static let lease = Lease(term: .seconds(4))

  private(set) var now = Moment.start + .seconds(100)
  private(set) var nodes: [EngineNode] = []
  let engine: any Engine
  /// The mistake that all nodes make on purpose, if any.
  let mutants: Mutants

  private var log: [UInt64: (entry: Entry, isTaken: Bool)] = [:]
  /// How many of the entries up to a position were taken up.
  private var counts: [UInt64: Int] = [0: 0]
  private var generations: [String: [UInt64: Participant]] = [:]

  init(_ engine: any Engine, making mutant: Mutant? = nil) {
    self.engine = engine
    mutants = Mutants(mutant)
  }

  /// A process of a node; the next one by this name is its next start.
  ///
  /// - Parameter entries: how many entries there may be before a snapshot stands for them.
  func node(
    _ name: String, incarnation: UInt64 = 1, peers: [String] = [], keeping entries: UInt64 = 1_000
  ) -> EngineNode {
    let me = Participant(NodeName(name), Incarnation(bits: incarnation))
    let run = UInt32(nodes.count { $0.me == me } + 1)
    let node = EngineNode(me, run: run, peers: peers.map(NodeName.init), keeping: entries, in: self)
    // Once it has its part: until then an engine may let others do what they have to first.
    _ = node.part
    nodes.append(node)
    return node
  }

  /// Several that have joined.
  func members(_ names: String..., keeping entries: UInt64 = 1_000) -> [EngineNode] {
    let nodes = names.map { name in node(name, peers: names.filter { $0 != name }, keeping: entries) }
    for node in nodes { node.append(.join) }
    #expect(pass(.seconds(5)) { nodes.allSatisfy { $0.entries.count == nodes.count } })
    return nodes
  }

  // MARK: Time

  /// Waits until nobody waits for an answer, while the clock stands still.
  func settle() {
    engine.settle()
  }

  /// Lets time go by, in which everybody does what he wants to, up to a moment at which it is so; whether it came to that.
  @discardableResult
  func pass(_ span: Span, until isSo: () -> Bool = { false }) -> Bool {
    let end = now + span
    settle()
    while !isSo() {
      guard now < end else { return false }
      let next = nodes.reduce(engine.wakesAt) { $1.isRunning ? min($0, $1.part.wakesAt) : $0 }
      // A millisecond at least, as an answer takes one.
      now = min(max(next, now + .milliseconds(1)), end)
      engine.tick(at: now)
      for node in nodes where node.isRunning && (node.part.wakesAt <= now || now == end) { node.part.tick() }
      settle()
    }
    return true
  }

  /// Whether all nodes that run come to know so many entries.
  func allHear(_ count: Int, within span: Span = .seconds(30)) -> Bool {
    pass(span) { nodes.allSatisfy { !$0.isRunning || self.count(of: $0) == count } }
  }

  /// A node that has a name, as the only one that wants it.
  func owner(_ name: String = "lb1") -> EngineNode {
    let node = node(name)
    node.stand()
    #expect(pass(.seconds(2)) { node.owns() })
    return node
  }

  /// Lets a node append so many entries of a size in bytes, and everybody learn them.
  func fill(_ node: EngineNode, _ count: Int, _ size: Int = 1) {
    for number in 1...count { node.set("k\(number % 7)", [UInt8](repeating: UInt8(number & 255), count: size)) }
    #expect(pass(.seconds(60)) { node.log.waiting == 0 && node.log.isLive(at: now) })
    // What stands for old entries is written then, and they go.
    pass(.seconds(2))
  }

  /// How many entries a node has taken up, or what it began with has.
  func count(of node: EngineNode) -> Int? {
    counts[node.state.position]
  }

  // MARK: What is judged

  func note(_ entry: Entry, at position: UInt64, isTaken: Bool) {
    if let known = log[position] {
      return #expect(known.entry == entry && known.isTaken == isTaken, "two entries at \(position)")
    }
    #expect(
      !isTaken || !log.contains { $0.value.isTaken && $0.value.entry.id == entry.id }, "\(entry.id) is there twice")
    log[position] = (entry, isTaken)
    counts[position] = counts[position - 1].map { $0 + (isTaken ? 1 : 0) }
  }

  func note(_ generation: UInt64, of name: String, by node: EngineNode) {
    let others = nodes.filter { $0 !== node && $0.me != node.me && $0.owns(name) }
    #expect(others.isEmpty, "\(node.me.node.text) owns \(name), and \(others.map(\.me.node.text)) do")
    let known = generations[name, default: [:]]
    #expect(known[generation, default: node.me] == node.me, "two owners by generation \(generation)")
    #expect(generation >= known.keys.max() ?? 0, "generation \(generation) comes again")
    generations[name, default: [:]][generation] = node.me
  }
}
