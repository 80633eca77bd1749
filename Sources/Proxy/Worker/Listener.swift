import Libevent
package import Sockets

/// What all workers share about one listener; it outlives snapshots.
package final class ListenerStatus: Sendable {
  /// The listener's name in the configuration.
  package let name: String
  /// The most sessions at a time over all workers.
  package let maxSessions: Int
  /// The sessions that stand.
  package let sessions = Slots()
  /// What each worker counted.
  package let counters: [ListenerCounters]

  /// The status of a new listener.
  package init(name: String, maxSessions: Int, workers: Int) {
    self.name = name
    self.maxSessions = maxSessions
    counters = (0..<workers).map { _ in ListenerCounters() }
  }
}

/// A listening socket that one worker accepts from.
package struct ListeningSocket: Sendable {
  /// The listener that it belongs to.
  package let status: ListenerStatus
  /// The socket, bound and listening.
  package let socket: Socket

  /// A socket of a listener.
  package init(status: ListenerStatus, socket: Socket) {
    self.status = status
    self.socket = socket
  }
}

/// A listener as its worker sees it: admits clients as long as there is room for them.
final class Listener: Admission {
  let status: ListenerStatus
  let counters: ListenerCounters
  /// Where clients go now.
  var pool: Pool

  private unowned let worker: Worker
  private let socket: Socket
  private var acceptor: Acceptor<Listener>?
  /// After running out of descriptors: how many ticks to pause the next time, and until when.
  private var backOff: UInt32 = 1
  private var pausedUntil: UInt32 = 0

  /// The longest pause after running out of descriptors, in ticks.
  private static let longestBackOff: UInt32 = 10

  init(_ listening: ListeningSocket, pool: Pool, worker: Worker) {
    status = listening.status
    socket = listening.socket
    counters = status.counters[worker.index]
    self.pool = pool
    self.worker = worker
    acceptor = Acceptor(socket, on: worker.loop, door: self)
  }

  // MARK: Admission

  func reserve() -> Bool {
    guard worker.sessionSlots.take(limit: worker.sessionLimit) else {
      counters.pauses.add()
      worker.keepTicking()
      return false
    }
    guard status.sessions.take(limit: status.maxSessions) else {
      worker.sessionSlots.give()
      counters.pauses.add()
      worker.keepTicking()
      return false
    }
    return true
  }

  func unreserve() {
    status.sessions.give()
    worker.sessionSlots.give()
  }

  func admit(_ client: Socket, from address: SocketAddress) {
    counters.accepted.add()
    worker.counters.accepted.add()
    backOff = 1
    worker.start(Session(client, from: address, pool: pool, listener: self, worker: worker))
  }

  func exhausted() {
    counters.pauses.add()
    worker.counters.exhaustions.add()
    worker.report(.descriptorsExhausted(listener: status.name))
    pausedUntil = worker.tick &+ backOff
    backOff = min(backOff * 2, Self.longestBackOff)
    worker.keepTicking()
  }

  // MARK: Pauses

  var isPaused: Bool {
    acceptor?.isPaused ?? false
  }

  /// Takes clients again if the reason for the pause is gone; a batch that finds no room pauses it again.
  func resumeIfPossible() {
    guard let acceptor, acceptor.isPaused else { return }
    let waited = Int32(bitPattern: worker.tick &- pausedUntil) >= 0
    let hasRoom =
      worker.sessionSlots.taken < worker.sessionLimit && status.sessions.taken < status.maxSessions
    if waited, hasRoom { acceptor.resume() }
  }

  /// Stops for good. Who has connected by now is served, as far as there is room.
  func close() {
    guard let acceptor else { return }
    acceptor.takeAll()
    self.acceptor = nil
    socket.close()
  }
}
