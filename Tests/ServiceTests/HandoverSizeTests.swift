import Config
import Libevent
import Logging
import Sockets
import Testing

@testable import Doors
@testable import Changes
@testable import Proxy
@testable import Control
@testable import Model
@testable import Service

@Suite("What is handed over is large")
struct HandoverSizeTests {
  private let loop = EventLoop()

  private func handover(configuration: Int, counts: CountsHandover? = nil) -> Handover {
    Handover(
      version: "1", pid: 1, configuration: String(repeating: " ", count: configuration), generation: 1, listeners: [],
      hasStats: false,
      state: ControllerState(pools: [], members: [], addresses: [:], transitions: [], book: OverrideBook()),
      shortCounts: counts)
  }

  @Test("what was counted is left out where there's no room for it, and is told later")
  func withoutCounts() throws {
    var counts = CountsHandover()
    var backend = BackendCounts()
    backend.sessions = 1
    for index in 0..<4000 { counts.backends["p", default: [:]]["\(index) \(index)"] = backend }
    for (size, hasCounts) in [(1000, true), (DescriptorChannel.mostBytes - 100_000, false)] {
      let (ours, theirs) = try DescriptorChannel.pair()
      let link = ChannelLink(ours, on: loop) { _ in }
      #expect(try handover(configuration: size, counts: counts).send([], over: link) == hasCounts)
      withExtendedLifetime((link, theirs)) {}
    }
  }

  @Test("what can't be handed over at all is said, with what to do, and not that the program is missing")
  func tooLarge() throws {
    let configuration = try Configuration.parse("{ listen: [':0'], backends: ['127.0.0.1:9'] }")
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let controller = Controller(
      configuration, book: OverrideBook(), workforce: Workforce(count: 1), on: loop, logger: logger)
    var problem: AdminAnswer.Problem?
    let upgrade = Upgrade(
      Invocation(program: "/bin/cat", arguments: []), handover: handover(configuration: DescriptorChannel.mostBytes),
      counts: CountsTeller(controller, ListenerSet([], workers: 1)), sockets: [], on: loop, logger: logger,
      author: "ann"
    ) { [loop] outcome in
      if case .failed(let failure) = outcome { problem = failure }
      loop.stop()
    }
    let limit = Timer(on: loop) { [loop] in loop.stop() }
    limit.schedule(after: .seconds(20))
    loop.run()
    withExtendedLifetime(upgrade) {}
    controller.stop()
    let said = try #require(problem)
    #expect(said.error.contains("too large to be handed over") && said.error.contains("16 MiB"))
    #expect(said.hint?.contains("restart") == true)
  }
}
