import Balancing
import Config
import Libevent
import Sockets
import Support
import SystemPackage
import Testing

@testable import Health

/// Accepts nothing; connections wait in the kernel, where they can be counted.
private final class Waiting {
  let socket: Socket
  let address: SocketAddress

  init() throws {
    socket = try Socket(for: .ipv4(0x7F00_0001, port: 0))
    try socket.bind(to: .ipv4(0x7F00_0001, port: 0))
    try socket.listen(backlog: 128)
    address = try socket.localAddress()
  }

  deinit {
    socket.close()
  }

  /// How many connections have come since the last time.
  func count() -> Int {
    var count = 0
    while case .client(let client, _) = socket.accept() {
      count += 1
      client.close()
    }
    return count
  }
}

private let ping = script("PING", expect: "PONG")

extension HealthChecker {
  fileprivate convenience init(
    _ check: HealthCheck, _ address: SocketAddress, timeout: Duration = .seconds(2), first: Duration = .zero,
    on loop: EventLoop, evaluate: @escaping (ProbeOutcome) -> Duration
  ) {
    self.init(
      at: address, timeout: timeout, firstDelay: first, on: loop,
      task: { () throws(Obstacle) in
        guard let task = ProbeTask(check, host: "x") else { throw Obstacle("there's nothing to do") }
        return task
      }, evaluate: { outcome, _ in evaluate(outcome) })
  }
}

@Suite struct HealthCheckerTests {
  @Test("the first check waits for its time, and each further one for as long as the outcome is worth")
  func rhythm() throws {
    let waiting = try Waiting()
    var outcomes = 0
    let began = MonotonicClock.now()
    var times: [Duration] = []
    runLoop { loop, done in
      let checker = HealthChecker(.tcp, waiting.address, first: .milliseconds(60), on: loop) { outcome in
        #expect(outcome.passed == "connected")
        times.append(.nanoseconds(Int64(MonotonicClock.now() - began)))
        outcomes += 1
        if outcomes == 3 { done() }
        return outcomes == 1 ? .milliseconds(120) : .zero
      }
      let next = checker.nextIn ?? .zero
      #expect(next > .milliseconds(30) && next <= .milliseconds(60))
      return checker
    }
    try #require(times.count == 3)
    #expect(times[0] >= .milliseconds(55))
    #expect(times[1] - times[0] >= .milliseconds(115))
    #expect(times[2] - times[1] < .milliseconds(115))
  }

  @Test("there are never two checks at once, however often one is asked for")
  func oneAtATime() throws {
    let waiting = try Waiting()
    var outcomes = 0
    runLoop { loop, done in
      let checker = HealthChecker(ping, waiting.address, timeout: .milliseconds(60), first: .seconds(60), on: loop) {
        _ in
        outcomes += 1
        if outcomes == 2 { done() }
        return .milliseconds(1)
      }
      let impatient = Timer(on: loop) {}
      let nag = Timer(on: loop) { [unowned impatient] in
        for _ in 0..<10 { checker.checkNow() }
        #expect(checker.nextIn == .zero)
        impatient.schedule(after: .zero)
      }
      let again = Timer(on: loop) { for _ in 0..<10 { checker.checkNow() } }
      nag.schedule(after: .milliseconds(10))
      again.schedule(after: .milliseconds(30))
      return (checker, impatient, nag, again)
    }
    #expect(outcomes == 2)
    #expect(waiting.count() == 2)
  }

  @Test("checks that are asked for again and again keep a distance")
  func spacing() throws {
    let waiting = try Waiting()
    var outcomes = 0
    runLoop { loop, done in
      let checker = HealthChecker(.tcp, waiting.address, first: .seconds(60), on: loop) { _ in
        outcomes += 1
        return .seconds(60)
      }
      let nag = Timer(on: loop) {}
      let end = Timer(on: loop) { done() }
      let nagging = Timer(on: loop) { [unowned nag] in
        checker.checkNow(spacing: .milliseconds(400))
        nag.schedule(after: .milliseconds(1))
      }
      nagging.schedule(after: .zero)
      end.schedule(after: .milliseconds(1_000))
      return (checker, nag, end, nagging)
    }
    #expect((1...3).contains(outcomes))
  }

  @Test("a check that is asked for comes at once, and the rhythm goes on from there")
  func checkNow() throws {
    let waiting = try Waiting()
    runLoop { loop, done in
      let checker = HealthChecker(.tcp, waiting.address, first: .seconds(60), on: loop) { _ in
        done()
        return .seconds(30)
      }
      checker.checkNow()
      return checker
    }
    var checker: HealthChecker?
    var last: ProbeOutcome?
    runLoop { loop, done in
      let end = Timer(on: loop) { done() }
      checker = HealthChecker(.tcp, waiting.address, first: .seconds(60), on: loop) { outcome in
        last = outcome
        end.schedule(after: .zero)
        return .seconds(30)
      }
      checker?.checkNow()
      return end
    }
    let next = try #require(checker?.nextIn)
    #expect(next > .seconds(28) && next <= .seconds(30))
    #expect(last?.passed == "connected")
  }

  @Test("a checker that is stopped says nothing more, whether it waits, checks or was just told the outcome")
  func stop() throws {
    let waiting = try Waiting()
    var outcomes: [String] = []
    runLoop { loop, done in
      var told: HealthChecker?
      let end = Timer(on: loop) {
        told = nil
        done()
      }
      end.schedule(after: .milliseconds(150))
      let idle = HealthChecker(.tcp, waiting.address, first: .milliseconds(20), on: loop) { _ in
        outcomes.append("idle")
        return .zero
      }
      idle.stop()
      let busy = HealthChecker(ping, waiting.address, timeout: .milliseconds(60), on: loop) { _ in
        outcomes.append("busy")
        return .zero
      }
      busy.checkNow()
      let later = Timer(on: loop) {
        busy.stop()
        busy.checkNow()
        idle.checkNow()
      }
      later.schedule(after: .milliseconds(20))
      told = HealthChecker(.tcp, waiting.address, on: loop) { _ in
        outcomes.append("told")
        told?.stop()
        return .zero
      }
      return (end, idle, busy, later)
    }
    #expect(outcomes == ["told"])
  }

  @Test("a checker that is dropped checks no more and leaves its connection")
  func drop() throws {
    let waiting = try Waiting()
    weak var gone: HealthChecker?
    runLoop { loop, done in
      var checker: HealthChecker? = HealthChecker(ping, waiting.address, on: loop) { _ in
        Issue.record("an outcome without a checker")
        return .zero
      }
      checker?.checkNow()
      gone = checker
      let drop = Timer(on: loop) { checker = nil }
      drop.schedule(after: .milliseconds(20))
      let end = Timer(on: loop) { done() }
      end.schedule(after: .milliseconds(60))
      return (drop, end)
    }
    #expect(gone == nil)
    guard case .client(let client, _) = waiting.socket.accept() else {
      Issue.record("no check was under way")
      return
    }
    var buffer = [UInt8](repeating: 0, count: 16)
    var end = client.receive(into: &buffer)
    if case .bytes = end { end = client.receive(into: &buffer) }
    #expect(end == .failed(.connectionReset))
    client.close()
  }

  @Test("a check that can't be made is told as this side's lack, and made again when that's due")
  func obstacle() throws {
    let waiting = try Waiting()
    var outcomes: [ProbeOutcome] = []
    runLoop { loop, done in
      HealthChecker(.none, waiting.address, on: loop) { outcome in
        outcomes.append(outcome)
        if outcomes.count == 2 { done() }
        return .milliseconds(1)
      }
    }
    #expect(outcomes.map(\.failed) == Array(repeating: "local-resource: not checked: there's nothing to do", count: 2))
    #expect(waiting.count() == 0)
  }

  @Test(
    "errors of connecting are told apart by whose fault they are",
    arguments: [
      (Errno.connectionRefused, ProbeFailure.Kind.refused), (.noSuchFileOrDirectory, .refused),
      (.resourceTemporarilyUnavailable, .localResource), (.connectionReset, .reset), (.timedOut, .timeout),
      (.noRouteToHost, .unreachable), (.networkUnreachable, .unreachable), (.networkDown, .unreachable),
      (.permissionDenied, .localResource), (.notPermitted, .localResource), (.tooManyOpenFiles, .localResource),
      (.noMemory, .localResource),
      (.tooManyOpenFilesInSystem, .localResource), (.noBufferSpace, .localResource),
      (.addressNotAvailable, .localResource),
    ])
  func errors(_ error: Errno, _ kind: ProbeFailure.Kind) {
    #expect(ProbeFailure.connecting(error, isTCP: true).0 == kind)
    #expect(!ProbeFailure.connecting(error, isTCP: true).1.isEmpty)
  }

  @Test("what a Unix socket's own file and backlog say is the backend's")
  func unixErrors() {
    #expect(ProbeFailure.connecting(.resourceTemporarilyUnavailable, isTCP: false).0 == .refused)
    #expect(ProbeFailure.connecting(.permissionDenied, isTCP: false).0 == .unreachable)
    #expect(ProbeFailure.connecting(.noMemory, isTCP: false).0 == .localResource)
  }
}
