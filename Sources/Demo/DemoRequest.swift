import Libevent
import Sockets
import SystemPackage

/// One HTTP request over a connection of its own, answered when the other side has closed it.
final class DemoRequest: IOHandler {
  /// What came of it.
  enum Outcome: Equatable {
    /// The body of a complete answer with status 200.
    case answered([UInt8])
    /// Nobody listens there.
    case refused
    /// What went wrong, for people.
    case failed(String)

    init(_ error: Errno) {
      self = error == .connectionRefused ? .refused : .failed(error.description.lowercased())
    }
  }

  /// When it began, on the monotonic clock.
  let began = MonotonicClock.now()

  private let socket: Socket
  private let done: (DemoRequest, Outcome) -> Void
  private var event: IOEvent?
  private var toSend: ArraySlice<UInt8>
  private var reader = HTTPResponseReader(to: .get, largestContent: 1 << 20)

  /// Asks for a path. Whoever asks holds this object until it's done, and for the rest of the loop's turn.
  init?(
    _ path: String, of address: SocketAddress, on loop: EventLoop, done: @escaping (DemoRequest, Outcome) -> Void
  ) {
    guard let socket = try? Socket(for: address) else { return nil }
    self.socket = socket
    self.done = done
    toSend = Array("GET \(path) HTTP/1.1\r\nHost: \(address)\r\nConnection: close\r\n\r\n".utf8)[...]
    super.init()
    if case .failed = socket.connect(to: address) {
      socket.close()
      return nil
    }
    event = IOEvent(socket.descriptor, on: loop, trigger: .edge, handler: self)
  }

  /// Ends it.
  func end(_ outcome: Outcome) {
    guard event != nil else { return }
    event = nil
    socket.close()
    done(self, outcome)
  }

  override func ready(_ descriptor: Int32, _ readiness: Readiness) {
    if let error = socket.takeError() { return end(Outcome(error)) }
    while !toSend.isEmpty {
      switch socket.send(toSend) {
      case .bytes(let count): toSend = toSend.dropFirst(count)
      case .wouldBlock, .end: return
      case .failed(let error): return end(Outcome(error))
      }
    }
    var buffer = [UInt8](repeating: 0, count: 16 * 1024)
    while event != nil {
      switch socket.receive(into: &buffer) {
      case .bytes(let count): take { reader throws(HTTPClientError) in try reader.take(buffer[..<count]) }
      case .wouldBlock: return
      case .end: take { reader throws(HTTPClientError) in try reader.end() }
      case .failed(let error): end(Outcome(error))
      }
    }
  }

  /// Ends it if the answer is whole by now, or can't be any more.
  private func take(_ read: (inout HTTPResponseReader) throws(HTTPClientError) -> HTTPResponse?) {
    do throws(HTTPClientError) {
      guard let response = try read(&reader) else { return }
      end(response.status == 200 ? .answered(response.body) : .failed("answered with status \(response.status)"))
    } catch {
      end(Outcome(error))
    }
  }
}

extension DemoRequest.Outcome {
  fileprivate init(_ error: HTTPClientError) {
    self =
      if case .brokenAnswer(let what) = error { .failed("an answer is broken: \(what)") } else { .failed("\(error)") }
  }
}
