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

  @Test func whatTheLogSaysInsteadOfDoingAsItIsAskedStandsBehindIt() {
    var hindered = fleet
    hindered.log.trouble = "10.0.1.1:2379 takes no more writes"
    #expect(FleetText.line(hindered).hasSuffix(", log at 118: 10.0.1.1:2379 takes no more writes"))
    hindered.log.live = false
    #expect(
      FleetText.line(hindered).hasSuffix(", log can't be reached, known to 118: 10.0.1.1:2379 takes no more writes"))
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

  @Test func programsThatDifferAreToldOf() {
    var mixed = fleet
    mixed.forms = .init(inUse: 1, heldBackBy: ["lb2", "lb3"])
    #expect(FleetText.render(mixed).contains("\nprograms differ: form 1 is in use until lb2, lb3 are upgraded\n"))
    #expect(!FleetText.render(fleet).contains("programs differ"))
  }

  @Test("what holds on a node alone is told of it, wherever there's a word of the fleet")
  func differing() {
    var other = fleet
    (other.addresses, other.hasLeft, other.isIsolated) = (nil, nil, nil)
    other.nodes[0].own = .init(configuration: false, overrides: 2)
    other.nodes[1].present = true
    other.nodes[1].own = .init(configuration: true, overrides: 0)
    #expect(
      FleetText.render(other) == """
        node lb1 of edge: generation 7, 2 of 2 nodes are there, lb1, lb2 differ, log at 118

          NODE  STATE    GENERATION  LOG  WHY
          lb1   differs           7  118  2 overrides hold there alone
          lb2   differs           7  110  it serves a configuration of its own

        """)
    // Who is on the way to another generation isn't there yet, and who can't serve it has said why.
    other.nodes[0].own = nil
    other.nodes[1].generation = 6
    #expect(FleetText.render(other).contains("  lb2   following           6  110  it serves a"))
    other.nodes[1].outOfStep = "a port is taken"
    #expect(FleetText.render(other).contains("  lb2   out of step           6  110  a port is taken\n"))
    var report = Report.sample
    report.fleet = other
    #expect(StatusText.render(report).contains("nodes are there, lb2 differs, log at"))
    var model = TopModel(socket: "/run/a.sock", columns: 240, rows: 24)
    _ = model.handle(.report(report))
    #expect(model.lines()[2].text.contains("  fleet: 2 of 2 nodes, lb2 differs  "), "\(model.lines()[2].text)")
  }

  @Test(
    "without addresses the nodes' clients are told of, and how far the others are with those of the node that answers")
  func clients() {
    var plain = fleet
    (plain.addresses, plain.hasLeft, plain.isIsolated) = (nil, nil, nil)
    plain.nodes[0].clients = 1_200
    plain.nodes[0].followers = [.init(node: "lb2", behind: nil), .init(node: "lb3", behind: 17)]
    plain.nodes[1].clients = 31
    #expect(
      FleetText.render(plain).hasSuffix(
        """
          NODE  STATE    GENERATION  LOG  CLIENTS  BEHIND
          lb1   in step           7  118     1200  lb2 all, lb3 17
          lb2   away              7  110       31  -

        """))
    // Nobody sticks.
    (plain.nodes[0].clients, plain.nodes[1].clients) = (0, 0)
    #expect(
      FleetText.render(plain).hasSuffix(
        "  NODE  STATE    GENERATION  LOG\n  lb1   in step           7  118\n  lb2   away              7  110\n"))
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
