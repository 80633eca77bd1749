import Libevent
import Proxy

/// What a process that another one has taken over from still owes it: how its last sessions go, twice a second, and which
/// have ended.
final class Succession {
  /// How it is told.
  private static let interval = Duration.milliseconds(500)

  private let upgrade: Upgrade
  private let sessions: SessionDesk
  private let news: () -> HandoverMessage.Draining
  private var timer: Timer?
  /// The ended sessions that the other process knows of, by their ids. Older ones aren't listed any more.
  private var known: Set<UInt64>?

  /// Begins to tell.
  ///
  /// - Parameter news: says how the sessions go now.
  init(
    _ upgrade: Upgrade, _ sessions: SessionDesk, on loop: EventLoop, news: @escaping () -> HandoverMessage.Draining
  ) {
    self.upgrade = upgrade
    self.sessions = sessions
    self.news = news
    timer = Timer(on: loop) { [unowned self] in
      tell()
      timer?.schedule(after: Self.interval)
    }
    upgrade.tell(.draining(news()))
    timer?.schedule(after: .zero)
  }

  /// Tells how it goes now, unless the other process hasn't taken what it was told before: that can only become older.
  func tell() {
    guard upgrade.hasTold else { return }
    sessions.recent { [weak self] ended in self?.tell(ended) }
  }

  private func tell(_ ended: [EndedSession]) {
    guard upgrade.hasTold else { return }
    var news = news()
    // What this process had been told by the one before it goes along once.
    let inherited = known == nil ? sessions.inherited : []
    news.recent = ended.filter { known?.contains($0.id) != true }.map { sessions.describe($0) } + inherited
    upgrade.tell(.draining(news))
    known = Set(ended.map(\.id))
  }

  /// Tells it for the last time: no session is left, and no worker to ask.
  func tellFinally() {
    upgrade.tellFinally(.draining(news()))
  }
}
