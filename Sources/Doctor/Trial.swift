import Balancing
import Health
import Libevent
import Sockets
import SystemPackage

/// One connection to a backend: what it does when it's told something, or nothing.
final class Trial: IOHandler {
  /// What it did.
  enum Manner: Equatable {
    /// It couldn't be reached, and why, in words.
    case unreachable(String)
    /// It said these bytes, which may be none, within the time.
    case said([UInt8], then: End)
  }

  /// What came behind that.
  enum End: Equatable {
    /// Nothing: it waits.
    case open
    /// It has ended the connection.
    case closed
    /// It has broken it off.
    case reset
  }

  /// How many bytes are heard at most.
  private static let most = 16 << 10

  private let words: [UInt8]
  private let patience: Duration
  private let completed: (Manner, Duration) -> Void
  private let address: SocketAddress
  private var isTCP: Bool { address.port != nil }
  private let began = MonotonicClock.now()
  private var connectTime = Duration.zero
  private var isConnected = false
  private var hasEnded = false
  private var heard: [UInt8] = []
  private var socket: Socket?
  private var event: IOEvent?
  private var timer: Timer?

  /// Connects, says something, and listens.
  ///
  /// - Parameters:
  ///   - words: what is said when the connection stands.
  ///   - limit: how long connecting may take.
  ///   - patience: how long it's listened to from then on, unless it ends before.
  ///   - completed: called once with what it did and how long connecting took, not before this returns.
  init(
    _ words: [UInt8], to address: SocketAddress, limit: Duration, patience: Duration, on loop: EventLoop,
    completed: @escaping (Manner, Duration) -> Void
  ) {
    (self.words, self.address, self.patience, self.completed) = (words, address, patience, completed)
    super.init()
    timer = Timer(on: loop) { [unowned self] in timeIsUp() }
    timer?.schedule(after: limit)
    do throws(Errno) {
      let socket = try Socket(for: address)
      self.socket = socket
      if case .failed(let error) = socket.connect(to: address) {
        failLater(error)
        return
      }
      event = IOEvent(socket.descriptor, on: loop, trigger: .edge, handler: self)
    } catch {
      failLater(error)
    }
  }

  deinit { socket?.reset() }

  override func ready(_ descriptor: Int32, _ readiness: Readiness) {
    guard let socket, !hasEnded else { return }
    if !isConnected {
      if let error = socket.takeError() { return fail(error) }
      // As checks do: where nobody listens, TCP may connect a socket to itself.
      if isTCP, (try? socket.localAddress()) == address { return fail(.connectionRefused) }
      isConnected = true
      connectTime = .nanoseconds(Int64(clamping: MonotonicClock.now() &- began))
      timer?.schedule(after: patience)
      if !words.isEmpty { _ = socket.send(words[...]) }
    }
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      switch socket.receive(into: &buffer) {
      case .bytes(let count):
        heard += buffer[..<count]
        if heard.count > Self.most { return end(.said(heard, then: .open)) }
      case .wouldBlock: return
      case .end: return end(.said(heard, then: .closed))
      case .failed: return end(.said(heard, then: .reset))
      }
    }
  }

  private func timeIsUp() {
    if let failure { return end(.unreachable(failure)) }
    end(isConnected ? .said(heard, then: .open) : .unreachable("no connection in time"))
  }

  /// Why it was over before it began.
  private var failure: String?

  private func failLater(_ error: Errno) {
    failure = ProbeFailure.connecting(error, isTCP: isTCP).1
    timer?.schedule(after: .zero)
  }

  private func fail(_ error: Errno) { end(.unreachable(ProbeFailure.connecting(error, isTCP: isTCP).1)) }

  private func end(_ manner: Manner) {
    guard !hasEnded else { return }
    hasEnded = true
    event = nil
    timer = nil
    completed(manner, connectTime)
  }
}
