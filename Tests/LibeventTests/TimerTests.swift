import Libevent
import Sockets
import Support
import Testing

@Suite struct TimerTests {
  @Test("what comes next is called before what only then is found ready")
  func fireNext() throws {
    let (near, far) = try Socket.pair()
    defer { for socket in [near, far] { socket.close() } }
    let loop = EventLoop()
    var called: [String] = []
    let reader = ReadNotice(near, on: loop) { called.append("reader") }
    let timer = Timer(on: loop) { called.append("timer") }
    _ = far.send([1][...])
    timer.fireNext()
    #expect(timer.isScheduled && called.isEmpty)
    #expect(loop.wait { called.count == 2 })
    #expect(called == ["timer", "reader"])
    #expect(!timer.isScheduled)
    withExtendedLifetime(reader) {}
  }

  @Test("the last schedule is the one that counts")
  func rescheduled() throws {
    let loop = EventLoop()
    var calls = 0
    let timer = Timer(on: loop) { calls += 1 }
    timer.fireNext()
    timer.schedule(after: .seconds(60))
    #expect(!loop.wait(seconds: 0.05) { calls > 0 })
    timer.fireNext()
    #expect(loop.wait { calls == 1 })
    #expect(!timer.isScheduled)
    timer.fireNext()
    timer.cancel()
    #expect(!loop.wait(seconds: 0.05) { calls > 1 })
  }
}
