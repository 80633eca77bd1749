import Testing

@testable import Agreement

/// A fleet in which nothing is wanted: what its nodes say again and again they say at once.
@Suite struct QuietFleetTests {
  @Test(arguments: [(0, 250), (1, 250), (249, 250), (250, 500), (999, 1_000), (1_000, 1_250)] as [(Int64, Int64)])
  func whatIsDoneEverySoOftenIsDueAtMultiples(now: Int64, next: Int64) {
    #expect((Moment.start + .milliseconds(now)).next(every: .milliseconds(250)) == .start + .milliseconds(next))
  }

  /// Who leads says that as well, and each that it leads a table.
  @Test func aNodeSpeaksFourTimesASecond() {
    var net = RestorationNet(addresses: [])
    net.run(5_000)
    #expect(net.names.allSatisfy(net.isLive))
    net.spoke = [:]
    net.run(3_000)
    for name in net.names { #expect(net.spoke[name]?.count == 12, "\(name)") }
  }
}
