/// What a session in a queue waits for.
enum QueuePlace {
  /// Every backend is at its limit of sessions.
  case slot
  /// The backends' guards hold it back.
  case `guard`
}

/// Sessions of one worker that wait until a backend can take them, in the order in which they came, by pool.
struct SessionQueues {
  private struct Queue {
    let pool: PoolStatus
    var line = WaitingLine<Session>()
  }

  private var queues: [ObjectIdentifier: Queue] = [:]

  /// The pools that somebody waits for.
  var pools: [PoolStatus] { queues.values.map(\.pool) }
  /// Everybody who waits; those who wait for the same pool in their order.
  var all: [Session] { queues.values.flatMap(\.line.all) }

  func isWaiting(for pool: PoolStatus) -> Bool {
    !queues.isEmpty && queues[ObjectIdentifier(pool)] != nil
  }

  func first(of pool: PoolStatus) -> Session? {
    queues.isEmpty ? nil : queues[ObjectIdentifier(pool)]?.line.first
  }

  /// The session behind another one that waits.
  func next(after session: Session) -> Session? {
    queues[ObjectIdentifier(session.policy.pool)]?.line.next(after: session)
  }

  /// Puts the session at the end of its pool's queue, if there's room for one more that waits for this; or notes that it
  /// waits for something else from now on, and leaves it where it is.
  mutating func append(_ session: Session, for place: QueuePlace) -> Bool {
    let policy = session.policy
    let previous = session.connector.place
    if previous == place { return true }
    guard policy.pool.places(place).take(limit: policy.limit(of: place)) else { return false }
    session.connector.place = place
    if let previous {
      policy.pool.places(previous).give()
    } else {
      queues[ObjectIdentifier(policy.pool), default: Queue(pool: policy.pool)].line.append(session)
    }
    return true
  }

  /// Takes the session out, if it's in, and gives its place in the pool's queue back.
  mutating func remove(_ session: Session) {
    guard let place = session.connector.place else { return }
    let pool = session.policy.pool
    let key = ObjectIdentifier(pool)
    session.connector.place = nil
    queues[key]?.line.remove(session)
    if queues[key]?.line.count == 0 { queues[key] = nil }
    pool.places(place).give()
  }
}

extension PoolStatus {
  fileprivate func places(_ place: QueuePlace) -> Slots {
    switch place {
    case .slot: waiting
    case .guard: heldBack
    }
  }
}

extension PoolPolicy {
  fileprivate func limit(of place: QueuePlace) -> Int {
    switch place {
    case .slot: queueSize
    case .guard: guardQueue
    }
  }
}
