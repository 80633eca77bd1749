package import Balancing
package import Config
package import Introduction
package import Libevent
package import Sockets

/// Checks one backend again and again, one check at a time.
package final class HealthChecker {
  private enum State {
    case waiting(until: Instant)
    case checking(Probe)
    case stopped
  }

  private let loop: EventLoop
  private let task: ProbeTask?
  private let address: SocketAddress
  private let egress: EgressRules
  private let timeout: Duration
  private let evaluate: (ProbeOutcome) -> Duration
  private var state = State.stopped
  private var timer: Timer?
  /// When the last check ended.
  private var lastEnd: Instant?

  /// Waits, and then starts checking.
  ///
  /// - Parameters:
  ///   - check: what a check does. With `none` nothing is ever checked.
  ///   - address: where checks go.
  ///   - egress: how they leave this machine.
  ///   - hostHeader: the Host header of HTTP requests, where the check doesn't give one; a Unix socket's is `localhost`.
  ///   - header: the version of the header of the PROXY protocol that goes first; nil for none.
  ///   - timeout: how long a check may take before it counts as failed.
  ///   - firstDelay: how long to wait before the first check.
  ///   - evaluate: takes an outcome, and gives the time from now to the start of the next check. May call `stop`.
  package init(
    check: HealthCheck, address: SocketAddress, egress: EgressRules = EgressRules(), hostHeader: String,
    header: ProxyHeader.Version? = nil,
    timeout: Duration,
    firstDelay: Duration, on loop: EventLoop, evaluate: @escaping (ProbeOutcome) -> Duration
  ) {
    self.loop = loop
    task = ProbeTask(check, host: address.port == nil ? "localhost" : hostHeader, header: header)
    self.address = address
    self.egress = egress
    self.timeout = timeout
    self.evaluate = evaluate
    guard task != nil else { return }
    timer = Timer(on: loop) { [weak self] in self?.start() }
    wait(firstDelay)
  }

  /// How long until the next check starts; zero while one is under way, nil if there won't be any.
  package var nextIn: Duration? {
    switch state {
    case .waiting(let until): max(until - Instant(nanoseconds: MonotonicClock.now()), .zero)
    case .checking: .zero
    case .stopped: nil
    }
  }

  /// Checks without waiting any longer; a check that is under way will do.
  ///
  /// - Parameter spacing: the least time since the end of the last check. However often somebody asks, checks don't follow
  ///   each other without that pause.
  package func checkNow(spacing: Duration = .zero) {
    guard case .waiting(let until) = state else { return }
    let now = Instant(nanoseconds: MonotonicClock.now())
    guard let earliest = lastEnd.map({ $0 + spacing }), earliest > now else { return start() }
    if earliest < until { wait(earliest - now) }
  }

  /// Checks no more. A check that is under way ends without an outcome.
  package func stop() {
    timer?.cancel()
    state = .stopped
  }

  private func wait(_ delay: Duration) {
    state = .waiting(until: Instant(nanoseconds: MonotonicClock.now()) + delay)
    timer?.schedule(after: delay)
  }

  private func start() {
    guard let task else { return }
    timer?.cancel()
    state = .checking(
      Probe(task, to: address, by: egress, timeout: timeout, on: loop) { [weak self] outcome in self?.ended(outcome) })
  }

  private func ended(_ outcome: ProbeOutcome) {
    lastEnd = Instant(nanoseconds: MonotonicClock.now())
    let delay = evaluate(outcome)
    guard case .checking = state else { return }
    wait(delay)
  }
}
