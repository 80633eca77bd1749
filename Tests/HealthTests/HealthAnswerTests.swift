import Config
import Testing

@testable import Health

/// Feeds an answer in pieces of so many bytes; the verdict, or what is missing at the end.
private func judge(_ answer: Answer, _ text: String, piece: Int) -> Verdict {
  var answer = answer
  var rest = Array(text.utf8)[...]
  while !rest.isEmpty {
    if let verdict = answer.take(rest.prefix(piece)) { return verdict }
    rest = rest.dropFirst(piece)
  }
  return .failed("unfinished: \(answer.shortcoming ?? "nothing")")
}

private func http(_ ranges: [ClosedRange<Int>] = [200...399], body: String? = nil) -> Answer {
  var expectation = HTTPExpectation()
  expectation.status = StatusSet(ranges)
  expectation.body = body
  return .http(HTTPAnswer(expectation))
}

private let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n"

/// An answer with these fields, and 15 bytes of content: a chunk of "hello", and the last one.
private func head(_ fields: String) -> String {
  "HTTP/1.1 200 OK\r\n\(fields)\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
}

@Suite struct HealthAnswerTests {
  private static let cases: [(Answer, String, Verdict)] = [
    (http(), "HTTP/1.1 204 No Content\r\nDate: x\r\n\r\n", .passed("HTTP 204")),
    (http(), "HTTP/1.0 200\n\n", .passed("HTTP 200")),
    (http(), "HTTP/1.1 503 Service Unavailable\r\n\r\n", .failed("HTTP 503, expected 200-399")),
    (http([200...200, 404...404]), "HTTP/1.1 301 x\r\n\r\n", .failed("HTTP 301, expected 200, 404")),
    (
      http(), "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
      .passed("HTTP 200")
    ),
    (http([100...100]), "HTTP/1.1 100 Continue\r\n\r\n", .passed("HTTP 100")),
    (http(), "HTTP/1.1 2000 OK\r\n\r\n", .failed(#"not an HTTP answer: "HTTP/1.1 2000 OK""#)),
    (http(), "HTTP/1.1 OK\r\n\r\n", .failed(#"not an HTTP answer: "HTTP/1.1 OK""#)),
    (http(), "HTTP/1.1 200 OK\r\nDate: x", .failed("unfinished: HTTP 200, but its head is incomplete")),
    (http(), "", .failed("unfinished: nothing")),
    (http(), "HTTP/1.1 2", .failed(#"unfinished: answered "HTTP/1.1 2", which is no whole HTTP status line"#)),
    (http(body: "all well"), "HTTP/1.1 200 OK\r\n\r\n{all well}", .passed(#"HTTP 200 with "all well""#)),
    (http(body: "aab"), "HTTP/1.1 200 OK\r\n\r\naaab", .passed(#"HTTP 200 with "aab""#)),
    (
      http(body: "Date"), "HTTP/1.1 200 OK\r\nDate: x\r\n\r\n",
      .failed(#"unfinished: HTTP 200, but no "Date" in the 0 bytes of its content"#)
    ),
    (http(body: "ok"), "HTTP/1.1 500 ok\r\n\r\nok", .failed("HTTP 500, expected 200-399")),
    (http(body: "hello"), chunked + "3;x=y\r\nhel\r\n002\r\nlo\r\n0\r\n\r\n", .passed(#"HTTP 200 with "hello""#)),
    (http(body: "3"), chunked + "3\r\nhel\r\n0\r\n\r\n", .failed(#"HTTP 200, but no "3" in its content"#)),
    (http(body: "x"), chunked + "-1\r\nx", .failed("HTTP 200, but its chunks are broken")),
    (http(body: "x"), chunked + "+2\r\nxy\r\n", .failed("HTTP 200, but its chunks are broken")),
    (http(body: "x"), chunked + "\r\nxy\r\n", .failed("HTTP 200, but its chunks are broken")),
    (http(body: "x"), chunked + "2 \t; a\r\n-x\r\n", .passed(#"HTTP 200 with "x""#)),
    (http(body: "x"), chunked + "2\r\nabx\r\n", .failed("HTTP 200, but its chunks are broken")),
    (http(body: "5"), head("Transfer-Encoding: \t chunked \t"), .failed(#"HTTP 200, but no "5" in its content"#)),
    (
      http(body: "5"), head("transfer-encoding : gzip\r\nTRANSFER-ENCODING:chunked"),
      .failed(#"HTTP 200, but no "5" in its content"#)
    ),
    (http(body: "5"), head("Transfer-Encoding: unchunked"), .passed(#"HTTP 200 with "5""#)),
    (http(body: "5"), head("Transfer-Encoding: chunked, gzip"), .passed(#"HTTP 200 with "5""#)),
    (
      http(body: "5"), head("Content-Length: 3\r\nTransfer-Encoding: chunked"),
      .failed(#"HTTP 200, but no "5" in its content"#)
    ),
    (http(body: "el"), head("Content-Length:  5 "), .failed(#"HTTP 200, but no "el" in its content"#)),
    (http(body: "he"), head("Content-Length: 5"), .passed(#"HTTP 200 with "he""#)),
    (
      http(body: "x"), head("content-length: 16"),
      .failed("unfinished: HTTP 200, but it ends 1 bytes before the end of its content")
    ),
    (
      http(body: "x"), head("Content-Length: 5, 5\r\nContent-Length: 5"),
      .failed(#"HTTP 200, but no "x" in its content"#)
    ),
    (http(body: "h"), head("Content-Length: 0"), .failed(#"HTTP 200, but no "h" in its content, which is empty"#)),
    (
      http(body: "h"), head("Content-Length: 5\r\nContent-Length: 6"),
      .failed("HTTP 200, but its Content-Length makes no sense")
    ),
    (http(body: "h"), head("Content-Length: +5"), .failed("HTTP 200, but its Content-Length makes no sense")),
    (
      http(body: "h"), head("Content-Length: 99999999999999999999"),
      .failed("HTTP 200, but its Content-Length makes no sense")
    ),
    (http(), head("Content-Length: +5"), .passed("HTTP 200")),
    (http(body: "x"), "HTTP/1.1 204 None\r\n\r\nx", .failed(#"HTTP 204, but no "x" in its content, which is empty"#)),
    (http(), "HTTP/1.x 200 OK\r\n\r\n", .failed(#"not an HTTP answer: "HTTP/1.x 200 OK""#)),
    (http(body: "x"), chunked + "FFFFFFFFFFFFFFFFF\r\nx", .failed("HTTP 200, but its chunks are broken")),
    (http(body: "hel\r\n"), "HTTP/1.1 200 OK\r\n\r\n3\r\nhel\r\n", .passed(#"HTTP 200 with "hel\r\n""#)),
    (.script(ScriptAnswer(expect: Array("+PONG".utf8))), "++PONG\r\n", .passed(#"answered "+PONG""#)),
    (.script(ScriptAnswer(expect: [0])), "\u{1}\u{0}", .passed(#"answered "\x00""#)),
    (
      .script(ScriptAnswer(expect: [1])), "no \"1\"\\\r\n",
      .failed(#"unfinished: answered "no \"1\"\\\r\n", not "\x01""#)
    ),
    (.script(ScriptAnswer(expect: [1])), "", .failed("unfinished: nothing")),
  ]

  @Test("an answer is judged alike, in however small pieces it comes", arguments: cases.indices)
  func pieces(_ index: Int) {
    let (answer, text, expected) = Self.cases[index]
    for piece in [1, 2, 3, 7, 100_000] {
      #expect(judge(answer, text, piece: piece) == expected, "in pieces of \(piece)")
    }
  }

  @Test("what isn't HTTP is known by its first bytes, without the end of a line")
  func banner() {
    #expect(judge(http(), "SSH-2.0-OpenSSH_9.2", piece: 100) == .failed(#"not an HTTP answer: "SSH-2.0-OpenSSH_9.2""#))
    #expect(judge(http(), "HTTP/2", piece: 100) == .failed(#"not an HTTP answer: "HTTP/2""#))
  }

  @Test("a text counts up to the last byte of the first 64 KiB, and not a byte further", arguments: [0, 1])
  func bound(_ excess: Int) {
    let filling = String(repeating: "x", count: 65_536 - 2 + excess) + "ok"
    let content = judge(http(body: "ok"), "HTTP/1.1 200 OK\r\n\r\n\(filling)", piece: 4096)
    let script = judge(.script(ScriptAnswer(expect: Array("ok".utf8))), filling, piece: 4096)
    if excess == 0 {
      #expect(content == .passed(#"HTTP 200 with "ok""#))
      #expect(script == .passed(#"answered "ok""#))
    } else {
      #expect(content == .failed(#"HTTP 200, but no "ok" in the first 64 KiB of its content"#))
      #expect(script == .failed(#"no "ok" in the first 64 KiB"#))
    }
  }

  @Test(
    "a head without an end is given up after 64 KiB, whether of one line, many, or interim answers",
    arguments: ["x", "x: y\r\n", "\r\nHTTP/1.1 100 Continue\r\n"])
  func endlessHead(_ line: String) {
    let head = "HTTP/1.1 100 Continue\r\n" + String(repeating: line, count: 66_000 / line.utf8.count)
    #expect(judge(http(), head, piece: 4096) == .failed("the head of the HTTP answer exceeds 64 KiB"))
  }

  @Test("foreign bytes are shown in one short line")
  func excerpt() {
    #expect(Excerpt("a\t\u{7F}é".utf8).description == #""a\x09\x7f\xc3\xa9""#)
    #expect(Excerpt(String(repeating: "x", count: 41).utf8).description == "\"\(String(repeating: "x", count: 40))…\"")
    #expect(Excerpt(String(repeating: "x", count: 40).utf8).description == "\"\(String(repeating: "x", count: 40))\"")
  }

  @Test("a search finds exactly what a plain comparison finds")
  func search() {
    // All texts of two letters up to a length, against all words: every way to fall back is among them.
    func texts(_ length: Int) -> [[UInt8]] {
      (0..<(1 << length)).map { bits in (0..<length).map { UInt8(bits >> $0 & 1) } }
    }
    for word in (1...4).flatMap(texts) {
      for text in texts(9) {
        var search = TextSearch(for: word)
        let found = text.indices.first { search.take(text[$0]) }
        let plain = text.indices.first { $0 + 1 >= word.count && text[...$0].suffix(word.count).elementsEqual(word) }
        #expect(found == plain)
      }
    }
  }
}
