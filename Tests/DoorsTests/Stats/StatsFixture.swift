import Glibc
import Libevent
import Sockets
import Synchronization

@testable import Doors
@testable import Model

/// A server on a loop in a thread of its own, at a free port of the loopback address.
final class StatsFixture {
  let port: UInt16
  private let stop: Mailbox<Void>
  private var thread: LoopThread?

  /// The stats port.
  convenience init(report: @escaping @Sendable () -> Report) {
    self.init { loop in
      let server = try? StatsServer(
        on: loop, bind: .ipv4(0x7F00_0001, port: 0), source: StatsSource(on: loop, report: report))
      return (server?.address.port, server)
    }
  }

  /// A server with pages of the test's own.
  convenience init(answer: @escaping @Sendable (HTTPRequest) -> HTTPResponse) {
    self.init { loop in
      let address = SocketAddress.ipv4(0x7F00_0001, port: 0)
      guard let socket = try? SharedSocket(listeningAt: address, backlog: 16) else { return (nil, nil) }
      return ((try? socket.socket.localAddress())?.port, HTTPServer(on: loop, listening: socket, handle: answer))
    }
  }

  private init(start: @escaping @Sendable (EventLoop) -> (port: UInt16?, server: AnyObject?)) {
    let stop = Mailbox<Void>()
    let bound = Port()
    thread = LoopThread(name: "stats") {
      let loop = EventLoop()
      let (port, server) = start(loop)
      bound.number.store(Int(port ?? 0), ordering: .releasing)
      let receiver = stop.receive(on: loop) { loop.stop() }
      loop.run()
      withExtendedLifetime((server, receiver)) {}
    }
    while bound.number.load(ordering: .acquiring) < 0 { usleep(500) }
    self.stop = stop
    port = UInt16(bound.number.load(ordering: .acquiring))
  }

  deinit {
    stop.post(())
    if let thread = thread.take() { thread.join() }
  }

  /// The address of a page.
  func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

  /// The port's number, left by the server's thread; below 0 until it's known.
  private final class Port: Sendable {
    let number = Atomic(-1)
  }
}

extension StatsPage {
  /// What the stats port answers to a request.
  static func answer(_ request: HTTPRequest, report: () -> Report) -> HTTPResponse {
    switch answer(to: request) {
    case .given(let response): response
    case .rendered(let form): form.render(report())
    case .past(let step): HistoryJSON.sample.response(after: step)
    case .transitions: HistoryJSON.sample.transitionsResponse
    case .readiness: ReadinessReport(report()).response
    }
  }
}

/// Runs a shell command and gives what it wrote and its exit status.
func shell(_ command: String) -> (output: String, status: Int32) {
  guard let pipe = popen(command, "r") else { return ("", -1) }
  var output: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { output += buffer.prefix(count) }
  let status = pclose(pipe)
  return (String(decoding: output, as: UTF8.self), status >> 8)
}

/// Whether a program can't be found. Where CI is true the tests that need one run in any case, and fail without it.
func isMissing(_ program: String) -> Bool {
  getenv("CI").map { String(cString: $0) } != "true" && shell("command -v \(program) >/dev/null").status != 0
}
