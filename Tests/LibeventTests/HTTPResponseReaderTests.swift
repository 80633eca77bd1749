import Testing

@testable import Libevent

@Suite struct HTTPResponseReaderTests {
  /// Reads the text in pieces of that size; nil if the response isn't whole.
  private func read(
    _ text: String, to method: HTTPMethod = .get, largest: Int = 100, pieces: Int = .max, thenEnds: Bool = false
  ) throws -> HTTPResponse? {
    var reader = HTTPResponseReader(to: method, largestContent: largest)
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      if let response = try reader.take(rest.prefix(pieces)) { return response }
      rest = rest.dropFirst(pieces)
    }
    return thenEnds ? try reader.end() : nil
  }

  @Test("a response is read however it's cut", arguments: [1, 2, 3, 7, 1000])
  func pieces(_ size: Int) throws {
    let text = "HTTP/1.1 201 Created\r\nContent-Type: x/y\r\nX-A:b: c\r\nContent-Length: 5\r\n\r\nhello"
    let response = try #require(try read(text, pieces: size))
    #expect(response.status == 201 && response.contentType == "x/y" && response.body == Array("hello".utf8))
    #expect(response.headers.map(\.name) == ["Content-Type", "X-A", "Content-Length"])
    #expect(response.headers[1].value == "b: c")
  }

  @Test("where it ends is told by its length, by the connection, or by what it is")
  func ends() throws {
    #expect(try read("HTTP/1.1 200 OK\r\n\r\nall", thenEnds: true)?.body == Array("all".utf8))
    #expect(try read("HTTP/1.0 200\r\n\r\n", thenEnds: true)?.body == [])
    #expect(try read("HTTP/1.1 200 OK\r\n\r\nall") == nil)
    #expect(try read("HTTP/1.1 204 No Content\r\n\r\n")?.status == 204)
    #expect(try read("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", to: .head)?.body == [])
    #expect(try read("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?.body == [])
    #expect(try read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nmore")?.body == Array("mo".utf8))
  }

  @Test("interim responses are passed over", arguments: [1, 1000])
  func interim(_ size: Int) throws {
    let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 x\r\nA: b\r\n\r\nHTTP/1.1 404 x\r\nContent-Length: 1\r\n\r\n."
    let response = try #require(try read(text, pieces: size))
    #expect(response.status == 404 && response.body == Array(".".utf8) && response.headers.count == 1)
  }

  @Test(
    "what is no response is told from one, with the reason",
    arguments: [
      ("", "there is none"),
      ("SSH-2.0-OpenSSH\r\n\r\n", "it isn't HTTP"),
      ("HTTP/2 200 OK\r\n\r\n", "it isn't HTTP"),
      ("HTTP/1.1 20 OK\r\n\r\n", "it isn't HTTP"),
      ("HTTP/1.1 999 OK\r\n\r\n", "it isn't HTTP"),
      ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "it has a header without a colon"),
      ("HTTP/1.1 200 OK\r\nContent-Length: 3", "it ends in the middle of its head"),
      ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", "it ends after 2 of 3 bytes of content"),
      ("HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n", "the length of its content is no number"),
      ("HTTP/1.1 200 OK\r\nContent-Length: 3x\r\n\r\n", "the length of its content is no number"),
      ("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", "its content exceeds 100 bytes"),
      ("HTTP/1.1 200 OK\r\n\r\n\(String(repeating: "x", count: 101))", "its content exceeds 100 bytes"),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "its content is coded"),
      ("HTTP/1.1 200 OK\r\nA: \(String(repeating: "x", count: 66_000))", "its head exceeds 64 KiB"),
    ])
  func broken(_ text: String, _ reason: String) {
    #expect(throws: HTTPClientError.brokenAnswer(reason)) { try read(text, thenEnds: true) }
  }
}
