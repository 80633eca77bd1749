package import Sockets
package import SystemPackage

/// Who decides about clients and takes them.
package protocol Admission: AnyObject {
  /// Keeps a place for one more client; after a no, the acceptor pauses until it's resumed.
  func reserve() -> Bool
  /// Gives the place back: nobody came.
  func unreserve()
  /// Takes a client, for whom a place is kept.
  func admit(_ client: Socket, from address: SocketAddress)
  /// The kernel gives no client, for want of descriptors or another reason; the acceptor has paused.
  func refused(by error: Errno)
}

/// Takes clients off a listening socket and hands them over.
///
/// One client a turn while they come one by one: a second accept(2) would only learn that nobody else is there. When
/// clients are found waiting in turn after turn without a break, it takes twice as many each time, up to a bound that
/// keeps a flood of connects from starving the sessions that stand.
///
/// Dropping it ends it at once, even in the midst of a batch.
package final class Acceptor<Door: Admission> {
  private let queue: AcceptQueueReader<Door>

  /// Starts accepting from a socket that listens. The door outlives this.
  package init(_ socket: SharedSocket, on loop: EventLoop, door: Door) {
    queue = AcceptQueueReader(socket, on: loop, door: door)
    queue.resume()
  }

  deinit {
    queue.end()
  }

  /// Whether clients are left waiting in the kernel's queue.
  package var isPaused: Bool { queue.isPaused }

  /// Leaves clients waiting in the kernel's queue.
  package func pause() {
    queue.pause()
  }

  /// Takes clients again.
  package func resume() {
    queue.resume()
  }

  /// Takes everybody who has connected already, as far as there is room; for the moment before the socket is closed, which
  /// would reset them.
  package func takeAll() {
    queue.take(atMost: .max)
  }
}

/// What the loop calls for an acceptor, which may be dropped by whoever it has just handed a client to.
private final class AcceptQueueReader<Door: Admission>: IOHandler {
  private let socket: SharedSocket
  private let loop: EventLoop
  private unowned let door: Door
  private var event: IOEvent?
  private var hasEnded = false
  /// How many turns in a row have found clients waiting, and the last of them.
  private var streak = 0
  private var lastTurn: UInt64 = 0

  /// So many turns in a row are taken for chance.
  private var shortStreak: Int { 4 }
  /// The most clients taken in one turn, as a power of 2.
  private var largestDoubling: Int { 6 }

  init(_ socket: SharedSocket, on loop: EventLoop, door: Door) {
    self.socket = socket
    self.loop = loop
    self.door = door
  }

  var isPaused: Bool { event == nil }

  func pause() {
    event = nil
  }

  func resume() {
    guard event == nil, !hasEnded else { return }
    streak = 0
    event = IOEvent(socket.socket.descriptor, on: loop, trigger: .level, handler: self)
  }

  func end() {
    hasEnded = true
    event = nil
  }

  /// Takes the turn's batch of clients.
  override func ready(_ descriptor: Int32, _ readiness: Readiness) {
    streak = loop.turn &- lastTurn <= 1 ? streak + 1 : 0
    lastTurn = loop.turn
    take(atMost: 1 << min(max(streak - shortStreak, 0), largestDoubling))
  }

  func take(atMost batch: Int) {
    var taken = 0
    while taken < batch, !hasEnded {
      taken += 1
      guard door.reserve() else { return pause() }
      switch socket.socket.accept() {
      case .client(let client, let address):
        door.admit(client, from: address)
        continue
      case .aborted: door.unreserve()
      case .nobody:
        door.unreserve()
        streak = 0
        return
      case .refused(let error):
        door.unreserve()
        pause()
        return door.refused(by: error)
      }
    }
  }
}
