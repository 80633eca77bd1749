import Libevent
import Testing

@testable import Agreement
@testable import Fleet

/// An engine on an ordered store that others run.
final class StoreEngine: Engine {
  /// Clients of the store, which the nodes share by turns.
  let clients: [StoreAsker]
  let wakesAt = Moment.never

  private var parts: [StorePart] = []
  private let loop: EventLoop
  private var underWay = 0
  private var isSettling = false

  init(_ clients: [StoreAsker]) {
    self.clients = clients
    loop = clients[0].loop
    for (index, client) in clients.enumerated() {
      client.store.onHint = { [unowned self] key in
        for (place, part) in parts.enumerated() where place % clients.count == index { part.hint(key) }
      }
      client.store.watch(Set([.head] + EngineWorld.names.map(StoreKey.owner)))
    }
  }

  func part(of node: EngineNode) -> any EnginePart {
    let part = StorePart(node, at: clients[parts.count % clients.count].store, of: self)
    parts.append(part)
    return part
  }

  /// A node's part, for what can be said of this kind of engine only.
  subscript(_ node: EngineNode) -> StorePart {
    guard let part = parts.first(where: { $0.node === node }) else { preconditionFailure("a node of another engine") }
    return part
  }

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

  func wait(until isSo: @escaping () -> Bool) -> Bool {
    clients[0].wait(until: isSo)
  }

  func tick(at now: Moment) {}

  /// What is being asked, or is next, isn't answered.
  func stumble() {
    for part in parts { part.stumbles = true }
  }

  /// How a store begins anew is its own affair; all it may cost a node is an answer.
  func beginAnew() {
    stumble()
  }

  func ask(_ store: any Store, _ request: StoreRequest, then: @escaping (StoreReply) -> Void) {
    underWay += 1
    store.perform(request) { [unowned self] reply in
      then(reply)
      underWay -= 1
      if underWay == 0, isSettling { loop.stop() }
    }
  }

  /// Says something to another node, which doesn't go by the store.
  func send(from sender: StorePart, to name: NodeName, _ deliver: (StorePart, NodeName) -> Void) {
    let receiver = parts.last { $0.node.me.node == name && $0.node.isRunning }
    guard !sender.isCutOff, let receiver, !receiver.isCutOff else { return }
    deliver(receiver, sender.node.me.node)
  }
}
