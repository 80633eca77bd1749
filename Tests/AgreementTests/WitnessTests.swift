import Testing

@testable import Agreement

/// A node that votes and serves nobody, in a pair's fleet: what it does, and what others don't wait for.
@Suite struct WitnessTests {
  /// Three nodes whose messages and disks take no time.
  private struct Net {
    var nodes: [NodeName: FleetNode] = [:]
    var away: Set<NodeName> = []
    var now = Moment.start + .seconds(1)
    var owns: [NodeName: UInt64] = [:]
    var work: [NodeName: [String]] = [:]
    var answers: [FleetAnswer] = []
    private var written: [NodeName: UInt64] = [:]
    private var slots: [NodeName: UInt64] = [:]

    init() {
      for participant in [Sample.n0, Sample.n1, Sample.n2] {
        let plan = FleetPlan(
          me: participant.node, nodes: [Sample.n0.node, Sample.n1.node, Sample.n2.node], witnesses: [Sample.n2.node],
          addresses: [.init(name: "web", lease: Lease(term: .seconds(2)))], engine: .embedded(EmbeddedLog.Timing()))
        nodes[participant.node] = FleetNode(plan, memory: FleetMemory(incarnation: participant.incarnation, run: 1))
      }
    }

    mutating func step(_ name: NodeName, _ input: FleetNode.Input) {
      var inputs: [(NodeName, FleetNode.Input)] = [(name, input)]
      while !inputs.isEmpty {
        let (name, input) = inputs.removeFirst()
        guard nodes[name] != nil, !away.contains(name) else { continue }
        var effects: [FleetNode.Effect] = []
        nodes[name]?.step(input, at: now, into: &effects)
        for effect in effects {
          switch effect {
          case .send(let message, let to): inputs.append((to, .message(message, from: name)))
          case .persist:
            written[name, default: 0] += 1
            inputs.append((name, .persisted(written[name] ?? 0)))
          case .persistSlot(let address, _):
            slots[name, default: 0] += 1
            inputs.append((name, .persistedSlot(address: address, slots[name] ?? 0)))
          case .rollout(let effect):
            work[name, default: []].append("\(effect)")
            switch effect {
            case .prepare(let target, _): inputs.append((name, .rollout(.prepared(origin: target.origin, .yes))))
            case .activate(let target, _): inputs.append((name, .rollout(.activated(origin: target.origin))))
            default: break
            }
          case .own(_, let generation, _): owns[name] = generation
          case .drop(let address, _):
            owns[name] = nil
            inputs.append((name, .dropped(address: address)))
          case .answer(_, let answer): answers.append(answer)
          default: break
          }
        }
      }
    }

    mutating func run(_ span: Int64) {
      for _ in 0..<span / 20 {
        now = now + .milliseconds(20)
        for name in nodes.keys.sorted() { step(name, .tick) }
      }
    }

    mutating func ask(_ name: NodeName, _ request: FleetRequest) -> FleetAnswer? {
      answers = []
      step(name, .request(request, number: 1))
      run(1_000)
      return answers.first
    }

    static func wish(_ token: UInt64, canary: NodeName? = nil) -> FleetRequest {
      .rollout(
        FleetRequest.Wish(
          text: [UInt8(token)], digest: Digest(token, 0, 0, 0), absence: .isRefusal,
          canary: canary.map { Proposal.Canary($0, soak: .seconds(1)) }, author: "ann"))
    }
  }

  private let witness = Sample.n2.node

  @Test func itVotesAndHasNoPartInRolloutsOrAddresses() throws {
    var net = Net()
    net.run(3_000)
    #expect(net.nodes[witness]?.log.embedded?.isLive == true && net.nodes[witness]?.isVoter == true)
    #expect(net.ask(Sample.n0.node, Net.wish(1)) == .said(position: 4, .began))
    for name in [Sample.n0.node, Sample.n1.node] {
      #expect(net.nodes[name]?.rollouts.served == 4 && net.nodes[name]?.tables.count == 1)
    }
    let state = try #require(net.nodes[witness]?.state)
    #expect(state.committed.generation == 1 && state.last?.votes.map(\.participant) == [Sample.n0, Sample.n1])
    net.run(4_000)
    #expect(net.owns.count == 1 && net.owns[witness] == nil)
    #expect(net.work[witness] == nil && net.nodes[witness]?.tables.isEmpty == true)
    for name in net.nodes.keys { #expect(net.nodes[name]?.candidates(for: 0, at: net.now).contains(witness) == false) }

    // Nobody can give it what it can't have.
    let owner = try #require(net.owns.keys.first)
    net.step(owner, .move(address: 0, to: witness))
    net.run(1_000)
    #expect(net.owns[owner] != nil)
    #expect(net.ask(owner, Net.wish(2, canary: witness)) == .pointless("n2 is a witness, and serves nobody"))
  }

  @Test func withItEitherOfAPairGoesOnAlone() throws {
    var net = Net()
    net.run(3_000)
    _ = net.ask(Sample.n0.node, Net.wish(1))
    net.run(4_000)
    let owner = try #require(net.owns.keys.first)
    let other = owner == Sample.n0.node ? Sample.n1.node : Sample.n0.node
    net.away = [owner]
    net.owns = [:]
    net.run(8_000)
    #expect(net.owns[other] != nil && net.owns[witness] == nil)
    guard case .said(_, .taken)? = net.ask(other, .set(key: "k", value: [1])) else {
      Issue.record("\(net.answers)")
      return
    }
    // The pair without it is more than half as well.
    net.away = []
    net.run(3_000)
    net.away = [witness]
    net.run(5_000)
    guard case .said(_, .began)? = net.ask(other, Net.wish(3)) else {
      Issue.record("\(net.answers)")
      return
    }
    #expect(net.nodes[owner]?.state.committed.generation == 2)
  }
}
