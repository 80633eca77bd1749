import Balancing
import Config
import Libevent
import Logging
import Proxy
import Sockets
import Testing

@testable import Changes
@testable import Control
@testable import Model

/// A configuration that is prepared, and decided about later.
@Suite("A prepared change")
struct PreparedTests {
  private let loop = EventLoop()
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// Reloads of a process without workers, for which nothing is done later: it's decided when it's decided.
  private final class Stage {
    let controller: Controller
    let changes: ChangeQueue
    var reloads: Reloads?
    var prepared: Prepared?
    var outcome: Reload.Outcome?
    var committed = 0

    init(_ text: String, on loop: EventLoop, logger: Logger) throws {
      let configuration = try Configuration.parse(text)
      controller = Controller(
        configuration, book: OverrideBook(), workforce: Workforce(count: 1), on: loop, logger: logger)
      controller.start(with: configuration)
      changes = ChangeQueue(on: loop, logger: logger)
      reloads = Reloads(file: nil, filesAsRead: FileSnapshot(), changes: changes, on: loop, logger: logger) {
        [unowned self, controller] rollout in
        Reload.Parts(
          loop: loop, controller: controller, listeners: ListenerSet([], workers: 0), participants: [],
          limits: Limits(for: configuration, descriptors: 20_000),
          reserveStats: { (_) throws(StartError) in throw StartError("there is none", hint: "ask for none") },
          rollout: rollout
        ) { [unowned self] _, _ in committed += 1 }
      }
    }

    func prepare(_ text: String) {
      reloads?.reload(.text(text, name: "next"), by: "ann", prepared: { [unowned self] in prepared = $0 }) {
        [unowned self] in outcome = $0
      }
    }
  }

  private func text(_ backends: String) -> String {
    """
    { listeners: [{ name: 'main', bind: '127.0.0.1:0', pool: 'web' }],
      pools: [{ name: 'web', health: { type: 'none' }, backends: [\(backends)] }] }
    """
  }

  private func stage() throws -> Stage { try Stage(text("'10.0.0.1:80'"), on: loop, logger: logger) }

  @Test("nothing has changed before it's decided; what is set meanwhile holds with it")
  func committed() throws {
    let stage = try stage()
    stage.prepare(text("'10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80'"))
    #expect(stage.outcome == nil && stage.committed == 0)
    #expect(stage.controller.pools[0].members.map(\.address) == ["10.0.0.1:80"])
    #expect(stage.changes.gate.underWay == .reload)
    // Other changes have to wait for it, overrides don't.
    #expect(stage.changes.obstacle(to: .reload) != nil && stage.changes.obstacle(to: .override) == nil)
    let lease = Lease(pool: "web", endpoint: "10.0.0.2:80", term: .drain, author: "bob", since: .now)
    stage.controller.apply(Change(.override(lease), by: "bob"))
    stage.prepared?.commit()
    guard case .committed(let answer)? = stage.outcome else {
      Issue.record("it isn't committed")
      return
    }
    #expect(answer.generation == 2 && stage.committed == 1)
    let members = stage.controller.pools[0].members
    #expect(members.map(\.address) == ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"])
    #expect(members.map { $0.isEligible(at: .now) } == [true, false, true])
    #expect(stage.changes.gate.underWay == nil)
    stage.prepared?.abort(AdminAnswer.Problem("too late"))
    #expect(stage.controller.pools[0].members.count == 3 && stage.reloads?.history.generation == 2)
    stage.controller.stop()
  }

  @Test("aborted, or dropped undecided, everything is as before and its author hears why", arguments: [true, false])
  func aborted(_ isSaid: Bool) throws {
    let stage = try stage()
    stage.prepare(text("'10.0.0.9:80'"))
    if isSaid { stage.prepared?.abort(AdminAnswer.Problem("node b can't")) }
    stage.prepared = nil
    guard case .refused(let problem, _)? = stage.outcome else {
      Issue.record("it isn't refused")
      return
    }
    #expect(problem.error == (isSaid ? "node b can't" : "nobody has decided for it"))
    #expect(stage.controller.pools[0].members.map(\.address) == ["10.0.0.1:80"])
    #expect(stage.reloads?.history.generation == 1 && stage.committed == 0)
    #expect(stage.changes.gate.underWay == nil)
    // The next one isn't hindered by it.
    stage.prepare(text("'10.0.0.9:80'"))
    stage.prepared?.commit()
    #expect(stage.controller.pools[0].members.map(\.address) == ["10.0.0.9:80"])
    stage.controller.stop()
  }

  @Test("the process's end doesn't wait for a decision, and one that comes later does nothing")
  func stopped() throws {
    let stage = try stage()
    stage.changes.interrupt = { [unowned stage] _ in stage.reloads?.abandon() }
    stage.prepare(text("'10.0.0.9:80'"))
    var isStopping = false
    stage.changes.ask(.stop, by: "a signal") { _ in isStopping = true }
    #expect(isStopping)
    guard case .refused(let problem, _)? = stage.outcome else {
      Issue.record("it isn't refused")
      return
    }
    #expect(problem.error == "the process is about to end")
    let tables = stage.controller.tables.count
    stage.prepared?.commit()
    #expect(stage.controller.pools[0].members.map(\.address) == ["10.0.0.1:80"])
    #expect(stage.committed == 0 && stage.controller.tables.count == tables)
    stage.controller.stop()
  }
}
