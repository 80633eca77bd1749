import Config
import FoundationEssentials
import Libevent
import Logging
import Proxy
import Sockets
import Testing

@testable import Service
@testable import Doors
@testable import Changes
@testable import Control
@testable import Model

@Suite("What was counted is told")
struct CountsTellerTests {
  private let loop = EventLoop()

  private func configuration(_ backends: Int) throws -> Configuration {
    let listed = (0..<backends).map { "'10.0.\($0 / 250).\($0 % 250 + 1):80'" }
    return try Configuration.parse(
      """
      { listeners: [{ name: 'main', bind: ':0', pool: 'a' }],
        pools: [{ name: 'a', health: { type: 'none' }, backends: [\(listed.joined(separator: ", "))] }] }
      """)
  }

  private func controller(_ backends: Int) throws -> Controller {
    let configuration = try configuration(backends)
    let controller = Controller(
      configuration, book: OverrideBook(), workforce: Workforce(count: 1), on: loop,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    controller.start(with: configuration)
    return controller
  }

  private func use(_ controller: Controller, _ indices: some Sequence<Int>) {
    for index in indices {
      let counters = controller.pools[0].members[index].backend.counters[0]
      counters.attempts.add()
      counters.connectTime.record(nanoseconds: 1_000_000)
      counters.sessions.add()
    }
  }

  /// All parts of a round, as they are after their way to another process.
  private func round(_ teller: CountsTeller) throws -> [CountsHandover] {
    teller.beginRound()
    var parts: [CountsHandover] = []
    repeat {
      let draining = HandoverMessage.Draining(sessions: 1, deadline: .now, counts: teller.part())
      let bytes = HandoverMessage.draining(draining).bytes(counts: teller.form)
      guard case .draining(let news)? = HandoverMessage(bytes) else { throw ChannelError.malformed }
      parts.append(news.counts)
    } while !teller.isDone
    return parts
  }

  private func told(_ parts: [CountsHandover]) -> Int {
    parts.reduce(0) { $0 + ($1.backends["a"]?.count ?? 0) }
  }

  @Test("at first everything, then only what has changed, and never more at a time than both loops have time for")
  func parts() throws {
    let backends = 3 * CountsTeller.most
    let controller = try controller(backends)
    use(controller, 0..<backends)
    let teller = CountsTeller(controller, ListenerSet([], workers: 1))
    let heir = try self.controller(backends)
    heir.heritage.take(teller.everything())
    #expect(heir.pools[0].sums == controller.pools[0].sums)
    #expect(told(try round(teller)) == 0, "nothing has changed")
    use(controller, [1, backends - 1])
    let few = try round(teller)
    #expect(told(few) == 2 && few.count == 1)
    for part in few { heir.heritage.take(part) }
    #expect(heir.pools[0].sums == controller.pools[0].sums)
    use(controller, 0..<backends)
    let all = try round(teller)
    #expect(told(all) == backends)
    #expect(all.allSatisfy { told([$0]) <= CountsTeller.most })
    for part in all { heir.heritage.take(part) }
    let (ours, theirs) = (controller.pools[0], heir.pools[0])
    #expect(theirs.sums == ours.sums && theirs.active == backends * 2 + 2)
    let areSame = zip(ours.members, theirs.members).allSatisfy { own, other in
      theirs.counts(of: other).sparse == ours.counts(of: own).sparse
    }
    #expect(areSame)
    controller.stop()
    heir.stop()
  }

  @Test("who leaves is one of those that are gone from then on, in one message with them")
  func leaving() throws {
    let controller = try controller(3)
    use(controller, 0..<3)
    let teller = CountsTeller(controller, ListenerSet([], workers: 1))
    let heir = try self.controller(3)
    heir.heritage.take(teller.everything())
    controller.start(with: try configuration(2))
    for part in try round(teller) {
      heir.heritage.take(part)
      #expect(heir.pools[0].sums.sessions == 3)
    }
    #expect(heir.heritage["a"].gone.sessions == 1)
    controller.stop()
    heir.stop()
  }

  @Test("one that reads no short form is told everything when it serves, and always the sum of those that are gone")
  func whole() throws {
    /// As the versions read it that know nothing else.
    struct Counts: Decodable {
      struct Distribution: Decodable { let counts: [Int], total, largest: Int }
      struct Backend: Decodable {
        let attempts, retries, sessions, bytesToBackend, bytesToClient: Int
        let failures, closes: [String: Int]
        let connectTime, sessionTime: Distribution
      }
      let listeners: [String: ListenerCounts]
      let pools: [String: PoolCounts]
      let backends: [String: [String: Backend]]
      let gone: [String: Backend]
    }
    struct Message: Decodable {
      struct Draining: Decodable { let sessions: Int, deadline: Timestamp, counts: Counts }
      let draining: Draining
    }
    let controller = try controller(2)
    use(controller, [0])
    let teller = CountsTeller(controller, ListenerSet([], workers: 1))
    _ = teller.everything()
    controller.start(with: try configuration(1))
    controller.pools[0].leaving[0].backend.counters[0].sessions.add()
    teller.forget(for: .whole)
    func message(_ counts: CountsHandover) throws -> Counts {
      let draining = HandoverMessage.Draining(sessions: 1, deadline: .now, counts: counts)
      let data = Data(HandoverMessage.draining(draining).bytes(counts: teller.form))
      let message: Message = try JSONDecoder().decode(Message.self, from: data)
      return message.draining.counts
    }
    teller.beginRound()
    let first = try message(teller.part())
    let backend = try #require(first.backends["a"]?["10.0.0.1:80 10.0.0.1:80"])
    #expect(backend.sessions == 1 && backend.connectTime.counts.count == 304 && backend.sessionTime.counts.isEmpty)
    #expect(first.gone["a"]?.sessions == 1)
    teller.beginRound()
    let second = try message(teller.part())
    #expect(second.backends.isEmpty && second.gone["a"]?.sessions == 1)
    #expect(try message(teller.nothing).gone["a"]?.sessions == 1)
    controller.stop()
  }

  @Test("a process says in which form it reads what was counted, and one that says nothing reads the whole form")
  func forms() {
    func form(_ text: String) -> CountsForm? {
      if case .ready(_, _, let form)? = HandoverMessage(Array(text.utf8)) { form } else { nil }
    }
    #expect(form(#"{"ready":{"version":"1","pid":2}}"#) == .whole)
    #expect(form(#"{"ready":{"version":"1","pid":2,"counts":"short"}}"#) == .short)
    #expect(form(#"{"ready":{"version":"1","pid":2,"counts":"of a later version"}}"#) == .whole)
    #expect(form(String(decoding: HandoverMessage.ready(version: "1", pid: 2).bytes, as: UTF8.self)) == .short)
  }

  @Test(
    "the process before is there from the start until it's gone, whether it has said anything or not",
    arguments: [2, 0])
  func predecessor(_ words: Int) throws {
    let (ours, theirs) = try DescriptorChannel.pair()
    var events: [String] = []
    let predecessor = Predecessor(1, version: "0", heir: "1", over: ours, on: loop) { _ in
      events.append("took")
    } told: { _ in
      events.append("told")
    } changed: { _ in
    } remembered: { _ in
    } stuck: { _ in
    } gone: { [loop] in
      events.append("gone")
      loop.stop()
    }
    #expect(predecessor.isThere && predecessor.report == nil)
    let draining = HandoverMessage.Draining(sessions: 1, deadline: .now, counts: CountsHandover())
    for _ in 0..<words { try theirs.send(HandoverMessage.draining(draining).bytes, limit: .seconds(5)) }
    let timer = Timer(on: loop) {
      #expect(predecessor.isThere && predecessor.report?.sessions == (words > 0 ? 1 : nil))
      theirs.close()
    }
    timer.schedule(after: .milliseconds(100))
    let limit = Timer(on: loop) { [loop] in loop.stop() }
    limit.schedule(after: .seconds(10))
    loop.run()
    // Whoever waits for its leave to be the node of a fleet doesn't wait for ever.
    #expect(events == ["took"] + (0..<words).map { _ in "told" } + ["gone"])
    #expect(!predecessor.isThere)
  }
}
