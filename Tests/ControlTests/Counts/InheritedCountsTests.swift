import Balancing
import Config
import Libevent
import Logging
import Proxy
import Testing

@testable import Control
@testable import Model

@Suite("What processes before this one have counted")
struct InheritedCountsTests {
  private let loop = EventLoop()

  private func configuration(_ pools: [String: [String]]) throws -> Configuration {
    let listed = pools.sorted { $0.key < $1.key }.map { name, backends in
      "{ name: '\(name)', health: { type: 'none' }, backends: [\(backends.map { "'\($0)'" }.joined(separator: ", "))] }"
    }
    let first = pools.keys.min() ?? ""
    return try Configuration.parse(
      "{ listeners: [{ name: 'main', bind: ':0', pool: '\(first)' }], pools: [\(listed.joined(separator: ", "))] }")
  }

  private func controller(_ configuration: Configuration) -> Controller {
    let controller = Controller(
      configuration, book: OverrideBook(), workforce: Workforce(count: 1), on: loop,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    controller.start(with: configuration)
    return controller
  }

  private func counts(sessions: Int, ended: Int = 0) -> BackendCounts {
    var counts = BackendCounts()
    counts.attempts = sessions
    counts.sessions = sessions
    counts.closes = ended > 0 ? [CloseCause.clientEnded.rawValue: ended] : [:]
    return counts
  }

  /// What a process tells of one backend.
  private func news(_ pool: String, _ text: String, _ counts: BackendCounts) -> CountsHandover {
    var news = CountsHandover()
    news.backends = [pool: [text: counts]]
    news.isPartial = true
    return news
  }

  private func reload(_ controller: Controller, _ configuration: Configuration) {
    controller.start(with: configuration)
  }

  /// Runs the loop until it's so.
  private func run(until isSo: @escaping () -> Bool) {
    let began = Instant.now
    var timer: Timer?
    timer = Timer(on: loop) { [loop] in
      if isSo() || Instant.now - began > .seconds(20) { return loop.stop() }
      timer?.schedule(after: .milliseconds(20))
    }
    timer?.schedule(after: .zero)
    loop.run()
  }

  @Test("sessions of the process before end with it, also in a pool that was removed meanwhile and comes back")
  func phantoms() throws {
    let both = try configuration(["a": ["10.0.0.1:80"], "b": ["10.0.0.2:80"]])
    let controller = controller(both)
    controller.heritage.take(news("b", "10.0.0.2:80 10.0.0.2:80", counts(sessions: 7, ended: 2)))
    #expect(controller.pool("b")?.active == 5)
    reload(controller, try configuration(["a": ["10.0.0.1:80"]]))
    #expect(controller.leavingPools.map(\.active) == [5])
    run { controller.leavingPools.isEmpty }
    #expect(controller.register.former.map(\.name) == ["b"])
    // It goes on telling.
    controller.heritage.take(news("b", "10.0.0.2:80 10.0.0.2:80", counts(sessions: 9, ended: 2)))
    controller.heritage.settle()
    reload(controller, both)
    let pool = try #require(controller.pool("b"))
    #expect(pool.active == 0 && pool.sums.sessions == 9)
    #expect(pool.members.map { pool.counts(of: $0).sessions } == [9])
    controller.stop()
  }

  @Test("a backend that is told of is counted once, wherever it is here: there, leaving, gone, or never there")
  func once() throws {
    let controller = controller(try configuration(["a": ["10.0.0.1:80", "10.0.0.2:80"]]))
    let told = news("a", "name:80 10.0.0.2:80", counts(sessions: 3))
    controller.heritage.take(told)
    let pool = try #require(controller.pool("a"))
    #expect(pool.counts(of: pool.members[1]).sessions == 3 && pool.sums.sessions == 3)
    reload(controller, try configuration(["a": ["10.0.0.1:80"]]))
    controller.heritage.take(told)
    #expect(pool.leaving.count == 1 && pool.sums.sessions == 3 && pool.goneCounts.sessions == 3)
    // More leave than are remembered each for itself.
    for group in 0...2 {
      let more = (0..<300).map { "10.1.\(group).\($0 % 256):\(80 + $0 / 256)" }
      reload(controller, try configuration(["a": ["10.0.0.1:80"] + more]))
      controller.pools[0].members[1].backend.counters[0].sessions.add()
      reload(controller, try configuration(["a": ["10.0.0.1:80"]]))
      run { pool.leaving.isEmpty }
      controller.heritage.take(told)
      #expect(pool.sums.sessions == 3 + group + 1 && pool.goneCounts.sessions == 3 + group + 1)
    }
    var gone = CountsHandover()
    gone.backends = ["a": ["10.0.0.9:80 10.0.0.9:80": counts(sessions: 4)]]
    gone.gone = ["a": counts(sessions: 3)]
    gone.isPartial = true
    controller.heritage.take(gone)
    #expect(pool.sums.sessions == 3 + 3 + 4 + 3)
    // A version that tells everything each time has nothing else to tell.
    gone.isPartial = nil
    controller.heritage.take(gone)
    #expect(pool.sums.sessions == 3 + 4 + 3)
    controller.stop()
  }

  @Test("what is handed on has what was counted of pools that are gone, here and before")
  func handedOn() throws {
    let controller = controller(try configuration(["a": ["10.0.0.1:80"], "b": ["10.0.0.2:80"]]))
    controller.heritage.take(news("b", "10.0.0.2:80 10.0.0.2:80", counts(sessions: 7, ended: 7)))
    controller.heritage.take(news("x", "10.0.0.3:80 10.0.0.3:80", counts(sessions: 2, ended: 2)))
    controller.pool("b")?.members[0].backend.counters[0].sessions.add(4)
    reload(controller, try configuration(["a": ["10.0.0.1:80"]]))
    run { controller.leavingPools.isEmpty }
    let given = CountsTeller(controller, ListenerSet([], workers: 1)).everything()
    let heir = self.controller(try configuration(["a": ["10.0.0.1:80"], "b": ["10.0.0.2:80"], "x": ["10.0.0.3:80"]]))
    heir.heritage.take(given)
    #expect(heir.pool("b")?.sums.sessions == 11)
    #expect(heir.pool("x")?.sums.sessions == 2)
    controller.stop()
    heir.stop()
  }

  @Test("a listener that was renamed has what the process before tells of it, and one that takes its old name hasn't")
  func renamed() {
    func accepted(_ number: Int) -> ListenerCounts {
      var counts = ListenerCounts()
      counts.accepted = number
      return counts
    }
    var inherited = InheritedListenerCounts()
    inherited.take(["a": accepted(1), "b": accepted(10)])
    inherited.rename("a", to: "c")
    inherited.take(["a": accepted(2)])
    #expect(inherited["a"].accepted == 0 && inherited["c"].accepted == 2 && inherited["b"].accepted == 10)
    inherited.rename("c", to: "d")
    #expect(inherited["c"].accepted == 0 && inherited["d"].accepted == 2)
    #expect(inherited.names == ["b", "d"])
    inherited.settle()
    #expect(inherited["d"].active == 0 && inherited["b"].active == 0)
    inherited.rename("d", to: "a")
    #expect(inherited["a"].accepted == 2)
  }

  @Test("a backend is known by the address at the end of what another process calls it")
  func addresses() {
    let texts = [
      "10.0.0.1:80 10.0.0.1:80": "10.0.0.1:80", "name:80 [::1]:80": "[::1]:80", "unix:/a b unix:/a b": "unix:/a b",
      "alone": "alone", "": "",
    ]
    for (text, address) in texts { #expect(InheritedPool.address(in: text) == address, "\(text)") }
  }
}
