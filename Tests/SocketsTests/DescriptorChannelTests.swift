import Glibc
import Sockets
import Support
import SystemPackage
import Testing

@Suite struct DescriptorChannelTests {
  /// A file with that text, open for reading at its start: a descriptor travels whatever it stands for, and a text tells
  /// which one it is.
  private func open(_ text: String) throws -> SharedSocket {
    let file = try TemporaryFile(text)
    return SharedSocket(
      Socket(descriptor: try FileDescriptor.open(file.path, .readOnly, options: .closeOnExec).rawValue))
  }

  /// Reads the text of a file that was passed.
  private func text(_ file: SharedSocket) -> String {
    var bytes = [UInt8](repeating: 0, count: 1000)
    let count = pread(file.socket.descriptor, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
  }

  @Test(
    "a message arrives whole, with its bytes and descriptors in order",
    arguments: [(0, 0), (1, 0), (0, 1), (5, 1), (100_000, 3), (7, 249), (7, 250), (7, 251), (0, 500), (3, 1000)])
  func message(_ size: Int, _ count: Int) throws {
    let (near, far) = try DescriptorChannel.pair()
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    // A few files are enough to tell the order by.
    let files = try (0..<min(count, 7)).map { try open("file \($0)") }
    try near.send(bytes, (0..<count).map { files[$0 % 7] }, limit: .seconds(10))
    let message = try far.receive(limit: .seconds(10))
    #expect(message.bytes == bytes && message.sockets.count == count)
    #expect(message.sockets.allSatisfy { fcntl($0.socket.descriptor, F_GETFD) & FD_CLOEXEC != 0 })
    #expect(Set(message.sockets.map(\.socket)).isDisjoint(with: files.map(\.socket)))
    let texts = message.sockets.map { text($0) }
    #expect(texts == (0..<count).map { "file \($0 % 7)" })
  }

  @Test("messages keep apart, both ways, whatever lies in the socket")
  func several() throws {
    let (near, far) = try DescriptorChannel.pair()
    let file = try open("passed")
    for number in 0..<50 {
      try near.send([UInt8](repeating: UInt8(number), count: number), number % 3 == 0 ? [file] : [], limit: .seconds(1))
      try far.send([UInt8(number)], limit: .seconds(1))
    }
    for number in 0..<50 {
      let message = try far.receive(limit: .seconds(1))
      #expect(message.bytes == [UInt8](repeating: UInt8(number), count: number))
      #expect(message.sockets.map { text($0) } == (number % 3 == 0 ? ["passed"] : []))
      let answer = try near.receive(limit: .seconds(1))
      #expect(answer.bytes == [UInt8(number)] && answer.sockets.isEmpty)
    }
    #expect(try far.receiveIfWhole() == nil)
  }

  @Test("a message may be as large as 16 MiB, and no larger")
  func large() throws {
    let (near, far) = try DescriptorChannel.pair()
    let receiving = Receiving(far)
    let bytes = [UInt8](repeating: 3, count: DescriptorChannel.mostBytes)
    try near.send(bytes, limit: .seconds(10))
    #expect(try receiving.join().bytes == bytes)
    #expect(throws: ChannelError.tooLarge) { try near.send(bytes + [0], limit: .seconds(1)) }
    let one = try open("")
    let tooMany = [SharedSocket](repeating: one, count: DescriptorChannel.mostDescriptors + 1)
    #expect(throws: ChannelError.tooLarge) { try near.send([], tooMany, limit: .seconds(1)) }
  }

  @Test("who can't send or has nothing to receive doesn't wait longer than said, and goes on where it was")
  func timedOut() throws {
    let (near, far) = try DescriptorChannel.pair()
    #expect(throws: ChannelError.timedOut) { try far.receive(limit: .milliseconds(50)) }
    let bytes = (0..<4_000_000).map { UInt8(truncatingIfNeeded: $0 &* 11) }
    let file = try open("passed")
    #expect(throws: ChannelError.timedOut) { try near.send(bytes, [file], limit: .milliseconds(50)) }
    #expect(throws: ChannelError.timedOut) { try far.receive(limit: .milliseconds(50)) }
    let receiving = Receiving(far)
    while try !near.flush() { usleep(1000) }
    let message = try receiving.join()
    #expect(message.bytes == bytes && message.sockets.map { text($0) } == ["passed"])
  }

  @Test("without waiting, a message is put together as it comes")
  func piecemeal() throws {
    let (near, far) = try DescriptorChannel.pair()
    #expect(try far.receiveIfWhole() == nil)
    let bytes = [UInt8](repeating: 9, count: 2_000_000)
    try near.post(bytes)
    try near.post([1])
    var received: [DescriptorChannel.Message] = []
    var isSent = false
    var turns = 0
    while received.count < 2, turns < 10_000 {
      if !isSent { isSent = try near.flush() }
      while let message = try far.receiveIfWhole() { received.append(message) }
      turns += 1
    }
    #expect(isSent && received.map(\.bytes) == [bytes, [1]] && turns > 1)
  }

  @Test("the other end's end is told from a broken message")
  func ends() throws {
    var (near, far) = try DescriptorChannel.pair()
    try near.send([1], limit: .seconds(1))
    near.close()
    #expect(try far.receive(limit: .seconds(1)).bytes == [1])
    #expect(throws: ChannelError.closed) { try far.receive(limit: .seconds(1)) }
    #expect(throws: ChannelError.closed) { try far.send([1], limit: .seconds(1)) }
    #expect(throws: ChannelError.closed) { try near.send([1], limit: .seconds(1)) }
    (near, far) = try DescriptorChannel.pair()
    try near.post([UInt8](repeating: 1, count: 4_000_000))
    #expect(try !near.flush())
    near.close()
    #expect(throws: ChannelError.cut) { try far.receive(limit: .seconds(1)) }
  }

  @Test("what isn't a message isn't read as one")
  func malformed() throws {
    for head: [UInt8] in [[0, 0, 0, 2, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 1, 0], Array("GET / HTTP".utf8)] {
      let (near, far) = try Socket.pair()
      let channel = DescriptorChannel(SharedSocket(far))
      let peer = Peer(near)
      try peer.send(head)
      #expect(throws: ChannelError.malformed) { try channel.receive(limit: .seconds(1)) }
    }
    // A descriptor is announced that doesn't come.
    let (near, far) = try Socket.pair()
    let channel = DescriptorChannel(SharedSocket(far))
    let peer = Peer(near)
    try peer.send([0, 0, 0, 0, 1, 0, 0, 0])
    #expect(throws: ChannelError.malformed) { try channel.receive(limit: .seconds(1)) }
  }

  @Test("descriptors of a message that never came whole are closed with the channel")
  func noLeak() throws {
    let (near, far) = try Socket.pair()
    var sender: DescriptorChannel? = DescriptorChannel(SharedSocket(near))
    var receiver: DescriptorChannel? = DescriptorChannel(SharedSocket(far))
    let (kept, passed) = try Socket.pair()
    let witness = Peer(kept)
    try sender?.post([UInt8](repeating: 1, count: 4_000_000), [SharedSocket(passed)])
    #expect(try sender?.flush() == false)
    // The passed socket lives on in what has been read, and in that alone.
    #expect(try receiver?.receiveIfWhole() == nil)
    sender = nil
    #expect(witness.wait(for: Int16(POLLIN), seconds: 0) == false)
    receiver = nil
    #expect(witness.receiveToEnd(seconds: 5).ending == .end)
  }

  @Test("a listening socket that was passed goes on listening, non-blocking as it was")
  func listener() throws {
    let (near, far) = try DescriptorChannel.pair()
    var listening: SharedSocket? = try SharedSocket(listeningAt: AddressFamily.ipv4.freshAddress(), backlog: 8)
    let address = try #require(try listening?.socket.localAddress())
    let client = try Peer.connect(to: address)
    try near.post(Array("web".utf8), try #require(listening.map { [$0] }))
    // It's held until it's on its way, and not closed in between.
    listening = nil
    #expect(try near.flush() && near.isIdle)
    let message = try far.receive(limit: .seconds(1))
    let held = try #require(message.sockets.first)
    let passed = held.socket
    #expect(try passed.localAddress() == address)
    guard case .client(let accepted, _) = passed.accept() else { return #expect(Bool(false), "the client was lost") }
    accepted.close()
    guard case .nobody = passed.accept() else { return #expect(Bool(false), "somebody else is there") }
    withExtendedLifetime((client, held)) {}
  }
}

/// Receives a message on a thread of its own.
private struct Receiving {
  private let work: Background<DescriptorChannel.Message>

  init(_ channel: DescriptorChannel) {
    nonisolated(unsafe) let channel = channel
    work = Background { try channel.receive(limit: .seconds(10)) }
  }

  func join() throws -> DescriptorChannel.Message {
    try work.join()
  }
}
