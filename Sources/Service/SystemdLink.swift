import Config
import Control
import Libevent
import Sockets

/// What systemd is told of this process, if it asks (sd_notify(3); what Type=notify-reload wants of a reload as well).
///
/// The watchdog is fed only while the control loop and every worker's loop turn: a process in which one of them hangs
/// serves nobody well.
final class SystemdLink {
  /// What ending may take beyond the time in which sessions drain.
  private static let margin = Duration.seconds(10)
  /// How often it's looked at whether there's another status to tell.
  private static let statusInterval = Duration.seconds(5)

  private let notify: SystemdNotify?
  /// A manager with a full queue lets wait.
  private let teller: BackgroundWorker?
  private let workforce: Workforce
  /// What is done now, in one line.
  private let status: () -> String
  private var told: String?
  private var statusTimer: Timer?
  private var timer: Timer?
  private var ticket = 0
  private var waiting: Set<Int> = []

  /// - Parameters:
  ///   - notify: the manager; nil if there is none.
  ///   - status: says what is done now, in one line; it's told when it's another one.
  init(
    _ workforce: Workforce, notify: SystemdNotify? = SystemdNotify(), on loop: EventLoop, status: @escaping () -> String
  ) {
    self.workforce = workforce
    self.status = status
    self.notify = notify
    teller = notify == nil ? nil : BackgroundWorker(name: "systemd", on: loop)
    guard notify != nil else { return }
    statusTimer = Timer(on: loop) { [unowned self] in
      tellStatus()
      statusTimer?.schedule(after: Self.statusInterval)
    }
    guard let interval = SystemdNotify.watchdogInterval() else { return }
    timer = Timer(on: loop) { [unowned self] in
      // Who hasn't answered the last question isn't asked again: the watchdog goes hungry.
      if waiting.isEmpty { ping() }
      timer?.schedule(after: interval / 2)
    }
    timer?.schedule(after: .zero)
  }

  private func ping() {
    ticket += 1
    waiting = Set(0..<workforce.count)
    workforce.post(.ping(ticket: ticket))
  }

  /// A worker's loop turns.
  func pong(_ worker: Int, ticket: Int) {
    guard ticket == self.ticket, waiting.remove(worker) != nil else { return }
    if waiting.isEmpty { tell(.watchdog) }
  }

  /// The process serves, with a configuration that has taken effect.
  func ready() {
    tell(.ready)
    tellStatus()
    statusTimer?.schedule(after: Self.statusInterval)
  }

  /// Another configuration is about to take effect.
  func reloading() { tell(.reloading) }

  /// The process is about to end, and may take so long for it.
  func stopping(within limit: Duration) {
    statusTimer = nil
    tell(
      .stopping, .extendTimeout(limit + Self.margin),
      .status("stopping: sessions may go on for \(limit.configured) at most"))
  }

  /// Another process is the one to watch from now on. What it says itself counts only after that (sd_notify(3), with
  /// NotifyAccess=main).
  ///
  /// - Parameter told: told when the manager knows, or can't be reached.
  func replaced(by pid: Int, told: @escaping () -> Void) {
    statusTimer = nil
    tell(.mainPID(Int32(pid)), then: told)
  }

  private func tellStatus() {
    guard notify != nil else { return }
    let status = status()
    guard status != told else { return }
    told = status
    tell(.status(status))
  }

  deinit {
    teller?.finish(within: .milliseconds(500))
  }

  /// A manager that can't be reached is none of the sessions' troubles.
  private func tell(_ news: SystemdNotify.News..., then told: @escaping () -> Void = {}) {
    guard let notify, let teller else { return told() }
    teller.perform {
      for piece in news { try? notify.send(piece) }
    } then: {
      told()
    }
  }
}
