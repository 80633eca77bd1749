import Control
import Doors
import Libevent
import Logging
import Model
import Proxy
import Sockets

/// What a process that another one has taken over from still owes it: how its last sessions go, what it has counted and
/// which sessions have ended, twice a second.
final class Succession {
  /// How often it is told.
  private static let interval = Duration.milliseconds(500)
  /// The time from one part of what was counted to the next, if the other process is slow to take it.
  private static let pause = Duration.milliseconds(20)

  private let upgrade: Upgrade
  private let sessions: SessionDesk
  private let past: PastTeller
  private let stick: StickTeller
  private let logger: Logger
  /// How the sessions go now, without what was counted.
  private let news: () -> HandoverMessage.Draining
  private var timer: Timer?
  /// The ended sessions that the other process knows of, by their ids. Older ones aren't listed any more.
  private var known: Set<UInt64>?
  private var hasComplained = false
  private var hasBegun = false

  /// Tells nothing yet.
  ///
  /// - Parameters:
  ///   - past: what this process remembers.
  ///   - stick: says which clients had sessions.
  ///   - news: says how the sessions go now.
  init(
    _ upgrade: Upgrade, _ sessions: SessionDesk, _ past: PastTeller, _ stick: StickTeller, on loop: EventLoop,
    logger: Logger,
    news: @escaping () -> HandoverMessage.Draining
  ) {
    self.upgrade = upgrade
    self.sessions = sessions
    self.past = past
    self.stick = stick
    self.logger = logger
    self.news = news
    timer = Timer(on: loop) { [unowned self] in
      if !upgrade.counts.isDone { return tellPart() }
      // The first round of what was counted comes before it: that is what the figures go on from.
      if known != nil, !past.isDone { tellPast() } else { tell() }
    }
  }

  /// Begins to tell. That this process serves no longer doesn't wait for what was counted.
  func begin() {
    hasBegun = true
    tellStuck()
    send(news())
    timer?.schedule(after: .zero)
  }

  /// Tells how it goes now, unless the other process hasn't taken what it was told before: that can only become older.
  func tell() {
    guard hasBegun else { return }
    timer?.schedule(after: Self.interval)
    guard upgrade.hasTold else { return }
    tellStuck()
    sessions.recent { [weak self] ended in self?.tell(ended) }
  }

  private func tell(_ ended: [SessionRecord]) {
    guard upgrade.hasTold else { return }
    if upgrade.counts.isDone { upgrade.counts.beginRound() }
    // What this process had been told by the one before it goes along once.
    let inherited = known == nil ? sessions.inherited : []
    let unknown = ended.filter { known?.contains($0.id) != true }
    known = Set(ended.map(\.id))
    tellPart(with: sessions.describe(unknown) + inherited)
  }

  /// Tells the next part of what was counted.
  private func tellPart(with ended: [AdminAnswer.EndedSession]? = nil) {
    if upgrade.hasTold {
      var news = news()
      news.counts = upgrade.counts.part()
      news.recent = ended
      send(news)
    }
    let pause: Duration = upgrade.hasTold ? .zero : Self.pause
    timer?.schedule(after: upgrade.counts.isDone && past.isDone ? Self.interval : pause)
  }

  /// Tells which clients had sessions, as these were seen here after the other process was told of all of them.
  private func tellStuck() {
    for part in stick.news() { try? upgrade.tell(.stuck(part)) }
  }

  /// Tells the next part of what this process remembers, if the other one has taken what it was told before.
  private func tellPast() {
    if upgrade.hasTold, let part = past.part() { try? upgrade.tell(.past(part)) }
    let pause: Duration = upgrade.hasTold ? .zero : Self.pause
    timer?.schedule(after: past.isDone ? Self.interval : pause)
  }

  /// Tells it for the last time: no session is left, and no worker to ask.
  func tellFinally() {
    tellStuck()
    upgrade.counts.beginRound()
    repeat {
      var news = news()
      news.counts = upgrade.counts.part()
      send(news)
    } while !upgrade.counts.isDone
    while let part = past.part() { try? upgrade.tell(.past(part)) }
    upgrade.finish()
  }

  private func send(_ news: HandoverMessage.Draining) {
    do throws(ChannelError) {
      try upgrade.tell(.draining(news))
    } catch .tooLarge {
      // Only one that reads the whole form is told so much at once, with thousands of pools. Without it the rest is small.
      if !hasComplained { logger.warning("what was counted is too much to be told to the process that serves now") }
      hasComplained = true
      var rest = news
      rest.counts = CountsHandover()
      try? upgrade.tell(.draining(rest))
    } catch {
      // It's gone: there is nobody to tell.
    }
  }
}
