import Testing

@testable import Agreement

/// What somebody asks of nodes that agree by themselves, and can't have.
@Suite struct EmbeddedRequestTests {
  /// One node, whose disk is done at once and whom nobody answers.
  struct Node {
    var fleet: FleetNode
    var now = Moment.start + .seconds(1)
    var written: UInt64 = 0
    var answers: [FleetAnswer] = []

    init(knowing known: Form = .latest) {
      let name = Sample.n0.node
      self.init(
        FleetPlan(me: name, nodes: [name], addresses: [], engine: .embedded(EmbeddedLog.Timing()), knowing: known),
        FleetMemory(incarnation: Sample.n0.incarnation, run: 1))
      for _ in 0..<20 { step(.tick) }
    }

    init(_ plan: FleetPlan, _ memory: FleetMemory) { fleet = FleetNode(plan, memory: memory) }

    mutating func step(_ input: FleetNode.Input) {
      now = now + .milliseconds(100)
      var inputs = [input]
      while !inputs.isEmpty {
        var effects: [FleetNode.Effect] = []
        fleet.step(inputs.removeFirst(), at: now, into: &effects)
        for effect in effects {
          switch effect {
          case .persist:
            written += 1
            inputs.append(.persisted(written))
          case .answer(_, let answer): answers.append(answer)
          default: break
          }
        }
      }
    }

    mutating func ask(_ request: FleetRequest) -> FleetAnswer? {
      step(.request(request, number: 1))
      return answers.popLast()
    }
  }

  @Test func aConfigurationHasToGoIntoOneFrame() {
    var node = Node()
    func wish(_ count: Int) -> FleetRequest {
      .rollout(.init(text: [UInt8](repeating: 32, count: count), digest: Digest(1, 2, 3, 4), author: "ann"))
    }
    #expect(
      node.ask(wish(EmbeddedLog.largestText + 1))
        == .pointless("it has 1400001 bytes, and the embedded engine takes 1400000 at most"))
    #expect(node.ask(wish(EmbeddedLog.largestText)) == .said(position: 2, .began))
  }

  @Test func whoIsAwayOrVotesAlreadyIsNotSeated() {
    var node = Node()
    #expect(node.ask(.seat(Sample.n0.node)) == .pointless("n0 votes already"))
    #expect(node.ask(.seat(Sample.n1.node)) == .nodesAway([Sample.n1.node]))
    #expect(node.ask(.unseat(Sample.n0.node)) == .pointless("nobody else would vote"))
    #expect(node.ask(.unseat(Sample.n1.node)) == .pointless("n1 doesn't vote"))
  }

  /// It may be in the log once more, and that comes to nothing: whoever asked mustn't be told that nothing has changed.
  @Test func whoAskedBeforeASnapshotIsntToldWhatCameOfItsEntry() throws {
    var timing = EmbeddedLog.Timing()
    (timing.entries, timing.zab.kept) = (5, 0)
    var net = RestorationNet(timing: timing)
    net.run(3_000)
    let leader = try #require(net.nodes[net.names[0]]?.log.embedded?.leader)
    let others = net.names.filter { $0 != leader }
    net.answers = []
    net.deaf = others[0]
    net.step(others[0], .request(.set(key: "a", value: [1]), number: 1))
    for number: UInt8 in 0..<20 {
      net.step(others[1], .request(.set(key: "b\(number)", value: [number]), number: 2))
    }
    net.deaf = nil
    let said = net.answers.count
    net.run(3_000)
    #expect(said == 20 && net.answers.dropFirst(said) == [.passed])
    #expect(net.nodes[others[0]]?.state.overrides.count == 21)
  }

  @Test func aWishForVotersIsVoidIfThereWasAnother() throws {
    var state = FleetState()
    state.fold(Sample.entry(Sample.n0, 1, .join))
    #expect(state.fold(Sample.entry(Sample.n0, 2, .voters([Sample.n0, Sample.n1], after: 0))) == .taken)
    #expect(
      state.fold(Sample.entry(Sample.n0, 3, .voters([Sample.n0], after: 0)))
        == .void("who shall vote has changed meanwhile"))
    #expect(state.voters == FleetState.Voters(number: 1, all: [Sample.n0, Sample.n1]))
    #expect(try FleetState(encoded: state.encoded) == state)
  }
}
