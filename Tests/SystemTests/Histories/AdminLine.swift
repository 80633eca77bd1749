import Support

/// A connection to an admin door that stays open from question to question.
final class AdminLine {
  private let socket: ClientSocket

  /// - Parameter limit: how long it waits for each answer.
  init(to path: String, limit: Duration) throws(ClientError) {
    socket = try ClientSocket(.unix(path), limit: limit)
  }

  /// Asks, and gives the status and the content of the answer. After a failure the connection is of no use any more.
  func ask(_ method: String, _ path: String, _ body: String? = nil) throws -> (status: Int, body: [UInt8]) {
    let content = body.map { "Content-Type: application/json\r\nContent-Length: \($0.utf8.count)\r\n\r\n\($0)" }
    try socket.send("\(method) \(path) HTTP/1.1\r\nHost: admin\r\n" + (content ?? "\r\n"))
    var bytes: [UInt8] = []
    var head: (status: Int, begin: Int, length: Int)?
    while true {
      let more = try socket.receive()
      if more.isEmpty { throw Failure("the connection ended within an answer") }
      bytes += more
      if head == nil { head = try Self.head(of: bytes) }
      guard let head, bytes.count >= head.begin + head.length else { continue }
      return (head.status, Array(bytes[head.begin..<head.begin + head.length]))
    }
  }

  private static func head(of bytes: [UInt8]) throws -> (status: Int, begin: Int, length: Int)? {
    var end = 3
    while end < bytes.count, bytes[end] != 10 || bytes[end - 2] != 10 { end += 1 }
    guard end < bytes.count else { return nil }
    let lines = String(decoding: bytes[...end], as: UTF8.self).split(separator: "\r\n")
    let length = lines.lazy.compactMap { line in
      line.lowercased().hasPrefix("content-length: ") ? Int(line.dropFirst(16)) : nil
    }.first
    guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }), let length else {
      throw Failure("no HTTP answer: \(lines)")
    }
    return (status, end + 1, length)
  }
}
