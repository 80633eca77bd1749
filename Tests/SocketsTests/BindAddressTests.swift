import Testing

@testable import Sockets

/// Addresses with several ports.
@Suite struct BindAddressTests {
  private func bind(_ text: String, _ last: UInt16? = nil) throws -> BindAddress {
    let address = try #require(SocketAddress(text))
    return last.map { BindAddress(address, through: $0) } ?? BindAddress(address)
  }

  @Test("one has what is among its ports, at its address")
  func has() throws {
    let range = try bind("10.0.0.1:20", 29)
    for (text, isOne) in [
      ("10.0.0.1:20", true), ("10.0.0.1:29", true), ("10.0.0.1:30", false), ("10.0.0.1:19", false),
      ("10.0.0.2:20", false), ("unix:/a", false),
    ] { #expect(range.has(try #require(SocketAddress(text))) == isOne, "\(text)") }
    #expect(try bind("unix:/a").has(.unix(path: "/a")))
    #expect(try bind("unix:/a").count == 1 && bind("unix:/a").all == [.unix(path: "/a")])
  }

  @Test("two overlap where a client could be meant for both")
  func overlaps() throws {
    let range = try bind("[::]:20", 29)
    #expect(try range.overlaps(bind("127.0.0.1:29", 40)) && bind("127.0.0.1:29", 40).overlaps(range))
    #expect(try !range.overlaps(bind("127.0.0.1:30", 40)))
    #expect(try !range.meets(bind("127.0.0.1:29", 40)) && range.meets(bind("[::]:10", 20)))
    #expect(try bind("unix:/a").meets(bind("unix:/a")) && !bind("unix:/a").overlaps(bind("unix:/b")))
    #expect(try !range.overlaps(bind("unix:/a")))
    #expect(try range.isReached(by: #require(SocketAddress("127.0.0.1:25")), isLocal: \.isLoopback))
    #expect(try !range.isReached(by: #require(SocketAddress("127.0.0.1:30")), isLocal: \.isLoopback))
  }

  @Test("addresses whose ports follow each other are told as one")
  func runs() throws {
    let texts = ["10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3", "10.0.0.2:4", "10.0.0.2:6", "unix:/a", "[::1]:65535"]
    let addresses = texts.compactMap { SocketAddress($0) }
    #expect(
      BindAddress.runs(of: addresses).map(\.description)
        == ["10.0.0.1:1-3", "10.0.0.2:4", "10.0.0.2:6", "unix:/a", "[::1]:65535"])
  }

  @Test("what is bound is found by each of its ports")
  func index() throws {
    var index = BindIndex<String>()
    index.add("range", at: try bind("10.0.0.1:20", 29))
    index.add("one", at: try bind("10.0.0.2:25"))
    index.add("file", at: try bind("unix:/a"))
    #expect(Set(index.at(25)) == ["range", "one"] && index.at(20) == ["range"] && index.at(30).isEmpty)
    #expect(index.at(nil) == ["file"])
    #expect(Set(index.at(24...40)) == ["range", "one"] && index.at(26...40) == ["range"])
  }

  @Test("a backend's port that a client asks for is written as a word")
  func same() throws {
    #expect(try #require(SocketAddress("10.0.0.1:0")).backendText == "10.0.0.1:same")
    #expect(try #require(SocketAddress("[::1]:0")).backendText == "[::1]:same")
    #expect(try #require(SocketAddress("[::1]:80")).backendText == "[::1]:80")
    #expect(SocketAddress.unix(path: "/a:0").backendText == "unix:/a:0")
  }
}
