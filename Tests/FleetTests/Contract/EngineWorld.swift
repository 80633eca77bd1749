import Agreement
import Libevent
import Sockets
import Testing

@testable import Fleet

/// Nodes of a fleet at one store that is empty at first, on a clock that stands still unless the case moves it.
///
/// Whatever a case is about, it's judged all the time: all nodes have the same log, and nobody owns what another one owns.
final class EngineWorld {
  /// What can be owned.
  static let names = ["web", "db"]
  static let lease = Lease(term: .seconds(4))

  private(set) var now = Moment.start + .seconds(100)
  private(set) var nodes: [EngineNode] = []
  /// Clients of the store, which the nodes share by turns.
  let clients: [StoreAsker]

  private let loop: EventLoop
  private var underWay = 0
  private var isSettling = false
  private var log: [UInt64: Entry] = [:]
  private var generations: [String: [UInt64: Participant]] = [:]

  /// The mistake that all nodes make on purpose, if any.
  private let mutants: Mutants

  init(_ clients: [StoreAsker], making mutant: Mutant? = nil) {
    mutants = Mutants(mutant)
    self.clients = clients
    loop = clients[0].loop
    for (index, client) in clients.enumerated() {
      client.store.onHint = { [unowned self] key in
        for (place, node) in nodes.enumerated() where place % clients.count == index { node.hint(key) }
      }
      client.store.watch(Set([.head] + Self.names.map(StoreKey.owner)))
    }
  }

  /// A process of a node; the next one by this name is its next start.
  ///
  /// - Parameter entries: how many entries there may be before a snapshot stands for them.
  func node(
    _ name: String, incarnation: UInt64 = 1, peers: [String] = [], keeping entries: UInt64 = 1_000
  ) -> EngineNode {
    let me = Participant(NodeName(name), Incarnation(bits: incarnation))
    let run = UInt32(nodes.count { $0.me == me } + 1)
    var timing = StoreLog.Timing()
    timing.entries = entries
    let node = EngineNode(
      me, run: run, peers: peers.map(NodeName.init), timing: timing, mutants: mutants,
      on: clients[nodes.count % clients.count].store, in: self)
    nodes.append(node)
    return node
  }

  /// Several that have joined, one at each client.
  func members(_ names: String..., keeping entries: UInt64 = 1_000) -> [EngineNode] {
    let nodes = names.map { name in node(name, peers: names.filter { $0 != name }, keeping: entries) }
    for node in nodes { node.append(.join) }
    #expect(pass(.seconds(5)) { nodes.allSatisfy { $0.entries.count == nodes.count } })
    return nodes
  }

  // MARK: Time

  /// Waits until nobody waits for an answer, while the clock stands still.
  func settle() {
    guard underWay > 0 else { return }
    isSettling = true
    var isOver = false
    let limit = Timer(on: loop) { [loop] in
      isOver = true
      loop.stop()
    }
    limit.schedule(after: .seconds(30))
    // Who is told of something in the same turn may ask once more.
    while underWay > 0, !isOver { loop.run() }
    isSettling = false
    #expect(underWay == 0, "the store answers")
  }

  /// Lets time go by, in which everybody does what he wants to, up to a moment at which it is so; whether it came to that.
  @discardableResult
  func pass(_ span: Span, until isSo: () -> Bool = { false }) -> Bool {
    let end = now + span
    settle()
    while !isSo() {
      guard now < end else { return false }
      let next = nodes.filter(\.isRunning).map(\.wakesAt).min() ?? .never
      // A millisecond at least, as an answer takes one.
      now = min(max(next, now + .milliseconds(1)), end)
      for node in nodes where node.wakesAt <= now || now == end { node.tick() }
      settle()
    }
    return true
  }

  /// Whether all nodes that run come to know so many entries.
  func allHear(_ count: Int, within span: Span = .seconds(30)) -> Bool {
    pass(span) { nodes.allSatisfy { !$0.isRunning || $0.state.position == UInt64(count) } }
  }

  // MARK: What nodes ask for

  func ask(_ store: any Store, _ request: StoreRequest, then: @escaping (StoreReply) -> Void) {
    underWay += 1
    store.perform(request) { [unowned self] reply in
      then(reply)
      underWay -= 1
      if underWay == 0, isSettling { loop.stop() }
    }
  }

  func send(from sender: EngineNode, to name: NodeName, _ deliver: (EngineNode, NodeName) -> Void) {
    guard !sender.isCutOff, let node = nodes.last(where: { $0.me.node == name && $0.isRunning }), !node.isCutOff else {
      return
    }
    deliver(node, sender.me.node)
  }

  // MARK: What is judged

  func note(_ entry: Entry, at position: UInt64) {
    if let known = log[position] { #expect(known == entry, "two entries at \(position)") }
    log[position] = entry
    #expect(!log.contains { $0.key != position && $0.value.id == entry.id }, "\(entry.id) is there twice")
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
