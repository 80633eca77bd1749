import Testing

@testable import Agreement

/// What a process leaves to the one that takes its place.
@Suite struct InheritanceTests {
  @Test("all addresses that were left to a process are its own, not the first alone", arguments: 1...4)
  func allOfThem(count: Int) {
    let names = [Sample.n0.node, Sample.n1.node]
    var node = FleetNode(
      FleetPlan(
        me: Sample.n0.node, nodes: names,
        addresses: (0..<count).map { FleetPlan.Address(name: "a\($0)", lease: Lease(term: .seconds(4))) }),
      memory: FleetMemory(incarnation: Sample.n0.incarnation, run: 2))
    let now = Moment.start + .seconds(100)
    var effects: [FleetNode.Effect] = []
    for index in 0..<count {
      node.step(
        .inherited(address: index, generation: 3, until: now + .seconds(2), roster: nil), at: now, into: &effects)
    }
    #expect(node.owners.allSatisfy { $0.owns(at: now + .seconds(1)) })
    #expect(effects.count { if case .own = $0 { true } else { false } } == count)
  }
}
