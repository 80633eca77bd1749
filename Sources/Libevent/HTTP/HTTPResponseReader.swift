internal import Sockets

/// Reads one response to its end (RFC 9112), as far as our own server makes use of HTTP: its content has a length or ends
/// with the connection, and isn't coded. Pure: it sees bytes, and neither sockets nor time.
package struct HTTPResponseReader {
  /// The most bytes of a head.
  static let longestHead = 64 * 1024

  private let method: HTTPMethod
  private let largestContent: Int
  /// What came of the head, or of the content after it.
  private var bytes: [UInt8] = []
  private var head: Head?

  private struct Head {
    var status: Int
    var headers: [(name: String, value: String)] = []
    /// How much content follows; nil for all that comes until the end.
    var length: Int?

    func value(of name: String) -> String? {
      headers.first { $0.name.lowercased() == name }?.value
    }
  }

  /// Expects the response to such a request, with at most so many bytes of content.
  package init(to method: HTTPMethod, largestContent: Int) {
    self.method = method
    self.largestContent = largestContent
  }

  /// Takes the next bytes; the response, once it's whole.
  package mutating func take(_ piece: ArraySlice<UInt8>) throws(HTTPClientError) -> HTTPResponse? {
    bytes += piece
    while head == nil, let text = takeHead() {
      let head = try read(text)
      // RFC 9110, section 15.2: any number of interim responses may come before the one that counts.
      if head.status >= 200 { self.head = head }
    }
    guard let head else {
      guard bytes.count <= Self.longestHead else { throw .brokenAnswer("its head exceeds 64 KiB") }
      return nil
    }
    guard max(head.length ?? 0, bytes.count) <= largestContent else {
      throw .brokenAnswer("its content exceeds \(largestContent) bytes")
    }
    guard let length = head.length, bytes.count >= length else { return nil }
    return response(head, bytes.prefix(length))
  }

  /// Takes note that nothing more comes: the response, if that is how it ends.
  package func end() throws(HTTPClientError) -> HTTPResponse {
    guard let head else {
      throw .brokenAnswer(bytes.isEmpty ? "there is none" : "it ends in the middle of its head")
    }
    guard head.length == nil else {
      throw .brokenAnswer("it ends after \(bytes.count) of \(head.length ?? 0) bytes of content")
    }
    return response(head, bytes[...])
  }

  /// Cuts the head's lines off the bytes, if they are all there.
  private mutating func takeHead() -> [Substring]? {
    let end = Array("\r\n\r\n".utf8)
    guard let range = bytes.firstRange(of: end) else { return nil }
    let text = String(decoding: bytes[..<range.lowerBound], as: UTF8.self)
    bytes.removeSubrange(..<range.upperBound)
    return text.split(separator: "\r\n", omittingEmptySubsequences: false)
  }

  private func read(_ lines: [Substring]) throws(HTTPClientError) -> Head {
    // HTTP/1.1 200 OK
    let words = lines[0].split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].utf8.count == 3, let status = Int(digits: words[1]),
      (100...599).contains(status)
    else { throw .brokenAnswer("it isn't HTTP") }
    var head = Head(status: status)
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { throw .brokenAnswer("it has a header without a colon") }
      // RFC 9110, section 5.5: blanks around a value aren't part of it.
      var value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
      while value.last == " " || value.last == "\t" { value.removeLast() }
      head.headers.append((String(line[..<colon]), String(value)))
    }
    if method == .head || [204, 304].contains(status) {
      head.length = 0
    } else if head.value(of: "transfer-encoding") != nil {
      throw .brokenAnswer("its content is coded")
    } else if let length = head.value(of: "content-length") {
      guard let count = Int(digits: length) else { throw .brokenAnswer("the length of its content is no number") }
      head.length = count
    }
    return head
  }

  private func response(_ head: Head, _ content: ArraySlice<UInt8>) -> HTTPResponse {
    let type = head.value(of: "content-type") ?? ""
    return HTTPResponse(status: head.status, contentType: type, body: Array(content), headers: head.headers)
  }
}
