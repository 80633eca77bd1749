import Testing

@testable import Agreement

/// How far a table's primary says that the others are.
@Suite struct LagTests {
  /// Two nodes and what they have said to each other that hasn't arrived.
  private struct Pair {
    let names = [NodeName("lb1"), NodeName("lb2")]
    var nodes: [Replication]
    var due: [(ReplicaMessage, from: Int)] = []
    var now = Moment.start

    init() {
      nodes = [Replication(others: [names[1]]), Replication(others: [names[0]])]
    }

    var lags: [Lag] { nodes[0].lags }

    mutating func step(_ node: Int, _ input: Replication.Input) {
      var effects: [Replication.Effect] = []
      nodes[node].step(input, at: now, into: &effects)
      for case .send(let message, _) in effects { due.append((message, from: node)) }
    }

    /// Lets all arrive that is said, and what comes of it, over a while.
    mutating func settle() {
      for _ in 0..<10 {
        now = now + .milliseconds(25)
        step(0, .tick)
        while !due.isEmpty {
          let (message, node) = due.removeFirst()
          step(1 - node, .message(message, from: names[node]))
        }
      }
    }

    mutating func update(_ client: UInt64) {
      step(0, .update(StuckUpdate(ClientKey(pool: 1, high: 0, low: client), backend: 7)))
    }
  }

  @Test func whoLacksAllIsToldApartFromWhoIsBehind() {
    var pair = Pair()
    #expect(pair.lags.isEmpty)
    pair.step(0, .lead(generation: 1))
    // It hasn't been heard.
    #expect(pair.lags == [Lag(pair.names[1], updates: nil)])
    pair.settle()
    #expect(pair.lags == [Lag(pair.names[1], updates: 0)])
    for client in 1...3 { pair.update(UInt64(client)) }
    #expect(pair.lags == [Lag(pair.names[1], updates: 3)])
    // What is on its way isn't there yet.
    pair.now = pair.now + .milliseconds(25)
    pair.step(0, .tick)
    #expect(pair.due.count == 1 && pair.lags == [Lag(pair.names[1], updates: 3)])
    pair.settle()
    #expect(pair.lags == [Lag(pair.names[1], updates: 0)] && pair.nodes[1].table.count == 3)
    // A backup knows nothing of the others.
    #expect(pair.nodes[1].lags.isEmpty)
    pair.step(0, .resign)
    #expect(pair.lags.isEmpty)
  }
}
