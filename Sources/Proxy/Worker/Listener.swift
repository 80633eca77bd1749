import Libevent
package import Sockets
import SystemPackage

/// What all workers share about one listener; it outlives snapshots.
package final class ListenerStatus: Sendable {
  /// The listener's name in the configuration.
  package let name: String
  /// The sessions that stand.
  package let sessions: Slots
  /// What each worker counted.
  package let counters: [ListenerCounters]

  /// The status of a new listener.
  package convenience init(name: String, workers: Int) {
    self.init(name: name, sessions: Slots(), counters: (0..<workers).map { _ in ListenerCounters() })
  }

  private init(name: String, sessions: Slots, counters: [ListenerCounters]) {
    self.name = name
    self.sessions = sessions
    self.counters = counters
  }

  /// The same listener under another name: its sessions and counts are shared with what it was.
  package func renamed(_ name: String) -> ListenerStatus {
    ListenerStatus(name: name, sessions: sessions, counters: counters)
  }
}

/// A listening socket that one worker accepts from. Whoever hands it over keeps it only as long as the worker may: the last
/// to let go closes it.
package struct ListeningSocket: Sendable {
  /// The listener that it belongs to.
  package let status: ListenerStatus
  /// The socket, bound and listening.
  package let socket: SharedSocket
  /// The port that clients ask for there; nil if there's none, or none that is to be known.
  package let port: UInt16?

  /// A socket of a listener.
  package init(status: ListenerStatus, socket: SharedSocket, port: UInt16? = nil) {
    self.status = status
    self.socket = socket
    self.port = port
  }
}

/// A listening socket as its worker sees it: admits clients as long as there is room for them.
final class Listener: Admission {
  /// Nil once it's closed, though sessions still belong to this listener.
  private(set) var socket: SharedSocket?
  let counters: ListenerCounters
  /// The port that clients ask for here; nil for a Unix socket.
  let port: UInt16?
  /// What the listener is now; a reload may rename it.
  var status: ListenerStatus
  /// Where clients go now; nil for nowhere, and then nobody is taken.
  var route: ListenerRoute?

  /// So many clients may have connected before this process set the socket's options, which a client inherits: it was taken
  /// over, or systemd opened it.
  private var early = 0

  private unowned let worker: Worker
  private var hasStopped = false
  private var acceptor: Acceptor<Listener>?
  /// After a refusal: how many ticks to pause the next time, and until when.
  private var backOff: UInt32 = 1
  private var pausedUntil: UInt32 = 0

  /// The longest pause after a refusal, in ticks.
  private static let longestBackOff: UInt32 = 10

  /// Accepts nobody before `open`.
  init(_ listening: ListeningSocket, worker: Worker) {
    status = listening.status
    socket = listening.socket
    port = listening.port
    counters = status.counters[worker.index]
    self.worker = worker
  }

  func open() {
    early = socket?.socket.acceptQueue?.waiting ?? 0
    acceptor = socket.map { Acceptor($0, on: worker.loop, door: self) }
  }

  // MARK: Admission

  func reserve() -> Bool {
    guard let route, worker.sessionSlots.take(limit: worker.sessionLimit) else {
      pause()
      return false
    }
    guard status.sessions.take(limit: route.maxSessions) else {
      worker.sessionSlots.give()
      pause()
      return false
    }
    return true
  }

  func unreserve() {
    status.sessions.give()
    worker.sessionSlots.give()
  }

  func admit(_ client: Socket, from address: SocketAddress) {
    // Nobody is admitted without a place, and no place is given without a route.
    guard let route else { return client.reset() }
    var place: ClientPlace?
    var wait: UInt64 = 0
    if let admission = route.admission, route.introduction?.expectsHeader(from: address) != true {
      switch admission.admit(address) {
      case .letIn(let taken, let its): (place, wait) = (taken, its)
      case .refused(let refusal): return turnAway(client, from: address, because: refusal)
      }
    }
    if address.port == nil || early > 0 { setOptions(of: client, from: address) }
    counters.accepted.add()
    worker.counters.accepted.add()
    backOff = 1
    let pool = route.introduction?.routes == nil ? route.pool : nil
    let session = Session(client, from: address, pool: pool, listener: self, worker: worker)
    if let place { session.clientPlace = place }
    worker.start(session, by: route.introduction, after: wait)
  }

  /// Refuses a client before anything is made for it.
  private func turnAway(_ client: Socket, from address: SocketAddress, because refusal: Refusal) {
    client.reset()
    counters.accepted.add()
    counters.refused.add(refusal)
    counters.ended.add()
    worker.counters.accepted.add()
    worker.counters.refused.add()
    worker.counters.ended.add()
    unreserve()
    tellOfRefusal(refusal, of: address)
  }

  /// Sets what this client hasn't inherited.
  private func setOptions(of client: Socket, from address: SocketAddress) {
    try? client.setUrgentInline()
    guard address.port != nil else { return }
    try? client.setNoDelay()
    early -= 1
  }

  func refused(by error: Errno) {
    worker.counters.exhaustions.add()
    worker.report(.acceptFailed(listener: status.name, error))
    pausedUntil = worker.tick &+ backOff
    backOff = min(backOff * 2, Self.longestBackOff)
    pause()
  }

  // MARK: Trouble

  /// When trouble with a client was told last, in ticks, when it was that one wasn't let in, and when that a backend ended without a word.
  private var toldAt: UInt32?
  private var toldOfRefusalAt: UInt32?
  private var toldOfSilenceAt: UInt32?

  /// Whether trouble with a client is to be told, and not only counted: once in a while.
  func mayTell() -> Bool { mayTell(&toldAt) }

  /// A client isn't let in: told once in a while.
  func tellOfRefusal(_ refusal: Refusal, of client: SocketAddress) {
    guard mayTell(&toldOfRefusalAt) else { return }
    worker.report(.turnedAway(listener: status.name, client, refusal))
  }

  /// Whether it's to be told that a backend has ended a session without a word: once in a while.
  func mayTellOfSilence() -> Bool { mayTell(&toldOfSilenceAt) }

  private func mayTell(_ toldAt: inout UInt32?) -> Bool {
    if let toldAt, worker.tick &- toldAt < Self.silence { return false }
    toldAt = worker.tick
    return true
  }

  /// For how long nothing more is told, in ticks.
  private static let silence: UInt32 = 600

  // MARK: Pauses

  private func pause() {
    counters.pauses.add()
    if !hasStopped { worker.listeners.pause(self) }
    worker.keepTicking()
  }

  /// Takes clients again if the reason for the pause is gone; a batch that finds no room pauses it again.
  ///
  /// - Returns: whether it takes them.
  func resumeIfPossible() -> Bool {
    guard let acceptor, let route else { return false }
    let waited = Int32(bitPattern: worker.tick &- pausedUntil) >= 0
    let hasRoom =
      worker.sessionSlots.taken < worker.sessionLimit && status.sessions.taken < route.maxSessions
    guard waited, hasRoom else { return false }
    acceptor.resume()
    return true
  }

  // MARK: The end

  /// Stops for good, and leaves the socket open.
  ///
  /// It mustn't be let go before the loop has gone through one more turn. Other descriptors may stand for the same
  /// listening socket, at other workers (a Unix socket) or in another process (a binary upgrade); closing ours doesn't end
  /// its registration with epoll then (epoll(7), question 6), and libevent tells the kernel of an event's end only when the
  /// next turn begins.
  func stop() {
    hasStopped = true
    acceptor?.pause()
  }

  /// Takes whoever has connected by now, as far as there is room: closing the socket would reset them.
  func takeAll() {
    acceptor?.takeAll()
  }

  /// Keeps the port from others without taking clients there.
  func rest() {
    // Where the kernel refuses, the port is anybody's as ever.
    try? socket?.socket.rest()
  }

  /// Lets go of the socket.
  func close() {
    acceptor = nil
    socket = nil
  }
}
