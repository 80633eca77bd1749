package import Sockets

/// Who decides about clients and takes them.
package protocol Admission: AnyObject {
  /// Keeps a place for one more client; after a no, the acceptor pauses until it's resumed.
  func reserve() -> Bool
  /// Gives the place back: nobody came.
  func unreserve()
  /// Takes a client, for whom a place is kept.
  func admit(_ client: Socket, from address: SocketAddress)
  /// No descriptor is left for a client; the acceptor has paused.
  func exhausted()
}

/// Takes clients off a listening socket and hands them over.
///
/// One client a turn while they come one by one: a second accept(2) would only learn that nobody else is there. When
/// clients are found waiting in turn after turn without a break, it takes twice as many each time, up to a bound that
/// keeps a flood of connects from starving the sessions that stand.
package final class Acceptor<Door: Admission>: IOHandler {
  private let socket: Socket
  private let loop: EventLoop
  private unowned let door: Door
  private var event: IOEvent?
  /// How many turns in a row have found clients waiting, and the last of them.
  private var streak = 0
  private var lastTurn: UInt64 = 0

  /// So many turns in a row are taken for chance.
  private var shortStreak: Int { 4 }
  /// The most clients taken in one turn, as a power of 2.
  private var largestDoubling: Int { 6 }

  /// Starts accepting from a socket that listens. The socket stays the caller's to close, and the door outlives this.
  package init(_ socket: Socket, on loop: EventLoop, door: Door) {
    self.socket = socket
    self.loop = loop
    self.door = door
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
    streak = 0
    event = IOEvent(socket.descriptor, on: loop, trigger: .level, handler: self)
  }

  /// Takes everybody who has connected already, as far as there is room; for the moment before the socket is closed, which
  /// would reset them.
  package func takeAll() {
    take(atMost: .max)
  }

  /// Takes the turn's batch of clients.
  package override func ready(_ descriptor: Int32, _ readiness: Readiness) {
    streak = loop.turn &- lastTurn <= 1 ? streak + 1 : 0
    lastTurn = loop.turn
    take(atMost: 1 << min(max(streak - shortStreak, 0), largestDoubling))
  }

  private func take(atMost batch: Int) {
    var taken = 0
    while taken < batch {
      taken += 1
      guard door.reserve() else { return pause() }
      switch socket.accept() {
      case .client(let client, let address):
        door.admit(client, from: address)
        continue
      case .aborted: door.unreserve()
      case .nobody:
        door.unreserve()
        streak = 0
        return
      case .exhausted:
        door.unreserve()
        pause()
        return door.exhausted()
      }
    }
  }
}
