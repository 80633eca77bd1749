import Libevent
import Sockets

/// What a rollout comes to at one worker, made ready: nothing of it can fail any more.
struct PreparedRollout {
  let rollout: WorkerRollout
  /// The listeners to open.
  let opened: [Listener]
}

/// Listeners between the last turn in which they accept and the one in which their sockets are closed.
struct LeavingListeners {
  /// What becomes of the clients that the kernel has connected, and nobody has accepted.
  enum Queue {
    /// They are served.
    case takingAll
    /// They are served, and then the socket keeps its port without clients.
    case restingAfterAll
    /// They are left to whoever else has the socket.
    case takingNobody
  }

  private(set) var listeners: [(listener: Listener, queue: Queue)] = []
  private(set) var since: UInt64 = 0

  var isEmpty: Bool { listeners.isEmpty }

  mutating func append(_ listener: Listener, _ queue: Queue, in turn: UInt64) {
    listener.stop()
    listeners.append((listener, queue))
    since = turn
  }

  /// Clients are wanted at these sockets again, before they were put to rest.
  mutating func wake(_ sockets: Set<SharedSocket>) {
    for index in listeners.indices where listeners[index].queue == .restingAfterAll {
      if listeners[index].listener.socket.map(sockets.contains) ?? false { listeners[index].queue = .takingAll }
    }
  }
}

/// What a worker accepts from, and how that changes.
final class WorkerListeners {
  /// What clients are taken from.
  private var listeners: [Listener] = []
  /// Those of them at which clients wait for a place, in the order in which they come to one.
  private var paused: [Listener] = []
  /// What no client is taken from any more; the sockets are closed in the next turn.
  private var leaving = LeavingListeners()
  /// What is to happen at a commit.
  private var prepared: PreparedRollout?
  private var isDraining = false
  private unowned let worker: Worker

  /// Accepts from nothing.
  init(_ worker: Worker) {
    self.worker = worker
  }

  /// Accepts from these sockets as well.
  func open(_ sockets: [ListeningSocket]) {
    open(sockets.map { Listener($0, worker: worker) })
  }

  private func open(_ opened: [Listener]) {
    for listener in opened {
      listener.route = worker.table.routes[listener.status.name]
      listener.open()
    }
    listeners += opened
  }

  /// Takes clients by the worker's table, which is another one than before.
  func reroute() {
    let table = worker.table
    for listener in listeners {
      listener.route = table.routes[listener.status.name]
    }
    resumeIfPossible()
    // Without a new route, who is taken at the end still goes where the listener's clients went last.
    for (listener, _) in leaving.listeners {
      listener.route = table.routes[listener.status.name] ?? listener.route
    }
  }

  /// Whether clients are left waiting somewhere.
  var areAnyPaused: Bool { !paused.isEmpty }

  /// A listener has found no room for a client.
  func pause(_ listener: Listener) {
    paused.append(listener)
  }

  /// Takes clients again where there's room by now. More may come than fit: those who don't wait on.
  func resumeIfPossible() {
    paused.removeAll { $0.resumeIfPossible() }
  }

  /// There's a place more: the listener takes a client that has waited longest.
  func resumeOne() {
    guard !paused.isEmpty, let index = paused.firstIndex(where: { $0.resumeIfPossible() }) else { return }
    paused.remove(at: index)
  }

  // MARK: Rollouts

  func prepare(_ rollout: WorkerRollout) {
    let problem = problem(of: rollout)
    if problem == nil {
      leaving.wake(Set(rollout.opened.map(\.socket)))
      prepared = PreparedRollout(rollout: rollout, opened: rollout.opened.map { Listener($0, worker: worker) })
    }
    worker.report(.prepared(worker: worker.index, rollout: rollout.id, problem: problem))
  }

  /// Why a rollout can't be carried out here; nil if it can.
  private func problem(of rollout: WorkerRollout) -> String? {
    if isDraining { return "the worker is about to end" }
    if let prepared { return "rollout \(prepared.rollout.id) is prepared, and neither committed nor aborted" }
    let present = Set(listeners.compactMap(\.socket))
    for opened in rollout.opened {
      let name = opened.status.name
      if present.contains(opened.socket) { return "a socket of listener \(name) is open already" }
      if rollout.table.routes[name] == nil { return "listener \(name) has no pool" }
    }
    if let stranger = rollout.withdrawn.first(where: { !present.contains($0) }) {
      return "socket \(stranger.socket.descriptor) is to be closed, and isn't open here"
    }
    for renamed in rollout.renamed {
      guard let listener = listeners.first(where: { $0.socket == renamed.socket }) else {
        return
          "socket \(renamed.socket.socket.descriptor) is to become listener \(renamed.status.name), and isn't open here"
      }
      if renamed.status.sessions !== listener.status.sessions {
        return "listener \(listener.status.name) is to become \(renamed.status.name) with other counts"
      }
    }
    return nil
  }

  func commit(_ id: Int) {
    guard let prepared, prepared.rollout.id == id else { return }
    self.prepared = nil
    let rollout = prepared.rollout
    for renamed in rollout.renamed {
      listeners.first { $0.socket == renamed.socket }?.status = renamed.status
    }
    let withdrawn = Set(rollout.withdrawn)
    let isWithdrawn = { (listener: Listener) in listener.socket.map(withdrawn.contains) ?? true }
    for listener in listeners where isWithdrawn(listener) {
      let rests = listener.socket.map(rollout.resting.contains) ?? false
      leave(listener, rests ? .restingAfterAll : .takingAll)
    }
    listeners.removeAll(where: isWithdrawn)
    paused.removeAll(where: isWithdrawn)
    worker.adopt(rollout.table)
    open(prepared.opened)
    worker.report(.committed(worker: worker.index, rollout: id))
  }

  func abort(_ id: Int) {
    if prepared?.rollout.id == id { prepared = nil }
    worker.report(.aborted(worker: worker.index, rollout: id))
  }

  // MARK: The end

  /// Accepts nobody any more.
  func end(_ queue: LeavingListeners.Queue) {
    isDraining = true
    prepared = nil
    for listener in listeners { leave(listener, queue) }
    listeners = []
    paused = []
    worker.reportIfDrained()
  }

  private func leave(_ listener: Listener, _ queue: LeavingListeners.Queue) {
    leaving.append(listener, queue, in: worker.loop.turn)
    worker.isCalledFor = true
  }

  /// Whether no client comes any more, however long one waits.
  var haveEnded: Bool { isDraining && leaving.isEmpty }

  /// Closes what has left, once a turn has passed since.
  ///
  /// - Returns: whether another turn is needed for that.
  func leave() -> Bool {
    guard !leaving.isEmpty else { return false }
    guard worker.loop.turn > leaving.since else { return true }
    let listeners = leaving.listeners
    leaving = LeavingListeners()
    for (listener, queue) in listeners {
      if queue != .takingNobody { listener.takeAll() }
      if queue == .restingAfterAll { listener.rest() }
      listener.close()
    }
    worker.reportIfDrained()
    return false
  }

  /// Accepts nobody any more at once: the loop is told to stop.
  func stop() {
    paused = []
    for listener in listeners { listener.stop() }
  }

  /// Closes every listening socket at once: the loop is about to go.
  func close() {
    for (listener, _) in leaving.listeners { listener.close() }
    for listener in listeners { listener.close() }
    leaving = LeavingListeners()
    listeners = []
    paused = []
    prepared = nil
  }
}
