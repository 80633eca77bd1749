import Balancing
import Config
import Glibc
import Libevent
import Logging
import Sockets
import Support
import Testing

@testable import Service
@testable import Proxy
@testable import Changes
@testable import Control
@testable import Doors
@testable import Model

/// What the control loop does at once, with as many backends as a large proxy has: health checks wait meanwhile. The limits
/// are for debug builds on slow machines, some ten times what it takes; what grows with the square is far beyond them.
@Suite("Thousands of backends", .serialized)
struct ManyBackendsTests {
  private static let backends = 4000
  /// A pool has at most 1024.
  private static let pools = 4
  private static let leases = 500
  /// Of the processor's time: what else the machine has to do doesn't count.
  private static let limit: Int64 = Programs.sanitizer == nil ? 2500 : 25_000

  private let loop = EventLoop()
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func configuration(weight: Int = 1) throws -> Configuration {
    let pools = (0..<Self.pools).map { pool in
      let backends = (0..<Self.backends / Self.pools).map {
        "{ address: '\(address($0 * Self.pools + pool))', weight: \(weight) }"
      }
      return "{ name: '\(pool)', health: { type: 'none' }, backends: [\(backends.joined(separator: ", "))] }"
    }
    return try Configuration.parse(
      "{ listeners: [{ name: 'main', bind: ':0', pool: '0' }], pools: [\(pools.joined(separator: ", "))] }")
  }

  private func address(_ index: Int) -> String { "10.1.\(index / 250).\(index % 250 + 1):80" }

  /// Leases of all kinds, on backends all over the pools.
  private func book(until: Timestamp? = nil) -> OverrideBook {
    let terms: [Lease.Term] = [.drain, .weight(2), .remove, .maintain]
    var book = OverrideBook()
    for index in 0..<Self.leases {
      book.take(
        Lease(
          pool: "\(index % Self.pools)", endpoint: address(index), term: terms[index / Self.pools % terms.count],
          author: "ann", reason: nil, since: .now, until: until))
    }
    return book
  }

  private func controller(_ configuration: Configuration, _ book: OverrideBook) -> Controller {
    Controller(configuration, book: book, workforce: Workforce(count: 2), on: loop, logger: logger)
  }

  private func timed<Result>(
    _ what: String, at place: SourceLocation = #_sourceLocation, _ body: () throws -> Result
  ) rethrows -> Result {
    let began = processorTime()
    let result = try body()
    let milliseconds = (processorTime() - began) / 1_000_000
    #expect(milliseconds < Self.limit, "\(what)", sourceLocation: place)
    return result
  }

  /// What this thread has used of the processor, in nanoseconds.
  private func processorTime() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  @Test("with hundreds of leases are reloaded and reported in no time, and so is it when all leases end at once")
  func leases() throws {
    let (first, second) = (try configuration(), try configuration(weight: 2))
    let leases = timed("leases") { book(until: .now) }
    let controller = controller(first, leases)
    let removed = leases.count(.remove)
    timed("the start") { controller.start(with: first) }
    #expect(controller.pools.flatMap(\.members).count { $0.service?.term == .drain } == leases.count(.drain))
    let stage = timed("what a reload needs") { controller.stage(second) }
    let table = timed("its table") { controller.preview(stage) }
    #expect(table.routes["main"]?.pool?.backends.count == (Self.backends - removed) / Self.pools)
    timed("its commit") {
      controller.prepare(stage, as: 1)
      controller.apply(Change(.configuration(rollout: 1), by: "test"))
    }
    #expect(timed("what leases are about") { controller.missing(in: second) }.allSatisfy { $0 == nil })

    let reloads = Reloads(
      file: nil, filesAsRead: FileSnapshot(), changes: ChangeQueue(on: loop, logger: logger), on: loop, logger: logger
    ) { _ in preconditionFailure("nothing is reloaded") }
    let reporter = Reporter(
      controller: controller, listeners: ListenerSet([], workers: 2), reloads: reloads,
      limits: Limits(for: second, descriptors: 20_000),
      version: "1")
    let report = timed("a report") { reporter.report() }
    #expect(report.pools.map(\.backends.count).reduce(0, +) == Self.backends - removed)
    #expect(report.overrides.map(\.missing).allSatisfy { $0 == nil } && report.overrides.count == Self.leases)
    #expect(report.pools[0].backends.count { $0.override != nil } == (Self.leases - removed) / Self.pools)
    let members = controller.pools.flatMap(\.members)
    _ = timed("what a confirmation looks at") { Confirmation.Baseline.sample(controller, among: members) }

    timed("the end of all leases") { controller.expireLeases() }
    #expect(controller.book.leases.isEmpty)
    #expect(controller.pools.flatMap(\.members).map(\.state).filter { $0 == .up }.count == Self.backends)
    let reasons = controller.transitions.ring.filter { $0.cause == .override }.map(\.reason)
    #expect(reasons.contains("time is over: drained by ann until \(leases.leases[0].until?.timeOfDay ?? "") UTC"))
    controller.stop()
  }

  @Test("are taken over and told of in no time, and those that are idle take no room")
  func upgrade() throws {
    let configuration = try configuration()
    let controller = controller(configuration, OverrideBook())
    controller.start(with: configuration)
    for member in controller.pools.flatMap(\.members) {
      let counters = member.backend.counters[0]
      counters.attempts.add()
      counters.connectTime.record(nanoseconds: 1_000_000)
      counters.sessions.add()
      counters.closes.add(.clientEnded)
      counters.sessionTime.record(nanoseconds: 1_000_000_000)
    }
    let teller = CountsTeller(controller, ListenerSet([], workers: 2))
    let counts = timed("all counts") { teller.everything() }
    #expect(timed("writing them") { CountsForm.short.encode(counts) }.count < 2_000_000)
    teller.beginRound()
    let idle = timed("what has changed") { teller.part() }
    #expect(idle.backends.isEmpty && teller.isDone)
    #expect(message(idle).count < 1000)
    teller.forget(for: .whole)
    teller.beginRound()
    let part = timed("a part in the long form") { message(teller.part()) }
    #expect(part.count < 500_000)
    #expect(timed("reading it") { HandoverMessage(part) } != nil)

    let heir = self.controller(configuration, OverrideBook())
    heir.inherit(controller.state)
    let stage = timed("what an heir needs") { heir.stage(configuration) }
    timed("its start") {
      heir.prepare(stage, as: 1)
      heir.apply(Change(.configuration(rollout: 1), by: "test"))
    }
    timed("taking all counts") { heir.heritage.take(counts) }
    #expect(heir.pools.map(\.sums) == controller.pools.map(\.sums))
    controller.stop()
    heir.stop()
  }

  private func message(_ counts: CountsHandover) -> [UInt8] {
    HandoverMessage.draining(.init(sessions: 1, deadline: .now, counts: counts)).bytes(counts: .whole)
  }
}

extension OverrideBook {
  fileprivate func count(_ term: Lease.Term) -> Int { leases.count { $0.term == term } }
}
