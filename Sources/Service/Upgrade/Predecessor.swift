import Control
import Fleet
import Glibc
import Libevent
import Model
import Sockets

/// The process that this one has taken over from, for as long as it has sessions left.
final class Predecessor {
  /// How it is; nil until it has told, and as soon as it's gone.
  private(set) var report: Report.Predecessor?

  private let told: (HandoverMessage.Draining) -> Void
  private let changed: (LateChanges) -> Void
  private let remembered: (PastPart) -> Void
  private let stuck: (StickPart) -> Void
  private let gone: () -> Void
  private let version: String
  private let pid: Int
  private var link: ChannelLink?
  private var isFirst = true
  private let took: (FleetLeases?) -> Void

  /// Whether it's there: it has what it counted still to tell, and may have sessions.
  var isThere: Bool { link != nil }

  /// Tells it that this process serves.
  ///
  /// - Parameters:
  ///   - pid: its process.
  ///   - theirs: its version.
  ///   - ours: the version of this process.
  ///   - channel: where it's heard.
  ///   - took: told once it has said that it serves no longer, with the floating addresses that it leaves to this process; or nil, once it's
  ///     gone without having said so.
  ///   - told: takes how it goes, again and again.
  ///   - changed: takes what was changed while this process started.
  ///   - remembered: takes what it remembers, a part at a time.
  ///   - stuck: takes which clients had a session there, and with whom.
  ///   - gone: told when it's gone.
  init(
    _ pid: Int, version theirs: String, heir ours: String, over channel: DescriptorChannel, on loop: EventLoop,
    took: @escaping (FleetLeases?) -> Void,
    told: @escaping (HandoverMessage.Draining) -> Void, changed: @escaping (LateChanges) -> Void,
    remembered: @escaping (PastPart) -> Void, stuck: @escaping (StickPart) -> Void, gone: @escaping () -> Void
  ) {
    self.pid = pid
    version = theirs
    self.took = took
    self.told = told
    self.changed = changed
    self.remembered = remembered
    self.stuck = stuck
    self.gone = gone
    let link = ChannelLink(channel, on: loop) { [unowned self] in take($0) }
    self.link = link
    // If it's gone already, that is told as its end.
    try? link.send(HandoverMessage.ready(version: ours, pid: Int(getpid())).bytes)
  }

  private func take(_ event: ChannelLink.Event) {
    switch event {
    case .message(let message):
      switch HandoverMessage(message.bytes) {
      case .draining(let news): take(news)
      case .changed(let late): changed(late)
      case .past(let part): remembered(part)
      case .stuck(let part): stuck(part)
      // What a later version says beside is none of ours.
      case .ready, .failed, nil: break
      }
    case .ended:
      report = nil
      link = nil
      // It was killed before it said a word. Nobody else is the node by now.
      if isFirst { took(nil) }
      isFirst = false
      gone()
    }
  }

  private func take(_ news: HandoverMessage.Draining) {
    if isFirst { took(news.leases) }
    isFirst = false
    report = Report.Predecessor(pid: pid, version: version, sessions: news.sessions, deadline: news.deadline)
    told(news)
  }
}
