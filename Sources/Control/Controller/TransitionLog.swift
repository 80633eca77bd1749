package import Balancing
import Logging
package import Model

/// What has become of backends, as the stats port and the log tell it.
package final class TransitionLog {
  /// How many transitions are remembered.
  package static let kept = 1000

  /// The latest ones, the newest last.
  package private(set) var ring = TransitionRing<Report.Transition>(capacity: kept)
  private let logger: Logger

  /// Remembers none yet.
  init(_ logger: Logger) {
    self.logger = logger
  }

  /// Takes in what another process remembers.
  func inherit(_ transitions: [Report.Transition]) {
    for transition in transitions.suffix(Self.kept) { ring.append(transition) }
  }

  /// A member has another state, or stays in its own though somebody has set something.
  ///
  /// - Parameters:
  ///   - previous: the state that it was in; nil if that hasn't changed.
  ///   - duration: how long the check took that has decided it.
  func changed(
    _ member: Member, of pool: PoolController, was previous: Report.Backend.State?, _ cause: Report.Transition.Cause,
    because reason: String, took duration: Duration?
  ) {
    let state = member.state
    ring.append(
      Report.Transition(
        time: previous == nil ? .now : member.since, pool: pool.name, backend: member.backend.name,
        from: previous ?? state, to: state, cause: cause, reason: reason, duration: duration?.inSeconds))
    logger.log(
      level: state.level,
      "\(pool.name)/\(member.backend.name) \(previous == nil ? "stays" : "is") \(state.rawValue): \(reason)",
      metadata: [
        "pool": "\(pool.name)", "backend": "\(member.backend.name)", "from": "\((previous ?? state).rawValue)",
        "to": "\(state.rawValue)", "cause": "\(cause.rawValue)",
      ])
    if previous != nil, !state.isEligible, !pool.members.contains(where: { $0.isEligible(at: .now) }) {
      logger.error("pool \(pool.name) has no eligible backend left", metadata: ["pool": "\(pool.name)"])
    }
  }

  /// A member has come.
  func came(_ member: Member, to pool: PoolController, because reason: String) {
    note(member, of: pool, from: .absent, to: member.state, because: reason)
  }

  /// A member has gone.
  func went(_ member: Member, from pool: PoolController, because reason: String) {
    note(member, of: pool, from: member.state, to: .absent, because: reason)
  }

  private func note(
    _ member: Member, of pool: PoolController, from old: Report.Backend.State, to new: Report.Backend.State,
    because reason: String
  ) {
    ring.append(
      Report.Transition(
        time: .now, pool: pool.name, backend: member.backend.name, from: old, to: new, cause: .names, reason: reason))
    logger.notice(
      "\(pool.name)/\(member.backend.name) is \(new == .absent ? "gone" : "new"): \(reason)",
      metadata: ["pool": "\(pool.name)", "backend": "\(member.backend.name)"])
  }
}

extension Report.Backend.State {
  /// How loudly it's told.
  fileprivate var level: Logger.Level {
    switch self {
    case .down, .ejected, .held, .ourselves, .vanished, .unresolved: .warning
    case .up, .warming, .unknown, .draining, .maintenance, .absent: .notice
    }
  }
}
