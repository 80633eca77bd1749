import Balancing
import Control
import Proxy
import Sockets

/// The backend that a client had in a pool that sends it back there, and what comes of that.
struct OwnBackend {
  /// Its place in the pool.
  let index: Int
  private let client: String
  private let name: String
  private let age: Duration
  /// Whether a session can have it now; nil if it's no candidate.
  private let state: CandidateExplanation.State?

  /// Nil if the pool remembers no backend of the client.
  init?(of client: SocketAddress?, in pool: PoolController, _ explanation: RouteExplanation, at now: Instant) {
    guard let client, let table = pool.stick.table, let key = StickKey(client),
      let entry = table.entry(of: key, at: now.nanoseconds),
      let index = pool.members.firstIndex(where: { $0.backend.id == entry.backend })
    else { return nil }
    self.index = index
    self.client = client.host
    name = pool.members[index].backend.name
    age = .seconds(max(Int64(now.nanoseconds / 1_000_000_000) - Int64(entry.seen), 0))
    state = explanation.tiers.flatMap(\.candidates).first { $0.index == index }?.state
  }

  /// Whether the client's next session gets it.
  var isUsable: Bool { state == .usable }

  /// It, if the client's next session gets it.
  var pick: Int? { isUsable ? index : nil }

  /// Where the client's next session goes, if this decides it.
  var sentence: String? {
    switch state {
    case .usable: "The next session of \(client) goes to \(name), which it had \(age.configured) ago."
    case .throttled: "The next session of \(client) waits for \(name), which it had: its guard holds it back."
    case .full, nil: nil
    }
  }

  /// Why it decides nothing, if so.
  var hint: String? {
    switch state {
    case .usable, .throttled: nil
    case .full: "\(client) had \(name), whose sessions are all taken: it gets another one, which is its from then on"
    case nil: "\(client) had \(name), which takes no sessions: it gets another one, which is its from then on"
    }
  }
}
