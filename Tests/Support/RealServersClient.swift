import Glibc

/// Where a test connects to.
package enum Target: Sendable {
  /// A numeric address and a port.
  case ip(String, UInt16)
  /// The path of a Unix socket.
  case unix(String)

  /// A port of 127.0.0.1.
  package static func local(_ port: UInt16) -> Target { .ip("127.0.0.1", port) }
}

/// How a call on a client's socket failed.
package enum ClientError: Error, Equatable, Sendable {
  /// Nobody listens.
  case refused
  /// The other side broke the connection (RST).
  case reset
  /// Nothing happened within the limit.
  case timeout
  /// Anything else, by its errno.
  case other(Int32)

  init(errno code: Int32) {
    self =
      switch code {
      case ECONNREFUSED, ENOENT: .refused
      case ECONNRESET, EPIPE: .reset
      case EAGAIN, ETIMEDOUT, EINPROGRESS: .timeout
      default: .other(code)
      }
  }
}

/// A blocking socket of a client; each call has a time limit.
package final class ClientSocket: @unchecked Sendable {
  // Nothing changes after init; calls of several threads meet in the kernel.
  private let descriptor: Int32

  /// Connects.
  ///
  /// - Parameter source: the address to come from; nil leaves that to the kernel.
  package init(_ target: Target, from source: String? = nil, limit: Duration = .seconds(10)) throws(ClientError) {
    var storage = sockaddr_storage()
    let size = Self.fill(&storage, with: target)
    let stream = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    descriptor = socket(Int32(storage.ss_family), stream, 0)
    guard descriptor >= 0 else { throw ClientError(errno: errno) }
    let (seconds, attoseconds) = limit.components
    var time = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
    }
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    if let source {
      var local = sockaddr_storage()
      let size = Self.fill(&local, with: .ip(source, 0))
      let bound = Self.with(&local) { bind(descriptor, $0, size) }
      guard bound == 0 else { throw ClientError(errno: errno) }
    }
    guard Self.with(&storage, { connect(descriptor, $0, size) }) == 0 else { throw ClientError(errno: errno) }
  }

  deinit {
    close(descriptor)
  }

  /// Sends all of the text.
  package func send(_ text: String) throws(ClientError) {
    try send(Array(text.utf8))
  }

  /// Sends all of the bytes.
  package func send(_ bytes: [UInt8]) throws(ClientError) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count >= 0 else { throw ClientError(errno: errno) }
      sent += count
    }
  }

  /// Some bytes as they come; none at the other side's end.
  package func receive(atMost limit: Int = 65_536) throws(ClientError) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: limit)
    let count = recv(descriptor, &buffer, limit, 0)
    guard count >= 0 else { throw ClientError(errno: errno) }
    return Array(buffer[..<count])
  }

  /// Everything up to the other side's end.
  package func receiveAll() throws(ClientError) -> String {
    var all: [UInt8] = []
    while true {
      let more = try receive()
      if more.isEmpty { return String(decoding: all, as: UTF8.self) }
      all += more
    }
  }

  /// Exactly that many bytes, or fewer if the other side ends before.
  package func receive(exactly count: Int) throws(ClientError) -> [UInt8] {
    var all: [UInt8] = []
    while all.count < count {
      let more = try receive(atMost: count - all.count)
      if more.isEmpty { break }
      all += more
    }
    return all
  }

  /// Says that nothing more will be sent.
  package func finish() {
    shutdown(descriptor, Int32(SHUT_WR))
  }

  /// Sends a request over the connection, which stays open, and reads the whole answer.
  package func request(_ path: String = "/") throws -> HTTPAnswer {
    try send("GET \(path) HTTP/1.1\r\nHost: test\r\n\r\n")
    var all: [UInt8] = []
    while true {
      let more = try receive()
      if more.isEmpty { throw Failure("the connection ended within an answer") }
      all += more
      if let answer = try? HTTPAnswer(String(decoding: all, as: UTF8.self)), answer.isComplete { return answer }
    }
  }

  private static func with<Value>(_ storage: inout sockaddr_storage, _ body: (UnsafePointer<sockaddr>) -> Value)
    -> Value
  {
    withUnsafePointer(to: &storage) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
  }

  private static func fill(_ storage: inout sockaddr_storage, with target: Target) -> socklen_t {
    withUnsafeMutableBytes(of: &storage) { bytes in
      switch target {
      case .ip(let host, let port) where host.contains(":"):
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        inet_pton(AF_INET6, host, &address.sin6_addr)
        bytes.storeBytes(of: address, as: sockaddr_in6.self)
        return socklen_t(MemoryLayout<sockaddr_in6>.size)
      case .ip(let host, let port):
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        bytes.storeBytes(of: address, as: sockaddr_in.self)
        return socklen_t(MemoryLayout<sockaddr_in>.size)
      case .unix(let path):
        bytes.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
        let text = Array(path.utf8.prefix(107))
        bytes[2..<(2 + text.count)].copyBytes(from: text)
        return socklen_t(2 + text.count + 1)
      }
    }
  }
}

/// What an HTTP server answered.
package struct HTTPAnswer: Sendable {
  /// The status code.
  package let status: Int
  /// The content, as far as it has come.
  package let body: String
  private let length: Int?

  /// Whether all of the content is there, as far as the answer says how long it is.
  package var isComplete: Bool { length.map { $0 == body.utf8.count } ?? true }

  /// Reads an answer's text.
  package init(_ text: String) throws {
    guard let end = text.firstRange(of: "\r\n\r\n"), text.hasPrefix("HTTP/1."),
      let code = text.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap({ Int($0.prefix(3)) })
    else { throw Failure("no HTTP answer: \(text.prefix(200))") }
    status = code
    body = String(text[end.upperBound...])
    length = text[..<end.lowerBound].split(separator: "\r\n").lazy
      .map { $0.lowercased() }.first { $0.hasPrefix("content-length:") }
      .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) }
  }
}

/// Asks for a page over a connection of its own, as most of the tests' clients do.
package func ask(_ target: Target, from source: String? = nil, limit: Duration = .seconds(10)) throws -> HTTPAnswer {
  let socket = try ClientSocket(target, from: source, limit: limit)
  try socket.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
  let answer = try HTTPAnswer(socket.receiveAll())
  guard answer.isComplete else { throw Failure("an answer was cut off: \(answer)") }
  return answer
}
