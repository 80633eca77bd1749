import Libevent
import Proxy
import Sockets

/// Asks all workers about their sessions, those that stand and those that have ended.
final class SessionDesk {
  /// How many ended sessions are told of over all workers.
  static let recentKept = 1000

  /// What was found of the sessions that stand.
  struct Standing {
    /// How many there are.
    var total: Int
    /// The oldest of them.
    var sessions: [SessionSummary]
  }

  private let workforce: Workforce
  private let controller: Controller
  private let lists: Survey<(total: Int, sessions: [SessionSummary])>
  private let recents: Survey<[EndedSession]>

  init(_ workforce: Workforce, _ controller: Controller, on loop: EventLoop) {
    self.workforce = workforce
    self.controller = controller
    lists = Survey(workforce, on: loop)
    recents = Survey(workforce, on: loop)
  }

  /// Finds sessions.
  ///
  /// - Parameters:
  ///   - limit: how many of them to give, the oldest first.
  ///   - done: takes what was found.
  func find(_ selection: SessionSelection, limit: Int, done: @escaping (Standing) -> Void) {
    lists.ask { [workforce] ticket in
      workforce.post(.listSessions(SessionQuery(selection, limit: limit), ticket: ticket))
    } done: { answers in
      let sessions = answers.flatMap(\.sessions).sorted { $0.age > $1.age }
      done(Standing(total: answers.reduce(0) { $0 + $1.total }, sessions: Array(sessions.prefix(limit))))
    }
  }

  /// The sessions that ended last, the newest first.
  func recent(done: @escaping ([EndedSession]) -> Void) {
    recents.ask { [workforce] ticket in
      workforce.post(.listRecent(ticket: ticket))
    } done: { answers in
      let all = answers.flatMap(\.self).sorted { $0.endedAt > $1.endedAt }
      done(Array(all.prefix(Self.recentKept)))
    }
  }

  /// A worker has answered.
  func take(_ list: [SessionSummary], total: Int, from worker: Int, ticket: Int) {
    lists.take((total, list), from: worker, ticket: ticket)
  }

  /// A worker has answered.
  func take(_ list: [EndedSession], from worker: Int, ticket: Int) {
    recents.take(list, from: worker, ticket: ticket)
  }
}

extension EndedSession {
  /// When it ended, in nanoseconds of the monotonic clock.
  var endedAt: UInt64 { acceptedAt &+ duration }
}
