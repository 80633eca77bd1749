import Model
import Testing

@testable import Client

/// What `martlet fleet status` prints, to the letter.
@Suite struct FleetTextTests {
  private let fleet = AdminAnswer.Fleet(
    name: "edge", node: "lb1", generation: 7, log: .init(live: true, position: 118, end: 118),
    nodes: [
      .init(name: "lb1", present: true, generation: 7, position: 118, outOfStep: nil),
      .init(name: "lb2", present: false, generation: 7, position: 110, outOfStep: nil),
    ], rollout: nil, last: nil,
    addresses: [
      .init(
        name: "web", address: "10.0.0.100", state: .owned, owner: "lb1", generation: 12, since: .noon(-90),
        until: .noon(3), moves: 2, candidates: ["lb1"], problem: nil, clients: 1_200,
        followers: [.init(node: "lb2", behind: nil), .init(node: "lb3", behind: 17)]),
      .init(
        name: "postoffice", address: "2001:db8::25", state: .nobodys, owner: nil, generation: 0, since: nil, until: nil,
        candidates: [], problem: "there is no interface eth9"),
    ], hasLeft: true, isIsolated: true)

  @Test func addressesAreShownWithOwnersAndObstacles() {
    #expect(
      FleetText.render(fleet, now: .noon(0)) == """
        node lb1 of edge: generation 7, 1 of 2 nodes are there, log at 118

          NODE  STATE    GENERATION  LOG
          lb1   in step           7  118
          lb2   away              7  110

          ADDRESS     IP            OWNER   TERM    FOR  LEASE  HEIRS   CLIENTS  BEHIND           WHY
          web         10.0.0.100    lb1       12  1m30s    3 s  nobody     1200  lb2 all, lb3 17
          postoffice  2001:db8::25  nobody     0      -      -  nobody        0  -                there is no interface eth9

        lb1 owns no address until `martlet fleet join`

        lb1 sees backends down that others see up, and owns no address that they may have

        """)
  }

  @Test func withoutAddressesNothingIsSaidOfThem() {
    var bare = fleet
    (bare.addresses, bare.hasLeft, bare.isIsolated) = (nil, nil, nil)
    #expect(FleetText.render(bare).hasSuffix("  lb2   away              7  110\n"))
    // What has begun just now has been so for 0 s.
    bare.addresses = [fleet.addresses?[0]].compactMap(\.self)
    #expect(FleetText.render(bare, now: .noon(-90)).contains("  12  0 s  1m33s  "))
    // Nor of clients where nobody sticks, nor of hindrances where there are none.
    bare = fleet
    bare.addresses?.removeLast()
    bare.addresses?[0].clients = 0
    #expect(
      FleetText.render(bare, now: .noon(0)).contains(
        """
          ADDRESS  IP          OWNER  TERM    FOR  LEASE  HEIRS
          web      10.0.0.100  lb1      12  1m30s    3 s  nobody

        """))
  }

  @Test func statusAndTopTellOfAddressesToo() {
    var report = Report.sample
    report.fleet = fleet
    let status = StatusText.render(report)
    #expect(status.contains("\nfloating addresses\n  ADDRESS     IP            OWNER "), "\(status)")
    // Before the first look it isn't known that nobody has it.
    let red = "\u{1B}[31mnobody\u{1B}[0m"
    #expect(!StatusText.render(report, coloured: true).contains(red))
    report.fleet?.addresses?[1].since = .noon(-5)
    #expect(StatusText.render(report, coloured: true).contains(red))
    var model = TopModel(socket: "/run/a.sock", columns: 240, rows: 24)
    _ = model.handle(.report(report))
    let notice = model.lines()[2]
    #expect(notice.text.hasPrefix("nobody has postoffice  to confirm within 1m00s  "), "\(notice.text)")
    #expect(
      notice.text.hasSuffix(
        "  fleet: 1 of 2 nodes, has web, isolated, left  3 sessions to be closed  pid 4242 has 12 sessions left"),
      "\(notice.text)")
    #expect(notice.spans.first?.paint == .boldRed)
    report.fleet = nil
    _ = model.handle(.report(report))
    #expect(!model.lines()[2].text.contains("fleet") && !StatusText.render(report).contains("floating"))
  }
}
