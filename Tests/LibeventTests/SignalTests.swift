import Glibc
import Libevent
import Testing

/// One at a time: a process has one loop that watches signals.
@Suite(.serialized) struct SignalTests {
  init() {
    // What is in force again after a watch: nobody is ended by a signal that comes late.
    for number in [SIGHUP, SIGUSR2] { signal(number, SIG_IGN) }
  }

  @Test("a signal calls back, each time", arguments: [SIGHUP, SIGUSR2])
  func calls(_ signal: Int32) {
    let loop = EventLoop()
    var count = 0
    let watch = SignalEvent(signal, on: loop) {
      count += 1
      if count == 3 { return loop.stop() }
      kill(getpid(), signal)
    }
    let limit = Timer(on: loop) { loop.stop() }
    limit.schedule(after: .seconds(10))
    kill(getpid(), signal)
    loop.run()
    #expect(count == 3)
    withExtendedLifetime(watch) {}
  }

  @Test("signals are told apart, and those that come in a burst reach every watch")
  func several() {
    let loop = EventLoop()
    var heard: Set<String> = []
    let hear = { (name: String) in
      heard.insert(name)
      if heard.count == 3 { loop.stop() }
    }
    let watches = [
      SignalEvent(SIGHUP, on: loop) { hear("HUP") }, SignalEvent(SIGUSR2, on: loop) { hear("USR2") },
      SignalEvent(SIGHUP, on: loop) { hear("HUP again") },
    ]
    let limit = Timer(on: loop) { loop.stop() }
    limit.schedule(after: .seconds(10))
    for _ in 0..<100 { kill(getpid(), SIGHUP) }
    kill(getpid(), SIGUSR2)
    loop.run()
    #expect(heard == ["HUP", "USR2", "HUP again"])
    withExtendedLifetime(watches) {}
  }

  @Test("a watch that is dropped in its own callback isn't called again, though the signal has come several times")
  func dropped() {
    let loop = EventLoop()
    var calls = 0
    var watch: SignalEvent?
    let end = Timer(on: loop) { loop.stop() }
    watch = SignalEvent(SIGHUP, on: loop) {
      calls += 1
      watch = nil
      end.schedule(after: .milliseconds(50))
    }
    let limit = Timer(on: loop) { loop.stop() }
    limit.schedule(after: .seconds(10))
    for _ in 0..<3 { kill(getpid(), SIGHUP) }
    loop.run()
    #expect(calls == 1 && watch == nil)
  }
}
