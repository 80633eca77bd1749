import Testing

@testable import Agreement

/// A node that begins, and a log whose end is behind what it has stored.
@Suite struct OldLogTests {
  /// A fleet of one node, on a store that answers at once.
  private struct Node {
    var fleet: FleetNode
    var stored: FleetState.Committed
    var now = Moment.start + .seconds(1)
    var did: [Rollouts.Effect] = []

    init(run: UInt32, stored: FleetState.Committed) {
      self.stored = stored
      let name = Sample.n0.node
      fleet = FleetNode(
        FleetPlan(me: name, nodes: [name], addresses: []),
        memory: FleetMemory(incarnation: Sample.n0.incarnation, run: run, stored: stored))
    }

    mutating func step(_ input: FleetNode.Input = .tick, on shelf: StoreLogTests.Shelf) {
      var inputs = [input]
      now = now + .milliseconds(500)
      while !inputs.isEmpty {
        var effects: [FleetNode.Effect] = []
        fleet.step(inputs.removeFirst(), at: now, into: &effects)
        for effect in effects {
          switch effect {
          case .call(let call, let request): inputs.append(.reply(call, shelf.answer(request)))
          case .rollout(let effect):
            did.append(effect)
            switch effect {
            case .prepare(let target, _): inputs.append(.rollout(.prepared(origin: target.origin, .yes)))
            case .activate(let target, _):
              stored = FleetState.Committed(
                generation: target.generation, origin: target.origin, text: target.text, digest: target.digest)
              inputs.append(.rollout(.activated(origin: target.origin)))
            default: break
            }
          default: break
          }
        }
      }
    }

    mutating func wish(_ token: UInt64, on shelf: StoreLogTests.Shelf) {
      let wish = FleetRequest.Wish(text: [UInt8(token)], digest: Digest(token, 0, 0, 0), author: "root")
      step(.request(.rollout(wish), number: token), on: shelf)
      for _ in 0..<4 { step(on: shelf) }
    }
  }

  @Test func whatIsStoredIsNotGivenUpForAnOlderLog() {
    let shelf = StoreLogTests.Shelf()
    var first = Node(run: 1, stored: .none)
    for _ in 0..<4 { first.step(on: shelf) }
    first.wish(1, on: shelf)
    #expect(first.stored.generation == 1)
    let old = shelf.values
    first.wish(2, on: shelf)
    #expect(first.stored.generation == 2)
    let new = shelf.values
    // The node begins anew, and reads what was the end some time ago.
    var second = Node(run: 2, stored: first.stored)
    shelf.values = old
    for _ in 0..<4 { second.step(on: shelf) }
    #expect(second.did.isEmpty && shelf.values.count == old.count, "it neither goes back nor says anything")
    #expect(second.fleet.isBehindMemory(at: second.now) && second.fleet.state.committed.generation == 1)
    shelf.values = new
    for _ in 0..<4 { second.step(on: shelf) }
    #expect(!second.fleet.isBehindMemory(at: second.now) && second.fleet.isInformed)
    #expect(second.did.isEmpty && second.stored == first.stored)
    second.wish(3, on: shelf)
    #expect(second.stored.generation == 3)
  }
}
