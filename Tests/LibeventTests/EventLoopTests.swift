import Glibc
import Libevent
import Sockets
import Support
import Synchronization
import Testing

@Suite struct EventLoopTests {
  /// Runs a loop until the body's `done` is called, ten seconds at most; what the body makes lives as long.
  private func run(_ body: (EventLoop, _ done: @escaping () -> Void) throws -> Any) rethrows {
    let loop = EventLoop()
    let limit = Timer(on: loop) {
      loop.stop()
      Issue.record("nothing ended the loop")
    }
    limit.schedule(after: .seconds(10))
    let made = try body(loop) { loop.stop() }
    loop.run()
    withExtendedLifetime(made) {}
  }

  private final class Recorder: IOHandler {
    var seen: [Readiness] = []
    private let then: (Recorder) -> Void

    init(_ then: @escaping (Recorder) -> Void) {
      self.then = then
    }

    override func ready(_ descriptor: Int32, _ readiness: Readiness) {
      seen.append(readiness.intersection([.read, .write, .closed]))
      then(self)
    }
  }

  /// An event that can be let go while the loop runs.
  private final class Watch {
    var event: IOEvent?

    init(_ socket: Socket, on loop: EventLoop, _ trigger: Trigger, _ handler: IOHandler) {
      event = IOEvent(socket.descriptor, on: loop, trigger: trigger, handler: handler)
    }
  }

  @Test("timers fire in the order of their times, once each, and not when cancelled")
  func timers() {
    var fired: [String] = []
    run { loop, done in
      let late = Timer(on: loop) {
        fired.append("late")
        done()
      }
      let early = Timer(on: loop) { fired.append("early") }
      let cancelled = Timer(on: loop) { fired.append("cancelled") }
      let moved = Timer(on: loop) { fired.append("moved") }
      late.schedule(after: .milliseconds(120))
      early.schedule(after: .milliseconds(30))
      cancelled.schedule(after: .milliseconds(10))
      moved.schedule(after: .milliseconds(10))
      moved.schedule(after: .milliseconds(70))
      #expect(cancelled.isScheduled)
      cancelled.cancel()
      #expect(!cancelled.isScheduled)
      return [late, early, cancelled, moved]
    }
    #expect(fired == ["early", "moved", "late"])
  }

  @Test("a time that nobody lives to see is one like any other")
  func longTimes() {
    run { loop, done in
      let timers = [Duration.seconds(37_000_000_000), .seconds(Int64.max), .nanoseconds(Int64.max)].map { delay in
        let timer = Timer(on: loop) { Issue.record("a timer fired after less than \(delay)") }
        timer.schedule(after: delay)
        #expect(timer.isScheduled)
        return timer
      }
      let end = Timer(on: loop) { done() }
      end.schedule(after: .milliseconds(20))
      return (timers, end)
    }
  }

  @Test("a timer may schedule itself anew, and drop itself")
  func timerOfItself() {
    var count = 0
    var timer: Timer?
    run { loop, done in
      timer = Timer(on: loop) {
        count += 1
        if count < 3 { return timer?.schedule(after: .milliseconds(1)) ?? () }
        timer = nil
        done()
      }
      timer?.schedule(after: .zero)
      return loop
    }
    #expect(count == 3)
  }

  @Test("work left over makes the next turn come at once; without it the loop sleeps")
  func afterTurn() {
    let loop = EventLoop()
    let end = Timer(on: loop) { loop.stop() }
    end.schedule(after: .milliseconds(300))
    let start = Timer(on: loop) {}
    start.schedule(after: .zero)
    var left = 1_000
    loop.run {
      guard left > 0 else { return .wait }
      left -= 1
      return .goOn
    }
    #expect(left == 0)
    #expect((1_001...1_010).contains(loop.turn))
  }

  @Test("by level a socket is reported until it's read, by edge once for each change")
  func triggers() throws {
    let (near, far) = try Socket.pair()
    defer {
      near.close()
      far.close()
    }
    var byLevel = 0
    var byEdge: [Readiness] = []
    _ = far.send([1])
    try run { loop, done in
      let edge = Recorder { byEdge = $0.seen }
      let level = Recorder { recorder in
        byLevel = recorder.seen.count
        if byLevel == 5 { _ = far.send([2]) }
        if byLevel == 10 { done() }
      }
      let copy = try near.duplicate()
      defer { copy.close() }
      // Two loops' worth of interest in one socket: each watch has its own descriptor.
      let watches = [Watch(near, on: loop, .level, level), Watch(far, on: loop, .edge, edge)]
      return (watches, edge, level)
    }
    #expect(byLevel == 10)
    // The other end has room to write, and nothing came for it.
    #expect(byEdge == [.write])
  }

  @Test("the peer's end is reported apart from its bytes, a break as readiness for everything")
  func ends() throws {
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let near = try Peer.connect(to: server.address)
    let far = try server.accept()
    var seen: [Readiness] = []
    run { loop, done in
      let recorder = Recorder { recorder in
        seen = recorder.seen
        if seen.count == 1 { far.shutdownWrite() }
        if seen.count == 2 { far.reset() }
        if seen.count == 3 { done() }
      }
      return (Watch(near.socket, on: loop, .edge, recorder), recorder)
    }
    #expect(seen == [.write, [.read, .write, .closed], [.read, .write]])
  }

  @Test("a handler whose event is gone isn't called, even if it was about to be")
  func dropped() throws {
    let pairs = [try Socket.pair(), try Socket.pair()]
    defer {
      for (near, far) in pairs {
        near.close()
        far.close()
      }
    }
    var calls = 0
    run { loop, done in
      var watches: [Watch] = []
      let recorder = Recorder { _ in
        calls += 1
        // Both are ready in the same turn; whoever comes first takes the other's away.
        for watch in watches { watch.event = nil }
      }
      watches = pairs.map { Watch($0.0, on: loop, .level, recorder) }
      for (_, far) in pairs { _ = far.send([1]) }
      let end = Timer(on: loop, action: done)
      end.schedule(after: .milliseconds(100))
      return (watches, recorder, end)
    }
    #expect(calls == 1)
  }

  @Test("a descriptor's number may be used again in the turn in which it was closed")
  func numberUsedAgain() throws {
    let (first, far) = try Socket.pair()
    defer { far.close() }
    var heard = false
    run { loop, done in
      var watch: Watch?
      let second = Recorder { recorder in
        guard recorder.seen.last?.contains(.read) == true else { return }
        heard = true
        done()
      }
      let recorder = Recorder { _ in
        watch?.event = nil
        first.close()
        guard let (near, other) = try? Socket.pair() else { return }
        #expect(near.descriptor == first.descriptor || other.descriptor == first.descriptor)
        let (again, sender) = near.descriptor == first.descriptor ? (near, other) : (other, near)
        watch = Watch(again, on: loop, .edge, second)
        _ = sender.send([1])
      }
      watch = Watch(first, on: loop, .level, recorder)
      _ = far.send([1])
      return (recorder, second)
    }
    #expect(heard)
  }

  private final class Received: Sendable {
    let last = Atomic<Int>(0)
  }

  @Test("a mailbox wakes a sleeping loop, each time")
  func wake() {
    let mailbox = Mailbox<Int>()
    let received = Received()
    run { loop, done in
      let receiver = mailbox.receive(on: loop) { number in
        received.last.store(number, ordering: .relaxed)
        if number == 20 { done() }
      }
      _ = LoopThread(name: "sender") {
        for number in 1...20 {
          mailbox.post(number)
          guard eventually({ received.last.load(ordering: .relaxed) == number }) else { return }
        }
      }
      return receiver
    }
    #expect(received.last.load(ordering: .relaxed) == 20)
  }

  @Test("a mailbox delivers everything in the order of each sender")
  func mailbox() {
    let mailbox = Mailbox<(sender: Int, number: Int)>()
    var last = [0, 0, 0, 0]
    var count = 0
    run { loop, done in
      let receiver = mailbox.receive(on: loop) { message in
        #expect(message.number == last[message.sender] + 1)
        last[message.sender] = message.number
        count += 1
        if count == 4_000 { done() }
      }
      for sender in 0..<4 {
        _ = LoopThread(name: "sender") {
          for number in 1...1_000 {
            mailbox.post((sender, number))
            if number % 100 == 0 { usleep(2_000) }
          }
        }
      }
      return receiver
    }
    #expect(last == [1_000, 1_000, 1_000, 1_000])
  }
}
