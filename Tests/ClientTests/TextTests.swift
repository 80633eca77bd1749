import Config
import Testing

@testable import Client
@testable import Model
@testable import Text

/// What commands print, to the letter.
@Suite struct TextTests {
  @Test("status shows the process, its pools, overrides and evictions")
  func status() {
    #expect(StatusText.render(.sample) == Golden.status)
  }

  @Test("from 80% of a limit on there's a warning", arguments: [(79, false), (80, true), (120, true)])
  func nearLimit(_ used: Int, _ isWarned: Bool) {
    var report = Report.sample
    report.headroom.limiting = Report.Resource("descriptors", used: used, limit: 100)
    let text = StatusText.render(report)
    #expect(text.contains("descriptors \(used) of 100 (\(used)%)"))
    #expect(text.contains("WARNING") == isWarned)
    #expect(StatusText.render(report, coloured: true).contains("\u{1B}[33mnearest limit") == isWarned)
  }

  @Test("status says first what is wrong, in the words of every other text, and nothing twice")
  func concerns() {
    var report = Report.sample
    report.concerns = []
    #expect(StatusText.render(report).contains("\n\nnothing is wrong\n\n"))
    let down = Report.Concern(
      .critical, .pool, "pool web", "down", because: "a\u{202E}b", since: .noon(-5), pool: "web")
    let next = Report.Concern(.notice, .upgrade, "upgrade", "under way", because: "", until: .noon(9))
    report.concerns = [down, next]
    let table = """
      wrong now
        SEVERITY  WHERE     WHAT  FOR  ENDS IN  WHY
        critical  pool web  down  5 s        -  a\\u{202e}b

      """
    #expect(StatusText.render(report).contains("\n\n\(table)\n"))
    #expect(StatusText.render(report, coloured: true).contains("  \u{1B}[31mcritical\u{1B}[0m  pool web"))
    #expect(StatsText.render(report).contains("  notice    upgrade   under way  "))
    report.concerns = Array(repeating: down, count: 30) + Array(repeating: next, count: 30)
    let text = ConcernText.section(report)
    #expect(text.split(separator: "\n").count == 33 && text.hasSuffix("  and 30 more\n"))
  }

  @Test("status of a process of which there is little to say")
  func bare() {
    var report = Report.sample
    report.listeners = []
    report.pools = []
    report.overrides = []
    report.evictions = []
    report.predecessor = nil
    report.configuration = .init(file: nil, since: .noon(-5), confirmUntil: nil, lastReload: nil)
    #expect(
      StatusText.render(report) == """
        martlet        1.2.3, pid 4711, up 1d02h
        configuration  generation 4, for 5 s
        sessions       200 of 480, 99000 begun; 99011 clients accepted, 10 refused
        nearest limit  sessions 200 of 480 (42%)

        """)
  }

  @Test("status tells what a configuration waits for, and the way back that is due")
  func waiting() {
    var report = Report.sample
    report.configuration = .init(
      file: "/etc/m.json", source: "/etc/m.json", since: .noon(-5), confirmUntil: .noon(-1),
      revert: .init(reason: "it wasn't confirmed in time", problem: "no address", nextTry: .noon(4)),
      lastReload: "refused: no name", waiting: "SIGHUP", nextTry: .noon(2))
    let text = StatusText.render(report)
    #expect(
      text.contains(
        """
        configuration  generation 4 of /etc/m.json, for 5 s
        last reload    refused: no name; tried again in 2 s
        to be read     /etc/m.json, as soon as it may be (SIGHUP)
        to confirm     going back (it wasn't confirmed in time); refused: no address; tried again in 4 s: \
        `martlet confirm` keeps what runs
        """))
    #expect(!text.contains("at a restart"))
  }

  @Test("overrides are told with their authors, ends and reasons")
  func overrides() {
    #expect(OverridesText.render(Samples.overrides, now: .noon) == Golden.overrides)
    #expect(OverridesText.render(Samples.overrides, now: .noon(-5)).contains("uid 1000     0 s    never\n"))
    #expect(
      OverridesText.render(.init(overrides: []), now: .noon)
        == "no overrides: everything is as the configuration says\n")
  }

  @Test("sessions are told, and whether there are more")
  func sessions() {
    #expect(SessionsText.render(Samples.sessions) == Golden.sessions)
    var all = Samples.sessions
    all.total = 2
    #expect(SessionsText.render(all).hasSuffix("\n\n2 sessions\n"))
    #expect(SessionsText.render(.init(total: 0, sessions: [])) == "no session matches\n")
  }

  @Test("ended sessions are told with their causes")
  func recent() {
    #expect(SessionsText.render(Samples.recent) == Golden.recent)
    #expect(SessionsText.render(.init(sessions: [])) == "no session has ended yet\n")
  }

  @Test("what is closed is told by number and pace")
  func closing() {
    let texts = [(0, 100), (1, 100), (12, nil)].map { SessionsText.render(.init(matching: $0, perSecond: $1)) }
    #expect(
      texts == [
        "no session matches\n", "1 session to be closed, at most 100 a second, each when its bytes pause\n",
        "12 sessions closed at once\n",
      ])
    #expect(SessionsText.question(2, now: false) == "Close 2 sessions? [y/N] ")
    #expect(SessionsText.question(2, now: true) == "Close 2 sessions at once, amid their bytes? [y/N] ")
  }

  @Test("a rebalance is told by its shares")
  func rebalance() {
    #expect(SessionsText.render(Samples.rebalance) == Golden.rebalance)
    var even = Samples.rebalance
    even.shares[0].excess = 0
    #expect(SessionsText.render(even).hasSuffix("\npool web is in balance: nothing to do\n"))
    even.shares = []
    #expect(SessionsText.render(even) == "pool web has no eligible backend: nothing to rebalance\n")
  }

  @Test("a decision is told by its sentence, its candidates and its hints")
  func why() {
    #expect(DecisionText.render(Samples.why) == Golden.why)
    var bare = Samples.why
    bare.client = nil
    bare.backends = []
    bare.position = ""
    bare.next = []
    bare.hints = []
    bare.sentence = "Nobody can serve it."
    #expect(DecisionText.render(bare) == "pool web, round-robin\nNobody can serve it.\n\n")
  }

  @Test("changes of state are told with their causes")
  func history() {
    #expect(DecisionText.render(Samples.history) == Golden.history)
    #expect(DecisionText.render(Samples.history, coloured: true).contains("\u{1B}[1;31mdown\u{1B}[0m"))
    #expect(DecisionText.render(.init(transitions: [])) == "no state has changed yet\n")
  }

  @Test("a plan is told by its changes and what they touch")
  func plan() {
    #expect(ReloadText.render(Samples.plan) == Golden.plan)
    #expect(ReloadText.render(Samples.noPlan) == "none: nothing would change\n")
    var refused = Samples.noPlan
    refused.obstacles = ["pool web would have no eligible backend"]
    #expect(
      ReloadText.render(refused) == """
        refused: a reload would be refused as it is

        obstacles
          pool web would have no eligible backend

        """)
    var additive = Samples.noPlan
    additive.severity = .additive
    additive.added = ["web/b3"]
    #expect(
      ReloadText.render(additive) == """
        additive: no session would notice

        blast radius
          backends added    web/b3
          sessions          none is affected

        """)
  }

  @Test("what other nodes say of a plan is told in a line each, but for what is otherwise there")
  func planOfNodes() {
    var plan = Samples.noPlan
    (plan.severity, plan.changes) = (.additive, ["+ backend web/b3"])
    var other = plan
    (other.severity, other.draining) = (.disruptive, 2)
    var refusing = Samples.noPlan
    (refusing.obstacles, refusing.changes) = (["listener two: address already in use"], ["+ listener two"])
    plan.nodes = [
      .init(node: "lb2", plan: other), .init(node: "lb3", problem: .init("it can't be reached")),
    ]
    #expect(plan.worstSeverity == .disruptive && !plan.isRefused && plan.affected == 2)
    #expect(
      ReloadText.render(plan) == """
        disruptive: sessions would be affected

        changes
          + backend web/b3

        blast radius
          sessions          none is affected

        on other nodes
          lb2: disruptive, 2 sessions to finish within their limit
          lb3: it can't be reached

        """)
    plan.nodes = [.init(node: "lb2", plan: refusing)]
    #expect(plan.isRefused)
    #expect(
      ReloadText.render(plan).hasSuffix(
        """
        on other nodes
          lb2: refused: listener two: address already in use; it would change
            + listener two

        """))
    plan.nodes = [.init(node: "lb2", problem: .init("line 3", kind: .configuration))]
    #expect(plan.isRefused && ReloadText.render(plan).hasPrefix("refused: another node"))
  }

  @Test("a reload is told by its changes, and until when to confirm it")
  func reload() {
    #expect(ReloadText.render(Samples.reloaded, now: .noon) == Golden.reloaded)
    var nothing = Samples.reloaded
    nothing.changes = []
    #expect(ReloadText.render(nothing, now: .noon) == "nothing has changed: generation 5 goes on\n")
  }

  @Test("an upgrade is told by who serves now, and what is left of the old process")
  func upgrade() {
    #expect(
      ReloadText.render(Samples.upgraded, now: .noon) == """
        pid 4712 serves now, version 1.3.0
        the old process has 12 sessions left, which may go on for 1h00m

        """)
    var idle = Samples.upgraded
    idle.draining = 0
    #expect(ReloadText.render(idle, now: .noon).hasSuffix("the old process has no session left\n"))
  }

  @Test("what a terminal would obey is shown, not sent, wherever it comes from")
  func printable() {
    let evil = "\u{1B}[2J\u{9B}\r\u{2028}\u{2029}\u{202E}\u{E000}"
    var report = Report.sample
    report.version = evil
    report.pools[0].name = evil
    report.pools[0].backends[0].reason = evil
    report.configuration.file = evil
    report.overrides[0].reason = evil
    report.evictions[0].what = evil
    report.headroom.limiting.name = evil
    var (why, plan, reloaded, upgraded) = (Samples.why, Samples.plan, Samples.reloaded, Samples.upgraded)
    why.sentence = evil
    why.hints = [evil]
    why.position = evil
    plan.changes = [evil]
    plan.added = [evil]
    reloaded.changes = [evil]
    upgraded.version = evil
    for text in [
      StatusText.render(report), DecisionText.render(why), ReloadText.render(plan),
      ReloadText.render(reloaded, now: .noon), ReloadText.render(upgraded, now: .noon),
      ShortText.render(.init(message: evil, warnings: [])), ShortText.warnings([evil]),
      DoorError.refused(.init(evil, hint: evil, details: [evil]), status: 400).text,
    ] {
      #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.isPrintable }, "\(text)")
    }
  }
}
