import Libevent
import Sockets

/// The sessions of a worker that have taken what their sources had gathered. On a link with a rate the next packet is a
/// fraction of a millisecond away: waiting for several makes each call move more.
final class Gathering {
  /// How long what comes is gathered at most.
  static let time = Duration.milliseconds(2)

  private var sessions: [Session] = []
  private var spare: [Session] = []
  private var clock: PreciseTimer?

  init(on loop: EventLoop) {
    clock = PreciseTimer(on: loop) { [unowned self] in look() }
  }

  /// Looks at the session when it's time.
  func add(_ session: Session) {
    guard !session.isGathering else { return }
    session.isGathering = true
    if sessions.isEmpty { clock?.schedule(after: Self.time) }
    sessions.append(session)
  }

  /// Looks at nobody any more.
  func end() {
    clock = nil
    sessions = []
  }

  private func look() {
    swap(&sessions, &spare)
    for session in spare {
      session.isGathering = false
      session.lookForMore()
    }
    spare.removeAll(keepingCapacity: true)
  }
}
