package import Sockets

/// Takes clients off a listening socket and hands them over.
///
/// One client a turn while they come one by one: a second accept(2) would only learn that nobody else is there. As soon
/// as clients are found waiting turn after turn, it takes twice as many each time, up to a bound that keeps a flood of
/// connects from starving the sessions that stand.
package final class Acceptor: IOHandler {
  /// Called with each client; says whether there is room for another.
  package typealias Admission = (Socket, SocketAddress) -> Void

  /// The most clients taken in one turn.
  package static let largestBatch = 64

  private let socket: Socket
  private let loop: EventLoop
  private let hasRoom: () -> Bool
  private let admit: Admission
  private let exhausted: () -> Void
  private var batch = 1
  private var event: IOEvent?

  /// Starts accepting from a socket that listens. The socket stays the caller's to close.
  ///
  /// - Parameters:
  ///   - hasRoom: asked before each client is taken; after a no the acceptor pauses until `resume`.
  ///   - exhausted: the process or the system has no descriptor left; the acceptor has paused.
  ///   - admit: takes each client.
  package init(
    _ socket: Socket, on loop: EventLoop, hasRoom: @escaping () -> Bool, exhausted: @escaping () -> Void,
    admit: @escaping Admission
  ) {
    self.socket = socket
    self.loop = loop
    self.hasRoom = hasRoom
    self.exhausted = exhausted
    self.admit = admit
    super.init()
    resume()
  }

  /// Whether clients are left waiting in the kernel's queue.
  package var isPaused: Bool { event == nil }

  /// Leaves clients waiting in the kernel's queue.
  package func pause() {
    event = nil
  }

  /// Takes clients again.
  package func resume() {
    guard event == nil else { return }
    event = IOEvent(socket.descriptor, on: loop, trigger: .level, handler: self)
  }

  /// Takes the turn's batch of clients.
  package override func ready(_ descriptor: Int32, _ readiness: Readiness) {
    for _ in 0..<batch {
      guard hasRoom() else { return pause() }
      switch socket.accept() {
      case .client(let client, let address): admit(client, address)
      case .aborted: continue
      case .nobody:
        batch = 1
        return
      case .exhausted:
        pause()
        return exhausted()
      }
    }
    batch = min(batch * 2, Self.largestBatch)
  }
}
