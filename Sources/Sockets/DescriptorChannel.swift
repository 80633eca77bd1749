import Glibc
package import SystemPackage

/// Whole messages, each some bytes and some open descriptors, between two processes over a pair of Unix stream sockets.
///
/// A message is a head of 8 bytes (how many bytes follow, how many descriptors come, both 32 bits and little endian) and its
/// bytes. The first descriptors travel with the head; where one call can't take them all, each further group travels with
/// a byte of its own between head and content, which means nothing. A reader never reads beyond the message, so it can't
/// get at the descriptors of the next.
///
/// Both ends may block with a time limit, as a command does, or take what is there as often as a loop finds the descriptor
/// ready. It belongs to one thread.
package final class DescriptorChannel {
  /// A message that came.
  package struct Message: Sendable {
    /// Its content.
    package var bytes: [UInt8]
    /// Its descriptors, in the order in which they were sent, closed on exec; the receiver's to close.
    package var descriptors: [Int32]
  }

  /// The most bytes of a message.
  package static let mostBytes = 16 << 20
  /// The most descriptors of a message.
  package static let mostDescriptors = 4096
  /// How many descriptors travel together.
  static let group = 250

  /// The socket's descriptor, for a loop; it's non-blocking, and this object closes it.
  package var descriptor: Int32 { socket.descriptor }

  private let socket: Socket
  private var isClosed = false
  /// What is still to be sent, in parts that travel together.
  private var outgoing: [Part] = []
  private var incoming = Incoming()

  private struct Part {
    var bytes: ArraySlice<UInt8>
    var descriptors: ArraySlice<Int32> = []
  }

  /// Takes over one end of a pair.
  package init(_ socket: Socket) {
    self.socket = socket
  }

  /// Makes both ends of a channel, closed on exec.
  package static func pair() throws(Errno) -> (DescriptorChannel, DescriptorChannel) {
    let (near, far) = try Socket.pair()
    return (DescriptorChannel(near), DescriptorChannel(far))
  }

  deinit {
    close()
  }

  /// Closes this end: the other one reads the end after what was sent. Descriptors of a message that hasn't come whole are
  /// closed.
  package func close() {
    guard !isClosed else { return }
    isClosed = true
    incoming.discard()
    socket.close()
  }
}

/// Why no message could be sent or received.
package enum ChannelError: Error, Equatable {
  /// The other end was closed.
  case closed
  /// The other end was closed in the middle of a message.
  case cut
  /// The time is up. A message may have been sent or received in part; it goes on from there.
  case timedOut
  /// The message exceeds `mostBytes` or `mostDescriptors`, or what came isn't one: nothing that follows can be read.
  case malformed
  /// Descriptors of the message are lost, and it with them: this process has no room for them (RLIMIT_NOFILE).
  case descriptorsLost
  /// Something else went wrong, such as that too many descriptors are underway (ETOOMANYREFS).
  case failed(Errno)
}

// MARK: - Sending

extension DescriptorChannel {
  /// Sends a message and waits until it's on its way. The descriptors stay the caller's, who may close them then.
  package func send(_ bytes: [UInt8], _ descriptors: [Int32] = [], limit: Duration) throws(ChannelError) {
    try post(bytes, descriptors)
    let deadline = Deadline(after: limit)
    while try !flush() {
      guard socket.wait(for: .room, until: deadline) else { throw .timedOut }
    }
  }

  /// Lines a message up for `flush`. Its descriptors have to stay open until that is done.
  package func post(_ bytes: [UInt8], _ descriptors: [Int32] = []) throws(ChannelError) {
    guard bytes.count <= Self.mostBytes, descriptors.count <= Self.mostDescriptors else { throw .malformed }
    let head = Head(bytes: bytes.count, descriptors: descriptors.count)
    outgoing.append(Part(bytes: head.encoded[...], descriptors: descriptors.prefix(Self.group)))
    var rest = descriptors.dropFirst(Self.group)
    while !rest.isEmpty {
      outgoing.append(Part(bytes: [0], descriptors: rest.prefix(Self.group)))
      rest = rest.dropFirst(Self.group)
    }
    if !bytes.isEmpty { outgoing.append(Part(bytes: bytes[...])) }
  }

  /// Sends what the socket takes of the messages that are lined up; whether that was all.
  package func flush() throws(ChannelError) -> Bool {
    guard !isClosed else { throw .closed }
    while let part = outgoing.first {
      switch DescriptorMessage.send(part.bytes, part.descriptors, to: socket) {
      case .bytes(let count):
        let rest = part.bytes.dropFirst(count)
        if rest.isEmpty { outgoing.removeFirst() } else { outgoing[0] = Part(bytes: rest) }
      case .wouldBlock, .end: return false
      case .failed(.brokenPipe), .failed(.connectionReset): throw .closed
      case .failed(let error): throw .failed(error)
      }
    }
    return true
  }
}

// MARK: - Receiving

extension DescriptorChannel {
  /// Waits for a whole message.
  package func receive(limit: Duration) throws(ChannelError) -> Message {
    let deadline = Deadline(after: limit)
    while true {
      if let message = try receiveIfWhole() { return message }
      guard socket.wait(for: .input, until: deadline) else { throw .timedOut }
    }
  }

  /// Reads what is there; the next message, once it's whole. To be called until it gives nil, whenever the descriptor is
  /// ready.
  package func receiveIfWhole() throws(ChannelError) -> Message? {
    guard !isClosed else { throw .closed }
    while true {
      if let message = try incoming.takeWhole() { return message }
      switch incoming.receive(from: socket) {
      case .bytes: continue
      case .wouldBlock: return nil
      case .end, .failed(.connectionReset): throw incoming.isEmpty ? .closed : .cut
      case .failed(let error): throw .failed(error)
      }
    }
  }
}

/// What every message begins with.
private struct Head {
  static let size = 8

  var bytes: Int
  var descriptors: Int

  var encoded: [UInt8] {
    [bytes, descriptors].flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
  }

  /// How many bytes without a meaning follow, for the descriptors that don't travel with the head.
  var carriers: Int { max(0, (descriptors - 1) / DescriptorChannel.group) }

  init(bytes: Int, descriptors: Int) {
    (self.bytes, self.descriptors) = (bytes, descriptors)
  }

  init(_ encoded: ArraySlice<UInt8>) {
    let numbers = [encoded.prefix(4), encoded.dropFirst(4)].map { $0.reversed().reduce(0) { $0 << 8 | Int($1) } }
    self.init(bytes: numbers[0], descriptors: numbers[1])
  }
}

/// The message that is coming in.
private struct Incoming {
  /// Nil until it has come.
  private var head: Head?
  /// The next step, as large as it'll be: the head, or all that follows it.
  private var bytes = [UInt8](repeating: 0, count: Head.size)
  private var filled = 0
  private var descriptors: [Int32] = []
  private var isCut = false

  /// Whether the end may come now.
  var isEmpty: Bool { head == nil && filled == 0 }

  /// Reads of the step what is there.
  mutating func receive(from socket: Socket) -> Transfer {
    let received = unsafe bytes.withUnsafeMutableBytes { buffer in
      unsafe DescriptorMessage.receive(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]), from: socket)
    }
    if case .bytes(let count) = received.transfer { filled += count }
    descriptors += received.descriptors
    isCut = isCut || received.isCut
    return received.transfer
  }

  /// The message, once it's whole; makes room for the next then.
  mutating func takeWhole() throws(ChannelError) -> DescriptorChannel.Message? {
    guard filled == bytes.count else { return nil }
    guard let head else {
      let head = Head(bytes[...])
      guard head.bytes <= DescriptorChannel.mostBytes, head.descriptors <= DescriptorChannel.mostDescriptors else {
        throw .malformed
      }
      self.head = head
      bytes = [UInt8](repeating: 0, count: head.carriers + head.bytes)
      filled = 0
      return try takeWhole()
    }
    guard descriptors.count == head.descriptors else {
      let error: ChannelError = isCut ? .descriptorsLost : .malformed
      discard()
      throw error
    }
    let message = DescriptorChannel.Message(
      bytes: head.carriers == 0 ? bytes : Array(bytes.dropFirst(head.carriers)), descriptors: descriptors)
    self = Incoming()
    return message
  }

  /// Closes the descriptors that came, and expects another message.
  mutating func discard() {
    for descriptor in descriptors { _ = close(descriptor) }
    self = Incoming()
  }
}
