import Balancing
import Config
import Libevent
import Logging
import Testing

@testable import Control
@testable import Model

/// The one place where changes take effect.
@Suite("Changes take effect")
struct ChangeApplicationTests {
  private let loop = EventLoop()

  private func configuration(_ weight: Int) throws -> Configuration {
    try Configuration.parse(
      """
      { listeners: [{ name: 'main', bind: ':0' }],
        pools: [{ name: 'web', health: { type: 'none' }, backends: [{ address: '10.0.0.1:80', weight: \(weight) }] }] }
      """)
  }

  private func controller() throws -> Controller {
    let first = try configuration(1)
    let controller = Controller(
      first, book: OverrideBook(), workforce: Workforce(count: 1), on: loop,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    controller.start(with: first)
    return controller
  }

  private func weight(_ controller: Controller) -> Weight? { controller.pools[0].members.first?.weight }

  @Test("a configuration does as it was prepared, once, under its number alone, and not once it's aborted")
  func configuration() throws {
    let controller = try controller()
    func apply(_ rollout: Int) { controller.apply(Change(.configuration(rollout: rollout), by: "ann")) }
    controller.prepare(controller.stage(try configuration(2)), as: 5)
    #expect(weight(controller) == 1)
    apply(4)
    #expect(weight(controller) == 1)
    controller.abort(4)
    apply(5)
    #expect(weight(controller) == 2)
    controller.prepare(controller.stage(try configuration(3)), as: 6)
    controller.abort(6)
    apply(6)
    #expect(weight(controller) == 2)
    controller.prepare(controller.stage(try configuration(4)), as: 7)
    apply(7)
    controller.apply(Change(.configuration(rollout: 7), by: "ann"))
    #expect(weight(controller) == 4)
    controller.stop()
  }

  @Test("overrides that hold no more because of a change are given, and those of another process don't undo newer ones")
  func overrides() throws {
    let controller = try controller()
    func lease(_ term: Lease.Term, by author: String, at milliseconds: Int) -> Lease {
      Lease(
        pool: "web", endpoint: "10.0.0.1:80", term: term, author: author, since: Timestamp(milliseconds: milliseconds))
    }
    let (first, second) = (lease(.weight(2), by: "ann", at: 1), lease(.weight(3), by: "bob", at: 2))
    #expect(controller.apply(Change(.override(first), by: "ann")).isEmpty)
    #expect(controller.apply(Change(.override(second), by: "bob")) == [first])
    #expect(weight(controller) == 3)
    #expect(controller.apply(Change(.overrides(.init(taken: [first])), by: "process 1")).isEmpty)
    #expect(weight(controller) == 3)
    let taken = Change(.takeBack(pool: "web", endpoints: ["10.0.0.1:80"], about: .weight), by: "ann")
    #expect(controller.apply(taken) == [second])
    #expect(weight(controller) == 1)
    #expect(controller.transitions.ring.last?.reason.contains("taken back by ann") == true)
    controller.stop()
  }
}
