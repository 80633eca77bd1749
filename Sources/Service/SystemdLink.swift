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

  private let notify: SystemdNotify?
  /// A manager with a full queue lets wait.
  private let teller: BackgroundWorker?
  private let workforce: Workforce
  private var timer: Timer?
  private var ticket = 0
  private var waiting: Set<Int> = []

  init(_ workforce: Workforce, on loop: EventLoop) {
    self.workforce = workforce
    notify = SystemdNotify()
    teller = notify == nil ? nil : BackgroundWorker(name: "systemd", on: loop)
    guard notify != nil, let interval = SystemdNotify.watchdogInterval() else { return }
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
  func ready() { tell(.ready) }

  /// Another configuration is about to take effect.
  func reloading() { tell(.reloading) }

  /// The process is about to end, and may take so long for it.
  func stopping(within limit: Duration) { tell(.stopping, .extendTimeout(limit + Self.margin)) }

  /// Another process is the one to watch from now on.
  func replaced(by pid: Int) { tell(.mainPID(Int32(pid))) }

  deinit {
    teller?.finish(within: .milliseconds(500))
  }

  /// A manager that can't be reached is none of the sessions' troubles.
  private func tell(_ news: SystemdNotify.News...) {
    guard let notify, let teller else { return }
    teller.perform {
      for piece in news { try? notify.send(piece) }
    } then: {
    }
  }
}
