import Balancing
import Config
package import Model
package import Proxy
import Sockets

/// What is known about pools and backends, beside their configuration.
package struct ControllerState: Codable {
  var pools: [PoolState]
  var members: [Member.Snapshot]
  /// The addresses of host names.
  var addresses: [String: [String]]
  var transitions: [Report.Transition]
  /// The leases.
  package var book: OverrideBook
  var correlation: CorrelatedFailure.Snapshot?
  /// Which name of a search list has a host name's addresses, where several may be meant.
  var found: [String: String]?
  /// Which backends clients had, of pools that send them back there.
  var stuck: [StickPart]?
  /// What was found where backends are to be found, by what the sources are called.
  var targets: [String: [FoundTarget]]?
  /// The ranges that hold of files with lists of addresses that aren't right now, by their paths.
  var addressLists: [String: [String]]?

  /// One backend that was found.
  struct FoundTarget: Codable {
    var endpoint: String
    var weight: Int?
    var tier: Int
  }

  /// What is known about a pool.
  struct PoolState: Codable {
    var name: String
    /// The place of the rotation.
    var cursor: UInt64
  }
}

// MARK: - To another process

extension Controller {
  /// What another process needs to go on where this one is.
  package var state: ControllerState {
    let answers = hostNames(of: configuration).compactMap { name in names.answer(of: name).map { (name, $0) } }
    let known = answers.map { ($0, $1.addresses.map(\.description)) }
    return ControllerState(
      pools: pools.map { ControllerState.PoolState(name: $0.name, cursor: $0.status.cursor.current) },
      members: pools.flatMap(\.members).map(\.snapshot), addresses: Dictionary(uniqueKeysWithValues: known),
      transitions: Array(transitions.ring), book: book, correlation: checks.correlated,
      found: Dictionary(uniqueKeysWithValues: answers.compactMap { name, answer in answer.name.map { (name, $0) } }),
      stuck: stuck(),
      targets: Dictionary(
        uniqueKeysWithValues: targets.all.map { source, found in
          (
            source.description,
            found.map {
              ControllerState.FoundTarget(endpoint: $0.endpoint.description, weight: $0.weight, tier: $0.tier)
            }
          )
        }), addressLists: admission.held)
  }

  /// Goes on where another process was; before anything is staged.
  package func inherit(_ state: ControllerState) {
    inheritance = InheritedState(state)
    if let known = state.correlation {
      checks.use(window: configuration.slowestCheck, restoring: known)
    }
    names.learn(state.answers)
    targets.learn(state.found(at: configuration.targetSources), in: configuration.registry)
    transitions.inherit(state.transitions)
    admission.inherit(state.addressLists ?? [:])
  }

  /// How many sessions this process has ended for that reason, whether they had reached a backend or not.
  package func sessionsEnded(for cause: CloseCause) -> Int {
    everyPool.reduce(0) { $0 + $1.sessionsEnded(for: cause) }
  }
}

/// What another process knew of pools and backends, to be looked up for each one that is made.
struct InheritedState {
  private let cursors: [String: UInt64]
  /// By pool, then by what the backend is called there.
  private let members: [String: [String: Member.Snapshot]]
  /// What was known of clients, by pool.
  let stuck: [String: StickPart]

  init(_ state: ControllerState) {
    cursors = Dictionary(state.pools.map { ($0.name, $0.cursor) }) { first, _ in first }
    stuck = Dictionary((state.stuck ?? []).map { ($0.pool, $0) }) { first, _ in first }
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

extension ControllerState {
  /// What is known of the host names that have addresses.
  var answers: [String: NameAnswer] {
    Dictionary(
      uniqueKeysWithValues: addresses.compactMap { host, texts in
        NameAnswer(texts.compactMap { SocketAddress($0) }, name: found?[host]).map { (host, $0) }
      })
  }

  /// What is known of sources.
  func found(at sources: Set<TargetSource>) -> [TargetSource: [Target]] {
    sources.reduce(into: [:]) { found, source in
      guard let known = targets?[source.description] else { return }
      found[source] = known.compactMap { one in
        (try? Endpoint(text: one.endpoint)).map { Target($0, weight: one.weight, tier: one.tier) }
      }
    }
  }
}
