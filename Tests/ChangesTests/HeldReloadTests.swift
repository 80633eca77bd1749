import Config
import Libevent
import Logging
import Proxy
import Sockets
import Support
import Testing

@testable import Changes
@testable import Control
@testable import Model

/// A change that is held, with a worker that has prepared it and serves meanwhile.
@Suite("A held change of a process that serves")
struct HeldReloadTests {
  private let loop = EventLoop()
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func configuration(_ backends: [TestServer]) throws -> Configuration {
    let addresses = backends.map { "'\($0.address)'" }.joined(separator: ", ")
    return try Configuration.parse(
      """
      { workers: 1, listeners: [{ name: 'main', bind: '127.0.0.1:0', pool: 'web' }],
        pools: [{ name: 'web', health: { type: 'none' }, backends: [\(addresses)] }] }
      """)
  }

  @Test("clients go by what was set while it was held, from the first one after the decision")
  func overrides() throws {
    let servers = try (0..<2).map { _ in try TestServer(at: AddressFamily.ipv4.freshAddress()) }
    let first = try configuration([servers[0]])
    let workforce = Workforce(count: 1)
    let controller = Controller(first, book: OverrideBook(), workforce: workforce, on: loop, logger: logger)
    controller.start(with: first)
    let status = ListenerStatus(name: "main", workers: 1)
    let binding = try Binding(first.listeners[0], at: first.listeners[0].bind.first, workers: 1)
    let listeners = ListenerSet([BoundListener(first.listeners[0], status: status, bindings: [binding])], workers: 1)
    let limits = Limits(descriptors: 1000, fixed: 0)
    let participant = WorkerParticipant(0, of: workforce)
    let events = Mailbox<WorkerEvent>()
    let receiver = events.receive(on: loop) { event in
      switch event {
      case .prepared(_, let rollout, let problem): participant.prepared(rollout: rollout, problem: problem)
      case .committed(_, let rollout): participant.committed(rollout: rollout)
      case .aborted(_, let rollout): participant.aborted(rollout: rollout)
      default: break
      }
    }
    workforce.start(
      listening: [binding.sockets[0].map { ListeningSocket(status: status, socket: $0) }],
      table: controller.makeTable(), control: events, limits: limits)
    defer {
      workforce.post(.stop)
      workforce.join()
      controller.stop()
    }
    let parts = Reload.Parts(
      loop: loop, controller: controller, listeners: listeners, participants: [participant], limits: limits,
      reserveStats: { (_) throws(StartError) in throw StartError("there is none", hint: "ask for none") }, rollout: 1
    ) { _, _ in }

    var held: Prepared?
    var outcome: Reload.Outcome?
    let limit = Timer(on: loop) { [loop] in loop.stop() }
    limit.schedule(after: .seconds(10))
    let reload = Reload(to: try configuration(servers), with: parts, by: "test", isForced: false) { [loop] prepared in
      held = prepared
      loop.stop()
    } done: { [loop] in
      outcome = $0
      loop.stop()
    }
    let start = Timer(on: loop) { reload.start() }
    start.schedule(after: .zero)
    loop.run()
    let prepared = try #require(held)

    // The worker goes on meanwhile, by what holds now.
    let client = try Peer.connect(to: binding.address)
    try client.send("a")
    // It has looked for clients since: else those that come later may be there before what it's told is.
    #expect(try servers[0].accept().receiveText(1) == "a")
    let lease = Lease(
      pool: "web", endpoint: servers[0].address.description, term: .drain, author: "ann", since: .now)
    controller.apply(Change(.override(lease), by: "ann"))
    prepared.commit()
    // What the worker is told stands in its mailbox before any of these comes.
    let clients = try (0..<8).map { _ in try Peer.connect(to: binding.address) }
    for _ in clients { _ = try servers[1].accept() }
    #expect(servers[0].acceptIfAny(seconds: 0) == nil)
    loop.run()
    guard case .committed? = outcome else {
      Issue.record("it isn't committed")
      return
    }
    withExtendedLifetime((receiver, limit, start, reload)) {}
  }
}
