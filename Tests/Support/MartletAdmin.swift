import FoundationEssentials
internal import Sockets

/// What an operator asks of a running proxy through its admin socket.
extension MartletProcess {
  /// Where its admin socket is.
  package var adminSocket: String { folder.path + "/martlet/admin.sock" }

  /// Waits until it has ended, and leaves its successor alone, which waiting for the program wouldn't.
  package func waitForEnd(limit: Duration = .seconds(10)) throws {
    try Support.waitUntil("the process ends", limit: limit) {
      (SmallFile.read("/proc/\(program.pid)/stat") ?? ") Z ").contains(") Z ")
    }
  }

  /// Where its stats port is, if that is a Unix socket.
  package var statsSocket: String { folder.path + "/stats" }

  /// Where it keeps what outlives it.
  package var stateFile: String { folder.path + "/martlet/state" }

  /// Asks, and gives the status and the content of the answer.
  package func admin(
    _ method: String, _ path: String, _ body: String? = nil, limit: Duration = .seconds(40)
  ) throws -> (status: Int, body: String) {
    try AdminDoor(path: adminSocket).ask(method, path, body, limit: limit)
  }

  /// Asks, and gives the answer, which has to be a good one.
  package func ask<Answer: Decodable>(
    _ type: Answer.Type, _ method: String, _ path: String, _ body: String? = nil
  ) throws -> Answer {
    let (status, text) = try admin(method, path, body)
    guard status < 300 else { throw Failure("\(method) \(path): \(status) \(text)\n\(log.suffix(2000))") }
    return try JSONDecoder().decode(type, from: Data(text.utf8))
  }

  /// Lets it read its file again; throws if it refuses that.
  @discardableResult
  package func reload(_ keys: String, _ options: String = "{}") throws -> AdminReloaded {
    try configure(keys)
    return try ask(AdminReloaded.self, "POST", "/v1/reload", options)
  }

  /// Changes what a backend is for.
  package func override(_ body: String) throws {
    struct Done: Decodable { let message: String }
    _ = try ask(Done.self, "POST", "/v1/overrides", body)
  }
}

/// What a reload has come to.
package struct AdminReloaded: Decodable {
  package let generation, draining, closing: Int
  package let changes, warnings: [String]
  package let confirmUntil: String?
}

/// An admin socket, for whoever asks from another thread.
package struct AdminDoor: Sendable {
  /// Where it is.
  package let path: String

  /// The socket at that path.
  package init(path: String) { self.path = path }

  /// Asks, and gives the status and the content of the answer.
  package func ask(
    _ method: String, _ path: String, _ body: String? = nil, limit: Duration = .seconds(40)
  ) throws -> (status: Int, body: String) {
    let socket = try ClientSocket(.unix(self.path), limit: limit)
    let content = body.map { "Content-Type: application/json\r\nContent-Length: \($0.utf8.count)\r\n\r\n\($0)" }
    try socket.send("\(method) \(path) HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n" + (content ?? "\r\n"))
    let answer = try HTTPAnswer(socket.receiveAll())
    return (answer.status, answer.body)
  }
}
