import Balancing
import Config
import Libevent
import Logging
import Sockets
import Support
import Testing

@testable import Control
@testable import Model

/// What becomes of a backend by the words of its agent.
@Suite struct AgentChecksTests {
  private let loop = EventLoop()

  private func configuration(_ keys: String = "agent: { port: 1, interval: '1h' }") throws -> Configuration {
    try Configuration.parse(
      """
      { listeners: [{ name: 'main', bind: ':0' }],
        pools: [{ name: 'web', health: { interval: '1h' }, \(keys), backends: [{ address: '127.0.0.9:9', weight: 10 }] }] }
      """)
  }

  private func controller(_ configuration: Configuration, from state: ControllerState? = nil) -> Controller {
    let controller = Controller(
      configuration, book: OverrideBook(), workforce: Workforce(count: 1), on: loop,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    if let state { controller.inherit(state) }
    controller.start(with: configuration)
    return controller
  }

  private func say(_ line: String, to controller: Controller) {
    let member = controller.pools[0].members[0]
    let before = member.agent.state
    member.agent.take(.passed(time: .zero, detail: line))
    controller.agents.heard(before, member, controller.pools[0])
  }

  @Test("an agent's words take a backend out and bring it back, beside what its checks and operators say")
  func words() throws {
    let controller = controller(try configuration())
    defer { controller.stop() }
    let member = controller.pools[0].members[0]
    func expect(_ line: String, _ state: Report.Backend.State, _ weight: Weight, _ reason: String? = nil) {
      say(line, to: controller)
      #expect(member.state == state && member.weight == weight, "\(line): \(member.state), \(member.weight)")
      if let reason { #expect(member.reason == reason) }
    }
    #expect(member.state == .unknown && member.agent.asked != nil)
    expect("50%", .unknown, 5)
    expect("drain", .draining, 5, "its agent says 50% drain")
    expect("maint", .maintenance, 5)
    #expect(member.checker == nil)
    expect("ready", .unknown, 5)
    #expect(member.checker != nil)
    expect("0%", .draining, 0, "its agent says 0% ready")
    #expect(member.checker == nil)
    expect("100% down #disk", .down, 10, "its agent says 100% ready down: disk")
    #expect(!member.isEligible(at: .now))
    expect("nonsense", .down, 10)
    // It's back, and starts with a small share, as after a check that passes again.
    expect("up", .warming, 10)
    #expect(controller.transitions.ring.last?.cause == .agent)
    // What an operator sets holds as it is.
    controller.apply(
      Change(
        .override(Lease(pool: "web", endpoint: "127.0.0.9:9", term: .weight(4), author: "ann", since: .now)), by: "ann")
    )
    expect("10%", .warming, 4)
    controller.apply(
      Change(
        .override(Lease(pool: "web", endpoint: "127.0.0.9:9", term: .drain, author: "ann", since: .now)), by: "ann"))
    expect("ready up", .draining, 4)
    #expect(member.reason.contains("ann"))
  }

  @Test(
    "an agent that isn't reached changes nothing, and what it has said goes along to another process and over a reload")
  func kept() throws {
    let first = controller(try configuration())
    say("30% drain", to: first)
    let member = first.pools[0].members[0]
    member.agent.take(.failed(.init(.refused, detail: "connection refused", time: .zero)))
    #expect(member.agent.state.words == "30% drain" && member.agent.trouble == "connection refused")
    let state = first.state
    first.stop()
    let second = controller(try configuration(), from: state)
    defer { second.stop() }
    #expect(second.pools[0].members[0].state == .draining && second.pools[0].members[0].weight == 3)
    func reload(_ keys: String) throws {
      second.prepare(second.stage(try configuration(keys)), as: 9)
      second.apply(Change(.configuration(rollout: 9), by: "ann"))
    }
    try reload("agent: { port: 1, interval: '30m' }")
    #expect(second.pools[0].members[0].weight == 3)
    // Another agent hasn't said anything yet; without one nothing holds.
    try reload("agent: { port: 2, interval: '30m' }")
    #expect(second.pools[0].members[0].weight == 10 && second.pools[0].members[0].agent.asked?.port == 2)
    say("30%", to: second)
    // Who was away and is back is asked again, and has said what it said.
    let (pool, returning) = (second.pools[0], second.pools[0].members[0])
    second.agents.stop(returning)
    second.agents.follow(returning, in: pool)
    #expect(returning.agent.checker != nil && returning.weight == 3)
    try reload("slowStart: '0s'")
    #expect(second.pools[0].members[0].weight == 10 && second.pools[0].members[0].agent.asked == nil)
  }

  @Test("whom an agent kept out is checked again once nobody asks it, here and in another process")
  func withoutAgent() throws {
    let first = controller(try configuration())
    say("maint", to: first)
    let member = first.pools[0].members[0]
    #expect(member.checker == nil && member.state == .maintenance)
    let state = first.state
    first.prepare(first.stage(try configuration("slowStart: '0s'")), as: 9)
    first.apply(Change(.configuration(rollout: 9), by: "ann"))
    #expect(member.checker != nil && member.state == .unknown)
    first.stop()
    let second = controller(try configuration("slowStart: '0s'"), from: state)
    defer { second.stop() }
    #expect(second.pools[0].members[0].checker != nil && second.pools[0].members[0].state == .unknown)
    // Nor does what it said count as another one's words.
    let third = controller(try configuration("agent: { port: 2, interval: '1h' }"), from: state)
    defer { third.stop() }
    #expect(third.pools[0].members[0].state == .unknown)
  }
}
