import Glibc
import Libevent
import Sockets
import Synchronization

/// A backend with blocking calls in a thread of its own. It serves one connection after the other as it is told.
final class HealthServer {
  let address: SocketAddress
  private let listener: Socket
  private let state = State()
  private var thread: LoopThread?

  private final class State: Sendable {
    let accepted = Atomic(0)
  }

  /// Serves each connection, and closes it then.
  init(
    at wanted: SocketAddress = .ipv4(0x7F00_0001, port: 0), serve: @escaping @Sendable (Guest) -> Void
  ) throws {
    let listener = try Socket(for: wanted)
    try listener.bind(to: wanted)
    try listener.listen(backlog: 64)
    self.listener = listener
    address = try listener.localAddress()
    let state = state
    thread = LoopThread(name: "backend") {
      _ = fcntl(listener.descriptor, F_SETFL, fcntl(listener.descriptor, F_GETFL) & ~O_NONBLOCK)
      while case .client(let socket, _) = listener.accept() {
        state.accepted.add(1, ordering: .relaxed)
        serve(Guest(socket))
      }
    }
  }

  deinit {
    // Wakes the thread out of accept(2).
    shutdown(listener.descriptor, Int32(SHUT_RDWR))
    thread.take()?.join()
    listener.close()
    if case .unix(let path) = address { UnixSocketFile(at: path)?.remove() }
  }

  /// How many connections the program has seen.
  var accepted: Int { state.accepted.load(ordering: .relaxed) }

  /// One connection; it's closed when the value is dropped. Waits five seconds at most for anything.
  final class Guest {
    private var socket: Socket?

    init(_ socket: Socket) {
      self.socket = socket
      _ = fcntl(socket.descriptor, F_SETFL, fcntl(socket.descriptor, F_GETFL) & ~O_NONBLOCK)
      try? socket.setNoDelay()
      for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(socket.descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
      }
    }

    deinit {
      socket?.close()
    }

    /// Reads until what came ends so, or the peer is gone.
    @discardableResult
    func read(until end: String) -> String {
      var all: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 4096)
      while !all.reversed().starts(with: end.utf8.reversed()) {
        guard let socket, case .bytes(let count) = socket.receive(into: &buffer) else { break }
        all += buffer[..<count]
      }
      return String(decoding: all, as: UTF8.self)
    }

    /// What a read comes to that should find nothing more.
    func readEnd() -> Transfer {
      var buffer = [UInt8](repeating: 0, count: 4096)
      return socket?.receive(into: &buffer) ?? .end
    }

    /// Sends; false once the peer doesn't take any more.
    @discardableResult
    func send(_ text: String) -> Bool {
      guard let socket, case .bytes = socket.send(Array(text.utf8)[...]) else { return false }
      return true
    }

    /// Sends in pieces of so many bytes, with a pause after each.
    func drip(_ text: String, every pause: Duration = .milliseconds(5), bytes: Int = 1) {
      var rest = Array(text.utf8)[...]
      while !rest.isEmpty, send(String(decoding: rest.prefix(bytes), as: UTF8.self)) {
        rest = rest.dropFirst(bytes)
        usleep(UInt32(pause / .microseconds(1)))
      }
    }

    /// Breaks the connection.
    func reset() {
      socket?.reset()
      socket = nil
    }
  }
}
