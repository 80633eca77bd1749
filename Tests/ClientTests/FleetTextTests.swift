import Model
import Testing

@testable import Client

/// What `martlet fleet status` prints, to the letter.
@Suite struct FleetTextTests {
  private let fleet = AdminAnswer.Fleet(
    node: "lb1", generation: 7, log: .init(live: true, position: 118, end: 118),
    nodes: [
      .init(name: "lb1", present: true, generation: 7, position: 118, outOfStep: nil),
      .init(name: "lb2", present: false, generation: 7, position: 110, outOfStep: nil),
    ], rollout: nil, last: nil,
    addresses: [
      .init(
        name: "web", address: "10.0.0.100", state: .owned, owner: "lb1", generation: 12, since: .noon(-90),
        until: .noon(3), candidates: ["lb1"], problem: nil),
      .init(
        name: "postoffice", address: "2001:db8::25", state: .nobodys, owner: nil, generation: 0, since: nil, until: nil,
        candidates: [], problem: "there is no interface eth9"),
    ], hasLeft: true, isIsolated: true)

  @Test func addressesAreShownWithOwnersAndObstacles() {
    #expect(
      FleetText.render(fleet, now: .noon(0)) == """
        node lb1: generation 7, 1 of 2 nodes are there, log at 118

        NODE  STATE       GENERATION  LOG
        lb1   in step     7           118
        lb2   away        7           110

        ADDRESS     IP            OWNER   TERM  SINCE     LEASE
        web         10.0.0.100    lb1     12    1m30s     3 s
        postoffice  2001:db8::25  nobody  0     –         –  there is no interface eth9

        lb1 owns no address until `martlet fleet join`

        lb1 sees backends down that others see up, and owns no address that they may have

        """)
  }

  @Test func withoutAddressesNothingIsSaidOfThem() {
    var bare = fleet
    (bare.addresses, bare.hasLeft, bare.isIsolated) = (nil, nil, nil)
    #expect(FleetText.render(bare).hasSuffix("lb2   away        7           110\n"))
  }
}
