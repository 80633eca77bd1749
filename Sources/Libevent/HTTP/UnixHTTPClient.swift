import Glibc
import Sockets
package import SystemPackage

/// Why a request through a Unix socket has no response.
package enum HTTPClientError: Error, Equatable {
  /// There is no socket at the path.
  case noSuchSocket
  /// This user may not connect to it.
  case permissionDenied
  /// Nobody listens there: the socket was left behind, or the file is something else.
  case refused
  /// The time is up.
  case timedOut
  /// What came is no response, for this reason: a clause about "it".
  case brokenAnswer(String)
  /// Something else went wrong, such as a path that is too long (ENAMETOOLONG) or no descriptor left (EMFILE).
  case failed(Errno)
}

/// Asks an HTTP server behind a Unix socket, and waits for the response: for commands, not for loops. Each request has a
/// connection of its own.
package struct UnixHTTPClient: Sendable {
  /// Where the socket is.
  package let path: String
  /// The most bytes of content that are taken.
  package var largestContent = 64 << 20

  /// Asks there.
  package init(path: String) {
    self.path = path
  }

  /// Sends a request, and gives the response, whatever its status.
  ///
  /// - Parameters:
  ///   - segments: the parts of the path, which may contain any character; the server finds them in
  ///     `HTTPRequest.segments`.
  ///   - query: the parameters.
  ///   - body: the content; nil for none.
  ///   - contentType: the media type of the content.
  ///   - headers: further headers, without line ends in them.
  ///   - limit: how long all of it may take.
  package func send(
    _ method: HTTPMethod, _ segments: [String], query: [String: String] = [:], body: [UInt8]? = nil,
    contentType: String = "application/json", headers: [(name: String, value: String)] = [], limit: Duration
  ) throws(HTTPClientError) -> HTTPResponse {
    let deadline = Deadline(after: limit)
    let socket = try connect(deadline)
    defer { socket.close() }
    var lines = ["\(method.rawValue) \(Self.target(segments, query)) HTTP/1.1", "Host: localhost", "Connection: close"]
    if let body { lines += ["Content-Type: \(contentType)", "Content-Length: \(body.count)"] }
    lines += headers.map { "\($0.name): \($0.value)" }
    let head = lines.map { $0 + "\r\n" }.joined() + "\r\n"
    try send(Array(head.utf8) + (body ?? []), to: socket, deadline)
    return try receive(HTTPResponseReader(to: method, largestContent: largestContent), from: socket, deadline)
  }

  /// Sends a request to a path that is cut at its slashes.
  package func send(
    _ method: HTTPMethod, _ path: String, query: [String: String] = [:], body: [UInt8]? = nil,
    contentType: String = "application/json", headers: [(name: String, value: String)] = [], limit: Duration
  ) throws(HTTPClientError) -> HTTPResponse {
    let segments = path.split(separator: "/").map(String.init)
    return try send(
      method, segments, query: query, body: body, contentType: contentType, headers: headers, limit: limit)
  }

  /// The request's target: everything in it that has a meaning in a URI is percent-encoded (RFC 3986, section 2.3).
  static func target(_ segments: [String], _ query: [String: String]) -> String {
    let path = segments.map { "/" + encoded($0) }.joined()
    let parameters = query.sorted { $0.key < $1.key }.map { "\(encoded($0.key))=\(encoded($0.value))" }
    return (path.isEmpty ? "/" : path) + (parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&"))
  }

  private static func encoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    for byte in text.utf8 {
      switch UInt8(byte) {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        result.append(byte)
      default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}

// MARK: - The connection

extension UnixHTTPClient {
  private func connect(_ deadline: Deadline) throws(HTTPClientError) -> Socket {
    guard path.utf8.count <= SocketAddress.longestUnixPath else { throw .failed(.fileNameTooLong) }
    let socket: Socket
    do throws(Errno) { socket = try Socket(for: .unix(path: path)) } catch { throw .failed(error) }
    while case .failed(let error) = socket.connect(to: .unix(path: path)) {
      // The server's queue is full, and the kernel tells nobody when it no longer is.
      if error == .wouldBlock, deadline.remaining != nil {
        usleep(10_000)
        continue
      }
      socket.close()
      switch error {
      case .noSuchFileOrDirectory, .notDirectory: throw .noSuchSocket
      case .permissionDenied, .notPermitted: throw .permissionDenied
      case .connectionRefused: throw .refused
      case .wouldBlock: throw .timedOut
      default: throw .failed(error)
      }
    }
    return socket
  }

  private func send(_ bytes: [UInt8], to socket: Socket, _ deadline: Deadline) throws(HTTPClientError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      switch socket.send(rest) {
      case .bytes(let count): rest = rest.dropFirst(count)
      case .wouldBlock, .end: guard socket.wait(for: .room, until: deadline) else { throw .timedOut }
      // A server that won't read it all may have said why.
      case .failed: return
      }
    }
  }

  private func receive(
    _ reader: HTTPResponseReader, from socket: Socket, _ deadline: Deadline
  ) throws(HTTPClientError) -> HTTPResponse {
    var reader = reader
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      switch socket.receive(into: &buffer) {
      case .bytes(let count): if let response = try reader.take(buffer[..<count]) { return response }
      case .wouldBlock: guard socket.wait(for: .input, until: deadline) else { throw .timedOut }
      case .end, .failed: return try reader.end()
      }
    }
  }
}
