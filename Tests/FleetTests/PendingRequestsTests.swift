import Agreement
import Libevent
import Sockets
import Support
import Testing

@testable import Fleet

@Suite struct PendingRequestsTests {
  @Test("what is known already is told before the answer to what was asked later, however fast that is")
  func tellsFirst() throws {
    let (near, far) = try Socket.pair()
    defer { for socket in [near, far] { socket.close() } }
    let loop = EventLoop()
    let pending = PendingRequests(patience: .seconds(10), on: loop)
    var told: [String] = []
    pending.tell(.refused, of: .write([]), to: { _ in told.append("refused") })
    pending.wait(.read(.head, .any)) { _ in told.append("in time") }
    let answer = ReadNotice(near, on: loop) { told.append("answered") }
    _ = far.send([1][...])
    #expect(told.isEmpty, "not from within the call")
    #expect(loop.wait { told.count == 2 })
    #expect(told == ["refused", "answered"])
    #expect(pending.takeFirst() != nil && pending.takeFirst() == nil)
    withExtendedLifetime(answer) {}
  }
}
