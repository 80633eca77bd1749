package import Control
package import Libevent
package import Model
package import Proxy
import Sockets

/// Asks all workers about their sessions, those that stand and those that have ended.
package final class SessionDesk {
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
  private let recents: Survey<[SessionRecord]>

  /// Asks these workers.
  package init(_ workforce: Workforce, _ controller: Controller, on loop: EventLoop) {
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
  package func recent(done: @escaping ([SessionRecord]) -> Void) {
    recents.ask { [workforce] ticket in
      workforce.post(.listRecent(ticket: ticket))
    } done: { answers in
      let all = answers.flatMap(\.self).sorted { $0.endedAt > $1.endedAt }
      done(Array(all.prefix(Self.recentKept)))
    }
  }

  /// The sessions that ended last in processes before this one, the newest first.
  package private(set) var inherited: [AdminAnswer.EndedSession] = []

  /// Takes sessions that have ended in a process before this one.
  package func inherit(_ ended: [AdminAnswer.EndedSession]) {
    guard !ended.isEmpty else { return }
    inherited = Self.merge(ended, inherited)
  }

  /// All sessions that ended last, here and in processes before this one, the newest first.
  func history(done: @escaping ([AdminAnswer.EndedSession]) -> Void) {
    recent { [self] own in
      done(Self.merge(describe(own), inherited))
    }
  }

  /// The newest of two lists that have the newest first. Each keeps its order, which is finer than the clock.
  private static func merge(
    _ first: [AdminAnswer.EndedSession], _ second: [AdminAnswer.EndedSession]
  ) -> [AdminAnswer.EndedSession] {
    var (first, second) = (first[...], second[...])
    var merged: [AdminAnswer.EndedSession] = []
    while merged.count < recentKept, let next = first.first ?? second.first {
      if let other = second.first, first.isEmpty || other.ended > next.ended {
        merged.append(other)
        second.removeFirst()
      } else {
        merged.append(next)
        first.removeFirst()
      }
    }
    return merged
  }

  /// Sessions in the words of the admin door.
  package func describe(_ sessions: [SessionRecord]) -> [AdminAnswer.EndedSession] {
    guard !sessions.isEmpty else { return [] }
    let names = BackendNames(controller)
    return sessions.map { describe($0, names) }
  }

  private func describe(_ session: SessionRecord, _ names: BackendNames) -> AdminAnswer.EndedSession {
    let ago = Int64(bitPattern: MonotonicClock.now() &- session.acceptedAt) / 1_000_000
    return AdminAnswer.EndedSession(
      id: String(session.id), client: session.client.description, listener: session.listener.name,
      pool: session.pool?.name, backend: names.name(of: session.backend), sni: session.facts?.serverName,
      alpn: session.facts.flatMap { $0.alpn.isEmpty ? nil : $0.alpn },
      began: Timestamp(milliseconds: Timestamp.now.milliseconds - Int(ago)),
      duration: Double(session.duration) / 1e9, connectTime: session.connectTime.map { Double($0) / 1e9 },
      attempts: session.attempts,
      bytes: Report.Bytes(toBackend: session.bytesToBackend, toClient: session.bytesToClient),
      cause: session.end?.word ?? "", text: session.end?.text ?? "")
  }

  /// A worker has answered.
  package func take(_ list: [SessionSummary], total: Int, from worker: Int, ticket: Int) {
    lists.take((total, list), from: worker, ticket: ticket)
  }

  /// A worker has answered.
  package func take(_ list: [SessionRecord], from worker: Int, ticket: Int) {
    recents.take(list, from: worker, ticket: ticket)
  }
}

/// What backends are called now: they may have got other names since.
struct BackendNames {
  private let names: [Int: String]

  init(_ controller: Controller) {
    names = Dictionary(controller.everyMember.map { ($0.backend.id, $0.backend.name) }) { first, _ in first }
  }

  func name(of backend: Backend?) -> String? {
    backend.map { names[$0.id] ?? $0.name }
  }
}

extension SessionRecord {
  /// When it ended, in nanoseconds of the monotonic clock.
  var endedAt: UInt64 { acceptedAt &+ duration }
}

extension AdminAnswer.EndedSession {
  /// When it ended, in milliseconds of the wall clock.
  fileprivate var ended: Double { Double(began.milliseconds) + duration * 1000 }
}
