package import SystemPackage

/// Whole messages, each some bytes and some open sockets, between two processes over a pair of Unix stream sockets.
///
/// A message is a head of 8 bytes (how many bytes follow, how many descriptors come, both 32 bits and little endian) and its
/// bytes. The first descriptors travel with the head; where one call can't take them all, each further group travels with
/// a byte of its own between head and content, which means nothing. A reader never reads beyond the message, so it can't
/// get at the descriptors of the next.
///
/// Both ends may block with a time limit, as a command does, or take what is there as often as a loop finds the descriptor
/// ready. It belongs to one thread. Sockets that it sends are held until they are on their way, and those that came until
/// the message is dropped, so that none is lost or used when it's closed.
package final class DescriptorChannel {
  /// A message that came.
  package struct Message: Sendable {
    /// Its content.
    package var bytes: [UInt8]
    /// Its sockets, in the order in which they were sent, closed on exec.
    package var sockets: [SharedSocket]
  }

  /// The most bytes of a message.
  package static let mostBytes = 16 << 20
  /// The most descriptors of a message.
  package static let mostDescriptors = 4096
  /// How many descriptors travel together.
  static let group = 250

  /// The socket, for a loop; nil once this end is closed.
  package private(set) var socket: SharedSocket?

  /// What is still to be sent, in parts that travel together.
  private var outgoing: [Part] = []
  private var incoming = Incoming()

  private struct Part {
    var bytes: ArraySlice<UInt8>
    var sockets: ArraySlice<SharedSocket> = []
  }

  /// Takes over one end of a pair.
  package init(_ socket: SharedSocket) {
    self.socket = socket
  }

  /// Makes both ends of a channel, closed on exec.
  package static func pair() throws(Errno) -> (DescriptorChannel, DescriptorChannel) {
    let (near, far) = try Socket.pair()
    return (DescriptorChannel(SharedSocket(near)), DescriptorChannel(SharedSocket(far)))
  }

  /// Closes this end: the other one reads the end after what was sent. Sockets of a message that hasn't come or gone whole
  /// are let go.
  package func close() {
    socket = nil
    incoming = Incoming()
    outgoing = []
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
  /// What is to be sent exceeds `mostBytes` or `mostDescriptors`; nothing of it was sent.
  case tooLarge
  /// What came isn't a message, or exceeds that: nothing that follows can be read.
  case malformed
  /// Descriptors of the message are lost, and it with them: this process has no room for them (RLIMIT_NOFILE).
  case descriptorsLost
  /// Something else went wrong, such as that too many descriptors are underway (ETOOMANYREFS).
  case failed(Errno)
}

// MARK: - Sending

extension DescriptorChannel {
  /// Sends a message and waits until it's on its way.
  package func send(_ bytes: [UInt8], _ sockets: [SharedSocket] = [], limit: Duration) throws(ChannelError) {
    try post(bytes, sockets)
    try finish(limit: limit)
  }

  /// Waits until everything is on its way that is lined up.
  package func finish(limit: Duration) throws(ChannelError) {
    let deadline = Deadline(after: limit)
    while try !flush() {
      guard let socket, socket.socket.wait(for: .room, until: deadline) else { throw .timedOut }
    }
  }

  /// Lines a message up for `flush`.
  package func post(_ bytes: [UInt8], _ sockets: [SharedSocket] = []) throws(ChannelError) {
    guard socket != nil else { throw .closed }
    guard bytes.count <= Self.mostBytes, sockets.count <= Self.mostDescriptors else { throw .tooLarge }
    let head = Head(bytes: bytes.count, descriptors: sockets.count)
    outgoing.append(Part(bytes: head.encoded[...], sockets: sockets.prefix(Self.group)))
    var rest = sockets.dropFirst(Self.group)
    while !rest.isEmpty {
      outgoing.append(Part(bytes: [0], sockets: rest.prefix(Self.group)))
      rest = rest.dropFirst(Self.group)
    }
    if !bytes.isEmpty { outgoing.append(Part(bytes: bytes[...])) }
  }

  /// Whether nothing is lined up.
  package var isIdle: Bool { outgoing.isEmpty }

  /// Sends what the socket takes of the messages that are lined up; whether that was all.
  package func flush() throws(ChannelError) -> Bool {
    guard let socket else { throw .closed }
    while let part = outgoing.first {
      switch DescriptorMessage.send(part.bytes, part.sockets, to: socket.socket) {
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
      guard let socket, socket.socket.wait(for: .input, until: deadline) else { throw .timedOut }
    }
  }

  /// Reads what is there; the next message, once it's whole. To be called until it gives nil, whenever the descriptor is
  /// ready.
  package func receiveIfWhole() throws(ChannelError) -> Message? {
    guard let socket else { throw .closed }
    while true {
      if let message = try incoming.takeWhole() { return message }
      switch incoming.receive(from: socket.socket) {
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
  private var sockets: [SharedSocket] = []
  private var isCut = false

  /// Whether the end may come now.
  var isEmpty: Bool { head == nil && filled == 0 }

  /// Reads of the step what is there.
  mutating func receive(from socket: Socket) -> Transfer {
    let received = unsafe bytes.withUnsafeMutableBytes { buffer in
      unsafe DescriptorMessage.receive(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]), from: socket)
    }
    if case .bytes(let count) = received.transfer { filled += count }
    sockets += received.sockets
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
    guard sockets.count == head.descriptors else {
      let error: ChannelError = isCut ? .descriptorsLost : .malformed
      self = Incoming()
      throw error
    }
    let message = DescriptorChannel.Message(
      bytes: head.carriers == 0 ? bytes : Array(bytes.dropFirst(head.carriers)), sockets: sockets)
    self = Incoming()
    return message
  }
}
