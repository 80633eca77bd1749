import Testing

@testable import Agreement

/// Nodes that agree by themselves, whose files name other leases: what is waited for is the end of the longest that somebody counts on.
@Suite struct TermTests {
  private let n0 = NodeName("n0")
  private let n1 = NodeName("n1")
  private let n2 = NodeName("n2")

  /// A node begins with a file that names a lease of this term, or no address.
  private func begin(_ name: NodeName, _ term: Span?, in net: inout RestorationNet) {
    net.files[name] = term.map { [FleetPlan.Address(name: "web", lease: Lease(term: $0))] } ?? []
    net.end(name)
    net.start(name)
    net.run(3_000)
  }

  /// For how long former voters would be asked.
  private func quiet(_ net: RestorationNet) -> [NodeName: Span] {
    net.nodes.compactMapValues { $0.log.embedded?.zab?.value.timing.quiet }
  }

  @Test(arguments: [nil, .quietForOnesOwnTerm] as [Mutant?])
  func formerVotersAreAskedForAsLongAsAnybodyCountsOnSomething(_ mutant: Mutant?) throws {
    var net = RestorationNet.running(3, mutant)
    let own = Lease.quiet(after: [RestorationNet.lease])
    #expect(quiet(net) == [n0: own, n1: own, n2: own])
    begin(n2, .seconds(9), in: &net)
    let longest = mutant == nil ? Lease.quiet(after: [Lease(term: .seconds(9))]) : own
    #expect(quiet(net)[n0] == longest && quiet(net)[n1] == longest)
    // One whose file names no address, which may lead all the same.
    begin(n0, nil, in: &net)
    #expect(quiet(net)[n0] == (mutant == nil ? longest : .seconds(1)))
  }

  /// It has promised it itself, or heard of it.
  @Test(arguments: [false, true]) func whoGoesOnAloneWaitsForTheLongestLease(isOwners: Bool) throws {
    var net = RestorationNet.running()
    let owner = try #require(net.owns.keys.first)
    let others = net.names.filter { $0 != owner }
    begin(isOwners ? owner : others[0], .seconds(9), in: &net)
    if isOwners { net.run(30_000) }
    let left = others[1]
    let promised: Span = isOwners ? .seconds(9) : RestorationNet.lease.term
    #expect(net.owns.count == 1 && net.memories[left]?.embedded.slots["web"]?.term == promised)
    let lost = net.names.filter { $0 != left }
    for name in lost { net.end(name) }
    net.run(5_000)
    guard case .restored? = net.restore(left, without: lost) else {
      Issue.record("\(net.answers)")
      return
    }
    #expect(net.memories[left]?.embedded.slots["web"]?.term == .seconds(9))
  }
}
