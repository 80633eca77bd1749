import Glibc
package import Sockets
import Synchronization
import SystemPackage

/// One end of a connection in a test: blocking calls, each with a time limit, that say what the other end has done.
package final class Peer: Sendable {
  /// How a direction came to its end.
  package enum Ending: Equatable, Sendable {
    /// A clean end (FIN).
    case end
    /// A reset (RST).
    case reset
    /// Nothing came for the time limit.
    case silence
  }

  /// The socket, non-blocking.
  package let socket: Socket
  private let isClosed = Atomic<Bool>(false)

  package init(_ socket: Socket) {
    self.socket = socket
  }

  deinit {
    close()
  }

  /// Connects; throws what went wrong.
  ///
  /// - Parameter socket: a new one, which may have been opened in another network.
  package static func connect(to address: SocketAddress, seconds: Int = 10, with socket: Socket? = nil) throws -> Peer {
    let peer = Peer(try socket ?? Socket(for: address))
    switch peer.socket.connect(to: address) {
    case .established: return peer
    case .failed(let error): throw error
    case .pending:
      guard peer.wait(for: Int16(POLLOUT), seconds: seconds) else { throw Errno.timedOut }
      if let error = peer.socket.takeError() { throw error }
      return peer
    }
  }

  /// Sends all bytes; throws if the connection breaks or nothing moves for the time limit.
  package func send(_ bytes: [UInt8], seconds: Int = 20) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      switch socket.send(rest) {
      case .bytes(let count): rest = rest.dropFirst(count)
      case .wouldBlock, .end: guard wait(for: Int16(POLLOUT), seconds: seconds) else { throw Errno.timedOut }
      case .failed(let error): throw error
      }
    }
  }

  /// Sends a block again and again until nothing moves any more for the time limit; every buffer on the way is full then.
  ///
  /// - Returns: how many bytes were sent: each is the next one of the block.
  @discardableResult
  package func fill(with block: [UInt8], seconds: Int = 1) throws -> Int {
    var sent = 0
    while true {
      switch socket.send(block[(sent % block.count)...]) {
      case .bytes(let count): sent += count
      case .wouldBlock, .end: if !wait(for: Int16(POLLOUT), seconds: seconds) { return sent }
      case .failed(let error): throw error
      }
    }
  }

  /// Sends an urgent byte (MSG_OOB, tcp(7)) behind what was sent before.
  package func sendUrgent(_ byte: UInt8, seconds: Int = 20) throws {
    var byte = byte
    while Glibc.send(socket.descriptor, &byte, 1, Int32(MSG_OOB) | Int32(MSG_NOSIGNAL)) != 1 {
      guard errno == EAGAIN, wait(for: Int16(POLLOUT), seconds: seconds) else { throw Errno(rawValue: errno) }
    }
  }

  /// Sends a text.
  package func send(_ text: String, seconds: Int = 20) throws {
    try send(Array(text.utf8), seconds: seconds)
  }

  /// Reads exactly so many bytes; fewer if the direction ends before.
  package func receive(exactly count: Int, seconds: Int = 20) -> [UInt8] {
    var bytes: [UInt8] = []
    _ = read(atMost: count, seconds: seconds) { bytes += $0 }
    return bytes
  }

  /// Reads a text of so many bytes.
  package func receiveText(_ count: Int, seconds: Int = 20) -> String {
    String(decoding: receive(exactly: count, seconds: seconds), as: UTF8.self)
  }

  /// Reads until the direction ends, and says how it did.
  package func receiveToEnd(seconds: Int = 20) -> (bytes: [UInt8], ending: Ending) {
    var bytes: [UInt8] = []
    let ending = read(atMost: .max, seconds: seconds) { bytes += $0 }
    return (bytes, ending ?? .silence)
  }

  /// Hands over what is read, piece by piece, until there are so many bytes or the direction ends.
  @discardableResult
  package func read(atMost limit: Int, seconds: Int = 20, _ take: (ArraySlice<UInt8>) -> Void) -> Ending? {
    var buffer = [UInt8](repeating: 0, count: min(limit, 256 * 1024))
    var count = 0
    while count < limit {
      if limit - count < buffer.count { buffer.removeLast(buffer.count - (limit - count)) }
      switch socket.receive(into: &buffer) {
      case .bytes(let read):
        count += read
        take(buffer[..<read])
      case .wouldBlock: guard wait(for: Int16(POLLIN), seconds: seconds) else { return .silence }
      case .end: return .end
      case .failed: return .reset
      }
    }
    return nil
  }

  /// Ends our direction.
  package func shutdownWrite() {
    socket.shutdownWrite()
  }

  /// Breaks the connection.
  package func reset() {
    if !isClosed.exchange(true, ordering: .relaxed) { socket.reset() }
  }

  /// Closes both directions.
  package func close() {
    if !isClosed.exchange(true, ordering: .relaxed) { socket.close() }
  }

  /// Waits until the socket is ready for one of the events of poll(2).
  package func wait(for events: Int16, seconds: Int = 20) -> Bool {
    socket.waits(for: events, seconds: seconds)
  }
}

/// A listener that never answers: its queue is full, and the kernel drops further handshakes.
package final class FullServer {
  /// Where it listens.
  package var address: SocketAddress { server.address }
  private let server: TestServer
  private var fillers: [Peer] = []

  /// Fills the queue.
  package init(_ family: AddressFamily = .ipv4) throws {
    server = try TestServer(at: family.freshAddress(), backlog: 0)
    while let filler = try? Peer.connect(to: server.address, seconds: 1) { fillers.append(filler) }
  }
}

/// A listening socket in a test.
package final class TestServer {
  /// Where it listens.
  package let address: SocketAddress
  private let socket: Socket
  private var isClosed = false

  /// Listens at the address; port 0 lets the kernel choose.
  ///
  /// - Parameter socket: a new one, which may have been opened in another network.
  package init(at address: SocketAddress, backlog: Int = 128, with socket: Socket? = nil) throws {
    self.socket = try socket ?? Socket(for: address)
    let socket = self.socket
    try? socket.setReuseAddress()
    try socket.bind(to: address)
    try socket.listen(backlog: backlog)
    self.address = try socket.localAddress()
  }

  deinit {
    close()
  }

  /// Takes the next client; throws if none comes within the time limit.
  package func accept(seconds: Int = 20) throws -> Peer {
    guard let peer = acceptIfAny(seconds: seconds) else { throw Errno.timedOut }
    return peer
  }

  /// Takes the next client if one comes within the time limit.
  package func acceptIfAny(seconds: Int) -> Peer? {
    while socket.waits(for: Int16(POLLIN), seconds: seconds) {
      if case .client(let client, _) = socket.accept() { return Peer(client) }
    }
    return nil
  }

  /// Listens no longer.
  package func close() {
    guard !isClosed else { return }
    isClosed = true
    socket.close()
    UnixSocketFile(at: address.path)?.remove()
  }
}

/// The kinds of addresses that a test goes through.
package enum AddressFamily: String, CaseIterable, Sendable {
  case ipv4, ipv6, unix

  /// An address of the family that nobody has yet.
  package func freshAddress() -> SocketAddress {
    switch self {
    case .ipv4: .ipv4(0x7F00_0001, port: 0)
    case .ipv6: .ipv6(high: 0, low: 1, scope: 0, port: 0)
    case .unix: .unix(path: "/tmp/martlet-test-\(getpid())-\(UInt32.random(in: .min ... .max)).sock")
    }
  }
}

/// Waits until the condition holds; false if it doesn't within the time limit.
package func eventually(seconds: Double = 20, _ condition: () throws -> Bool) rethrows -> Bool {
  let end = MonotonicClock.now() + UInt64(seconds * 1e9)
  while MonotonicClock.now() < end {
    if try condition() { return true }
    usleep(2_000)
  }
  return try condition()
}

extension SocketAddress {
  fileprivate var path: String {
    if case .unix(let path) = self { path } else { "" }
  }
}

extension Socket {
  fileprivate func waits(for events: Int16, seconds: Int) -> Bool {
    var poll = pollfd(fd: descriptor, events: events, revents: 0)
    return Glibc.poll(&poll, 1, Int32(seconds * 1000)) > 0
  }
}
