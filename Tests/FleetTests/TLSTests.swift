import Support
import Testing
@testable import TLS

@testable import Fleet

/// TLS between two nodes, without any socket.
@Suite struct TLSTests {
  private let openSSL: OpenSSL

  init() throws {
    openSSL = try OpenSSL.loaded.get()
  }

  private func key(
    _ secret: UInt8 = 7, fleet: String = "edge", from dialling: String = "lb1", to accepting: String = "lb2"
  ) -> TLSContext.SharedKey {
    TLSContext.key(
      openSSL, secret: [UInt8](repeating: secret, count: 32), fleet: fleet, dialling: dialling, accepting: accepting)
  }

  /// Lets both sides hear each other until neither has anything to say; what the accepting side was told.
  private func converse(_ one: TLSSession, _ other: TLSSession) throws -> [UInt8] {
    var (heard, nothing): ([UInt8], [UInt8]) = ([], [])
    while true {
      let (there, back) = (one.output(), other.output())
      if there.isEmpty, back.isEmpty { return heard }
      // In small pieces: what comes off a wire has no borders.
      for byte in there { try other.receive([byte], into: &heard) }
      try one.receive(back, into: &nothing)
    }
  }

  @Test func whoKnowsTheKeyIsHeard() throws {
    let one = TLSSession(TLSContext(.dialling(key()), openSSL))
    let other = TLSSession(TLSContext(.accepting([key(1), key()]), openSSL))
    _ = try converse(one, other)
    #expect(one.isOpen)
    #expect(other.isOpen)
    #expect(other.keyIndex == 1)
    try one.send(Array("hello".utf8))
    #expect(try converse(one, other) == Array("hello".utf8))
    let long = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
    try one.send(long)
    #expect(try converse(one, other) == long)
  }

  /// Another key, another fleet, the other direction, another node: each is somebody else.
  @Test(arguments: 0..<4) func whoDoesNotIsNot(_ difference: Int) throws {
    let wrong = [key(8), key(fleet: "core"), key(from: "lb2", to: "lb1"), key(from: "lb3")][difference]
    let one = TLSSession(TLSContext(.dialling(wrong), openSSL))
    let other = TLSSession(TLSContext(.accepting([key()]), openSSL))
    #expect(throws: TLSSession.Fault.self) { try converse(one, other) }
    #expect(!one.isOpen)
    #expect(!other.isOpen)
  }

  @Test func whatIsChangedOnTheWayIsNoticed() throws {
    let one = TLSSession(TLSContext(.dialling(key()), openSSL))
    let other = TLSSession(TLSContext(.accepting([key()]), openSSL))
    _ = try converse(one, other)
    try one.send(Array("hello".utf8))
    var bytes = one.output()
    bytes[bytes.count - 1] ^= 1
    var heard: [UInt8] = []
    #expect(throws: TLSSession.Fault.self) { try other.receive(bytes, into: &heard) }
    #expect(heard.isEmpty)
  }

  @Test(arguments: ["GET / HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}\u{0}\u{5}hello", "SSH-2.0-x\r\n"])
  func whatIsNoTLSIsRefused(_ text: String) throws {
    let other = TLSSession(TLSContext(.accepting([key()]), openSSL))
    var heard: [UInt8] = []
    #expect(throws: TLSSession.Fault.self) {
      try other.receive(Array(text.utf8), into: &heard)
      try other.receive([UInt8](repeating: 0, count: 64), into: &heard)
    }
    #expect(heard.isEmpty)
  }

  /// RFC 6234's and RFC 5869's own examples.
  @Test func digestsAreTheStandards() {
    #expect(FleetKey.line(of: openSSL.sha256(Array("abc".utf8))).hasPrefix("ba7816bf8f01cfea414140de5dae2223b003"))
    let test3 = openSSL.hkdf([UInt8](repeating: 0x0b, count: 22), for: "")
    #expect(FleetKey.line(of: test3) == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d")
  }
}

@Suite struct FleetKeyTests {
  private let line = String(repeating: "0a", count: 32)

  @Test func oneOrTwoLinesAreKeys() throws {
    let other = String(repeating: "fF", count: 32)
    #expect(FleetKey(Array("\(line)\n".utf8))?.keys == [[UInt8](repeating: 10, count: 32)])
    #expect(FleetKey(Array("\(line)\n\(other)".utf8))?.keys.count == 2)
    #expect(FleetKey.line(of: [UInt8](repeating: 10, count: 32)) == line)
  }

  @Test(arguments: ["", "0a", "x", "zz", "\u{e9}"]) func anythingElseIsNot(_ text: String) {
    #expect(FleetKey(Array(text.utf8)) == nil)
    #expect(FleetKey(Array("\(line)\n\(text)x\n".utf8)) == nil)
    #expect(FleetKey(Array("\(line)\n\(line)\n\(line)\n".utf8)) == nil)
  }

  @Test func aFileThatEverybodyMayReadIsRefused() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("key", line, mode: 0o640)
    #expect(try FleetKey(file: path).keys.count == 1)
    let open = try folder.write("open", line, mode: 0o644)
    #expect(throws: FleetKey.Problem.readableByOthers(path: open)) { try FleetKey(file: open) }
    let other = try folder.write("other", "hello", mode: 0o600)
    #expect(throws: FleetKey.Problem.malformed(path: other)) { try FleetKey(file: other) }
  }
}
