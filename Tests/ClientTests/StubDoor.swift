import FoundationEssentials
import Glibc
import Libevent
import Sockets
import Synchronization
@testable import Model
@testable import Text

/// An admin door that answers what a test wants, on a Unix socket of its own, and notes what it was asked.
final class StubDoor: Sendable {
  /// Something that it was asked.
  struct Question: Sendable, Equatable {
    /// `GET /v1/why?client=10.0.0.7&pool=web`: the method, the path, and the query in the order of its names.
    var line: String
    /// The content.
    var body: String
  }

  private struct State {
    var answers: [String: (status: Int, body: [UInt8])] = [:]
    var questions: [Question] = []
  }

  /// The socket's path.
  let path: String
  private let state = Mutex(State())
  private let stop = Mailbox<Void>()
  private let isUp = Atomic(false)

  /// Answers from now on, at a path of its own unless one is given; nothing is known to it yet.
  init(path: String? = nil) {
    self.path = path ?? "/tmp/martlet-door-\(getpid())-\(UInt32.random(in: .min ... .max)).sock"
    _ = LoopThread(name: "stub") { [path = self.path, stop, weak self] in
      let loop = EventLoop()
      let address = SocketAddress.unix(path: path)
      guard let socket = try? SharedSocket(listeningAt: address, backlog: 16) else {
        preconditionFailure("no socket for a test's door")
      }
      var limits = HTTPServer.Limits()
      limits.bodyBytes = 16 << 20
      let server = HTTPServer(
        on: loop, listening: socket, limits: limits, methods: HTTPMethod.allCases
      ) { request in
        self?.answer(request) ?? HTTPResponse(status: 503, "")
      }
      let receiver = stop.receive(on: loop) { loop.stop() }
      self?.isUp.store(true, ordering: .releasing)
      loop.run()
      withExtendedLifetime((server, receiver)) {}
    }
    while !isUp.load(ordering: .acquiring) { usleep(500) }
  }

  deinit {
    close()
  }

  /// Nobody listens any more, and the socket's file stays.
  func leave() {
    stop.post(())
  }

  /// Nobody listens any more, and the socket is gone.
  func close() {
    leave()
    unlink(path)
  }

  /// Answers that method and path so from now on.
  func answer(_ line: String, _ value: some Encodable, status: Int = 200) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let body = try? encoder.encode(value) else { preconditionFailure("an answer of a test isn't JSON") }
    answer(line, bytes: Array(body), status: status)
  }

  /// Answers that method and path with this content.
  func answer(_ line: String, bytes: [UInt8], status: Int = 200) {
    state.withLock { $0.answers[line] = (status, bytes) }
  }

  /// What it was asked until now.
  var questions: [Question] { state.withLock { $0.questions } }

  /// What it was asked last.
  var last: Question? { questions.last }

  private func answer(_ request: HTTPRequest) -> HTTPResponse {
    let query = request.query.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "&")
    let line = "\(request.method.rawValue) \(request.path)"
    let question = Question(
      line: query.isEmpty ? line : "\(line)?\(query)", body: String(decoding: request.body, as: UTF8.self))
    return state.withLock { state in
      state.questions.append(question)
      guard let (status, body) = state.answers[line] else { return HTTPResponse(status: 404, "nothing at \(line)\n") }
      return HTTPResponse(status: status, contentType: "application/json", body: body)
    }
  }
}
