import Balancing
import Proxy
import Sockets

// MARK: - To another process

extension Controller {
  /// What another process needs to go on where this one is.
  var state: ControllerState {
    let known = hostNames(of: configuration).map { ($0, names.addresses(of: $0).map(\.description)) }
    return ControllerState(
      pools: pools.map { ControllerState.PoolState(name: $0.name, cursor: $0.status.cursor.current) },
      members: pools.flatMap(\.members).map(\.snapshot), addresses: Dictionary(uniqueKeysWithValues: known),
      transitions: Array(transitions), book: book, correlation: correlation.snapshot)
  }

  /// Goes on where another process was; before anything is staged.
  func inherit(_ state: ControllerState) {
    inheritance = InheritedState(state)
    if let known = state.correlation {
      correlation = CorrelatedFailure(window: configuration.slowestCheck, restoring: known)
    }
    names.learn(state.addresses.mapValues { $0.compactMap { SocketAddress($0) } })
    for transition in state.transitions.suffix(Self.transitionsKept) { transitions.append(transition) }
  }

  /// How many sessions this process has ended for that reason, whether they had reached a backend or not.
  func sessionsEnded(for cause: CloseCause) -> Int {
    everyPool.reduce(0) { $0 + $1.sessionsEnded(for: cause) }
  }
}

/// What another process knew of pools and backends, to be looked up for each one that is made.
struct InheritedState {
  private let cursors: [String: UInt64]
  /// By pool, then by what the backend is called there.
  private let members: [String: [String: Member.Snapshot]]

  init(_ state: ControllerState) {
    cursors = Dictionary(state.pools.map { ($0.name, $0.cursor) }) { first, _ in first }
    members = Dictionary(grouping: state.members, by: \.pool).mapValues { members in
      Dictionary(members.map { ($0.key, $0) }) { first, _ in first }
    }
  }

  /// The place of a pool's rotation.
  func cursor(of pool: String) -> UInt64? { cursors[pool] }

  /// What was known of a backend.
  func snapshot(of member: Member) -> Member.Snapshot? {
    guard let known = members[member.key.pool] else { return nil }
    return member.texts.lazy.compactMap { known[$0] }.first
  }
}
