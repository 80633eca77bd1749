import CLinux
import Glibc

/// The buffer through which a worker's copied bytes pass: filled from one socket and emptied into another at once, so
/// that one is enough for all sessions of a worker.
@safe
package final class TransferBuffer {
  /// How many bytes it holds.
  package let capacity: Int
  private let bytes: UnsafeMutableRawPointer

  /// Makes a buffer; its pages are only used as far as reads reach.
  package init(capacity: Int) {
    self.capacity = capacity
    unsafe bytes = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 4096)
  }

  deinit {
    unsafe bytes.deallocate()
  }

  /// Reads at most `limit` bytes from the socket, at least 1, to the start of the buffer or behind so many that are there.
  package func receive(from socket: Socket, after count: Int = 0, limit: Int) -> Transfer {
    // To a read of nothing the kernel answers like to one at the end.
    precondition(limit > 0 && count + limit <= capacity, "a read has no room in the buffer")
    return transfer { unsafe SocketCall.receive(socket, bytes + count, limit) }
  }

  /// Reads at most `limit` bytes of those that the socket has, and leaves them there (MSG_PEEK, recv(2)).
  package func peek(at socket: Socket, limit: Int) -> Transfer {
    precondition(limit > 0 && limit <= capacity, "a read has no room in the buffer")
    return transfer { unsafe SocketCall.receive(socket, bytes, limit, flags: Int(MSG_PEEK)) }
  }

  /// Hands out the first `count` bytes of the buffer.
  package func withBytes<Result>(_ count: Int, _ body: (Span<UInt8>) -> Result) -> Result {
    precondition(count <= capacity, "the buffer doesn't hold so much")
    return unsafe body(
      UnsafeBufferPointer(start: bytes.assumingMemoryBound(to: UInt8.self), count: count).span)
  }

  /// Sends the first `count` bytes of the buffer.
  ///
  /// - Parameter isLast: the socket is told of the end right after this (MSG_MORE, send(2)): then the end travels with the
  ///   last bytes instead of in a packet of its own.
  package func send(count: Int, to socket: Socket, isLast: Bool = false) -> Transfer {
    transfer { unsafe SocketCall.send(socket, bytes, count, flags: isLast ? Int(MSG_MORE) : 0) }
  }

  /// Copies the bytes of a range of the buffer into memory of their own.
  ///
  /// - Parameter heading: how many of the first of them are a heading.
  package func leftover(_ range: Range<Int>, heading: Int = 0) -> Leftover {
    unsafe Leftover(copying: UnsafeRawBufferPointer(start: bytes + range.lowerBound, count: range.count), heading)
  }

  /// Puts bytes at the start of the buffer, behind which others can be read.
  package func put(_ leftover: Leftover) {
    precondition(leftover.count < capacity, "the buffer doesn't hold so much")
    unsafe leftover.copy(to: bytes)
  }
}

/// Bytes that were read and couldn't be sent yet. They own their memory, exactly as much as they need.
@safe
package final class Leftover {
  private let bytes: UnsafeMutableRawPointer
  private var start = 0
  private let end: Int

  /// How many bytes are still to be sent.
  package var count: Int { end - start }
  /// How many of the first of them are a heading: what the sink gets beside what the source has sent.
  package private(set) var heading: Int

  init(copying source: UnsafeRawBufferPointer, _ heading: Int) {
    end = source.count
    self.heading = heading
    unsafe bytes = UnsafeMutableRawPointer.allocate(byteCount: source.count, alignment: 1)
    unsafe UnsafeMutableRawBufferPointer(start: bytes, count: end).copyMemory(from: source)
  }

  /// A heading, and behind it what others are without theirs; nil if that is nothing.
  package init?(_ heading: [UInt8], before rest: Leftover?) {
    let behind = rest.map { $0.count - $0.heading } ?? 0
    guard heading.count + behind > 0 else { return nil }
    (end, self.heading) = (heading.count + behind, heading.count)
    unsafe bytes = UnsafeMutableRawPointer.allocate(byteCount: end, alignment: 1)
    unsafe heading.withUnsafeBytes {
      unsafe bytes.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(bytes), byteCount: $0.count)
    }
    if let rest {
      unsafe (bytes + heading.count).copyMemory(from: rest.bytes + rest.start + rest.heading, byteCount: behind)
    }
  }

  func copy(to place: UnsafeMutableRawPointer) {
    unsafe place.copyMemory(from: bytes + start, byteCount: count)
  }

  deinit {
    unsafe bytes.deallocate()
  }

  /// Sends what it can and forgets what was sent.
  package func send(to socket: Socket) -> Transfer {
    let outcome = transfer { unsafe SocketCall.send(socket, bytes + start, count) }
    if case .bytes(let sent) = outcome {
      start += sent
      heading = max(heading - sent, 0)
    }
    return outcome
  }
}

/// The two calls that every byte passes through, without what the C library adds to them (see CLinux).
private enum SocketCall {
  @inline(__always)
  static func receive(_ socket: Socket, _ bytes: UnsafeMutableRawPointer, _ count: Int, flags: Int = 0) -> Int {
    unsafe linux_socket_call(LINUX_SYS_RECVFROM, Int(socket.descriptor), bytes, UInt(count), flags, nil, 0)
  }

  @inline(__always)
  static func send(_ socket: Socket, _ bytes: UnsafeMutableRawPointer, _ count: Int, flags: Int = 0) -> Int {
    unsafe linux_socket_call(
      LINUX_SYS_SENDTO, Int(socket.descriptor), bytes, UInt(count), Int(MSG_NOSIGNAL) | flags, nil, 0)
  }
}
