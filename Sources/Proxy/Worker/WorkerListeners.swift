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
}

/// What a worker accepts from, and how that changes.
extension Worker {
  /// Where a listener's clients go now, even if it's gone; nil for nowhere.
  func pool(for listener: Listener) -> Pool? {
    table.routes[listener.status.name]?.pool
  }

  func open(_ opened: [Listener]) {
    for listener in opened {
      listener.route = table.routes[listener.status.name]
      listener.open()
    }
    listeners += opened
  }

  func adopt(_ table: RoutingTable) {
    self.table = table
    for listener in listeners {
      listener.route = table.routes[listener.status.name]
      if listener.isPaused { listener.resumeIfPossible() }
    }
    // Without a new route, who is taken at the end still goes where the listener's clients went last.
    for (listener, _) in leaving.listeners {
      listener.route = table.routes[listener.status.name] ?? listener.route
    }
    requeue()
  }

  // MARK: Rollouts

  func prepare(_ rollout: WorkerRollout) {
    let problem = problem(of: rollout)
    if problem == nil {
      prepared = PreparedRollout(rollout: rollout, opened: rollout.opened.map { Listener($0, worker: self) })
    }
    report(.prepared(worker: index, rollout: rollout.id, problem: problem))
  }

  /// Why a rollout can't be carried out here; nil if it can.
  private func problem(of rollout: WorkerRollout) -> String? {
    if isDraining { return "the worker is about to end" }
    if let prepared { return "rollout \(prepared.rollout.id) is prepared, and neither committed nor aborted" }
    let present = Set(listeners.compactMap(\.socket))
    for opened in rollout.opened {
      let name = opened.status.name
      if present.contains(opened.socket) { return "a socket of listener \(name) is open already" }
      // A Unix socket that nobody may use yet is only bound: connecting to one that listens would succeed.
      if !opened.socket.socket.isListening, (try? opened.socket.socket.localAddress())?.port != nil {
        return "a socket of listener \(name) doesn't listen"
      }
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
    for listener in listeners where isWithdrawn(listener) { leaving.append(listener, .takingAll, in: loop.turn) }
    listeners.removeAll(where: isWithdrawn)
    adopt(rollout.table)
    open(prepared.opened)
    report(.committed(worker: index, rollout: id))
  }

  func abort(_ id: Int) {
    if prepared?.rollout.id == id { prepared = nil }
    report(.aborted(worker: index, rollout: id))
  }

  // MARK: The end

  /// Accepts nobody any more.
  func end(_ queue: LeavingListeners.Queue) {
    isDraining = true
    prepared = nil
    for listener in listeners { leaving.append(listener, queue, in: loop.turn) }
    listeners = []
    reportIfDrained()
  }

  /// Closes what has left, once a turn has passed since.
  ///
  /// - Returns: whether that has been done.
  func leave(in turn: UInt64) -> Bool {
    guard turn > leaving.since else { return false }
    let listeners = leaving.listeners
    leaving = LeavingListeners()
    for (listener, queue) in listeners {
      if queue == .takingAll { listener.takeAll() }
      listener.close()
    }
    reportIfDrained()
    return true
  }

  func reportIfDrained() {
    if isDraining, leaving.isEmpty, pending.isEmpty, standing.isEmpty { report(.drained(worker: index)) }
  }

  /// Closes every listening socket at once: the loop is about to go.
  func closeListeners() {
    for (listener, _) in leaving.listeners { listener.close() }
    for listener in listeners { listener.close() }
    leaving = LeavingListeners()
    listeners = []
  }
}
