import Balancing
import Config
import Glibc
import Libevent
import Logging
import Proxy
import Sockets
import Testing

@testable import Changes
@testable import Control
@testable import Model

/// Whether a reload would leave a pool without anybody, as the reload and its plan judge.
@Suite("Who would be eligible")
struct EligibilityTests {
  private let loop = EventLoop()
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func configuration(_ backends: String, health: String = "none") throws -> Configuration {
    try Configuration.parse(
      """
      { listeners: [{ name: 'main', bind: '127.0.0.1:0', pool: 'web' }],
        pools: [{ name: 'web', health: { type: '\(health)' }, backends: [\(backends)] }] }
      """)
  }

  /// A controller that serves with a configuration and leases. It has no workers, so what is decided is done at once.
  private func controller(_ configuration: Configuration, _ leases: [Lease] = []) -> Controller {
    var book = OverrideBook()
    for lease in leases { book.take(lease) }
    let controller = Controller(
      configuration, book: book, workforce: Workforce(count: 1), on: loop, logger: logger)
    controller.start(with: configuration)
    return controller
  }

  private func parts(_ controller: Controller) -> Reload.Parts {
    Reload.Parts(
      loop: loop, controller: controller, listeners: ListenerSet([], workers: 0), participants: [],
      limits: Limits(for: controller.configuration, descriptors: 20_000),
      reserveStats: { (_) throws(StartError) in throw StartError("there is none", hint: "ask for none") }, rollout: 1
    ) { _, _ in }
  }

  private func reload(_ controller: Controller, to configuration: Configuration) -> Reload.Outcome? {
    var outcome: Reload.Outcome?
    let reload = Reload(to: configuration, with: parts(controller), by: "test", isForced: false) { outcome = $0 }
    reload.start()
    return outcome
  }

  private func obstacles(_ controller: Controller, to configuration: Configuration) -> [String] {
    Planner(parts: parts(controller), changes: ChangeQueue(on: loop, logger: logger)).plan(configuration).obstacles
  }

  private func lease(_ endpoint: String, _ term: Lease.Term) -> Lease {
    Lease(
      pool: "web", endpoint: endpoint, term: term, author: "ann", reason: nil, since: Timestamp(milliseconds: 1),
      until: nil)
  }

  private func setDown(_ index: Int, in controller: Controller) {
    let member = controller.pools[0].members[index]
    _ = member.health.observe(
      .failed(ProbeFailure(.refused, detail: "refused", time: .milliseconds(1))), at: .now)
    #expect(!member.isEligible(at: .now))
  }

  /// Both say that nobody would be left, and the reload changes nothing.
  private func expectNobody(_ controller: Controller, to configuration: Configuration) {
    #expect(obstacles(controller, to: configuration).contains { $0.contains("no backend of it would be eligible") })
    guard case .refused(let problem, _)? = reload(controller, to: configuration) else {
      Issue.record("it isn't refused")
      return
    }
    #expect(problem.error == "pool web serves now, and no backend of it would be eligible")
    controller.stop()
  }

  /// Both let it pass.
  private func expectSomebody(_ controller: Controller, to configuration: Configuration) {
    #expect(obstacles(controller, to: configuration) == [])
    guard case .committed? = reload(controller, to: configuration) else {
      Issue.record("it's refused")
      return
    }
    controller.stop()
  }

  private let two = "{ address: '10.0.0.1:80' }, { address: '10.0.0.2:80' }"

  @Test("a weight of 0 in the new configuration counts, and one in the old doesn't")
  func weights() throws {
    let down = controller(try configuration(two, health: "tcp"))
    setDown(1, in: down)
    let closing = try configuration("{ address: '10.0.0.1:80', weight: 0 }, { address: '10.0.0.2:80' }", health: "tcp")
    expectNobody(down, to: closing)
    let other = controller(try configuration("{ address: '10.0.0.1:80', weight: 0 }, { address: '10.0.0.2:80' }"))
    expectSomebody(other, to: try configuration("{ address: '10.0.0.1:80' }"))
  }

  @Test(
    "a lease on a backend that the configuration doesn't have yet counts", arguments: [Lease.Term.drain, .maintain])
  func leases(_ term: Lease.Term) throws {
    let next = try configuration("{ address: '10.0.0.9:80' }")
    let controller = controller(try configuration(two), [lease("10.0.0.9:80", term)])
    let staged = controller.stage(next).members.values.map { $0 }
    #expect(staged.map { $0.service?.term } == [term])
    #expect(staged.map { $0.isEligible(at: .now) } == [false])
    #expect(pick(4, controller.preview(controller.stage(next))) == [])
    expectNobody(controller, to: next)
  }

  @Test("health checks that are switched off bring back who was down")
  func checks() throws {
    let controller = controller(try configuration(two, health: "tcp"))
    setDown(1, in: controller)
    let next = try configuration("{ address: '10.0.0.1:80', weight: 0 }, { address: '10.0.0.2:80' }")
    #expect(pick(2, controller.preview(controller.stage(next))) == ["10.0.0.2:80", "10.0.0.2:80"])
    expectSomebody(controller, to: next)
  }

  @Test("the table of a reload has the weights of the new configuration, with the leases over them")
  func table() throws {
    let controller = controller(try configuration(two), [lease("10.0.0.2:80", .weight(2))])
    let next = try configuration("{ address: '10.0.0.1:80', weight: 5 }, { address: '10.0.0.2:80', weight: 9 }")
    let picked = pick(7, controller.preview(controller.stage(next)))
    #expect(picked.count { $0 == "10.0.0.1:80" } == 5 && picked.count == 7)
    controller.stop()
  }

  /// The backends of so many sessions.
  private func pick(_ count: Int, _ table: RoutingTable) -> [String] {
    guard let pool = table.routes["main"]?.pool else { return [] }
    var random = SplitMix64(seed: 1)
    return (0..<count).compactMap { _ in
      guard
        case .backend(let index) = pool.route.pick(
          client: nil, excluding: Exclusion(), at: 0, patience: .waits, using: &random)
      else { return nil }
      return pool.backends[index].name
    }
  }
}
