import Glibc
import Sockets
import Testing

/// Bytes that couldn't be sent yet, some of which are a heading.
@Suite struct LeftoverTests {
  /// A pair of connected sockets.
  private func pair() throws -> (Socket, Socket) {
    var descriptors: [Int32] = [0, 0]
    guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0, &descriptors) == 0
    else { throw Failure() }
    return (Socket(descriptor: descriptors[0]), Socket(descriptor: descriptors[1]))
  }

  private struct Failure: Error {}

  private func received(by socket: Socket) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 100)
    guard case .bytes(let count) = socket.receive(into: &buffer) else { return [] }
    return Array(buffer[..<count])
  }

  @Test("another heading takes the place of what is left of one, and what is behind it stays")
  func replaced() throws {
    let (near, far) = try pair()
    defer { for socket in [near, far] { socket.close() } }
    let buffer = TransferBuffer(capacity: 4096)
    _ = far.send([1, 2, 3, 4, 5])
    #expect(buffer.receive(from: near, limit: 100) == .bytes(5))
    let rest = buffer.leftover(1..<5, heading: 2)
    #expect(rest.count == 4 && rest.heading == 2)
    let other = try #require(Leftover([7, 8, 9], before: rest))
    #expect(other.count == 5 && other.heading == 3)
    #expect(other.send(to: near) == .bytes(5) && other.count == 0 && other.heading == 0)
    #expect(received(by: far) == [7, 8, 9, 4, 5])
    // Without another one only what is behind it is left.
    #expect(Leftover([], before: rest)?.send(to: near) == .bytes(2))
    #expect(received(by: far) == [4, 5])
    #expect(Leftover([], before: nil) == nil && Leftover([], before: buffer.leftover(0..<2, heading: 2)) == nil)
  }

  @Test("it can be put before what is read")
  func put() throws {
    let (near, far) = try pair()
    defer { for socket in [near, far] { socket.close() } }
    let buffer = TransferBuffer(capacity: 4096)
    buffer.put(try #require(Leftover([7, 8], before: nil)))
    _ = far.send([1, 2])
    #expect(buffer.receive(from: near, after: 2, limit: 100) == .bytes(2))
    #expect(buffer.send(count: 4, to: near) == .bytes(4) && received(by: far) == [7, 8, 1, 2])
  }
}
