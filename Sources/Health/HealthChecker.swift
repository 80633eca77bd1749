package import Balancing
package import Libevent
package import Sockets
package import TLS

/// Checks one backend again and again, one check at a time.
package final class HealthChecker {
  /// Why there can't be a check, whatever the backend is like.
  package struct Obstacle: Error {
    /// In words.
    package let words: String

    /// With them.
    package init(_ words: String) { self.words = words }
  }

  private enum State {
    case waiting(until: Instant)
    case checking(Probe)
    case stopped
  }

  private let loop: EventLoop
  private let task: () throws(Obstacle) -> ProbeTask
  private let address: SocketAddress
  private let egress: EgressRules
  private let timeout: Duration
  private let evaluate: (ProbeOutcome, CertificateFacts?) -> Duration
  private var state = State.stopped
  private var timer: Timer?
  /// When the last check ended.
  private var lastEnd: Instant?

  /// Waits, and then starts checking.
  ///
  /// - Parameters:
  ///   - address: where checks go.
  ///   - egress: how they leave this machine.
  ///   - timeout: how long a check may take before it counts as failed.
  ///   - firstDelay: how long to wait before the first check.
  ///   - task: makes what a check does, or says why there can't be one.
  ///   - evaluate: takes an outcome, and what the server's certificate has said; gives the time from now to the start of the next check. May
  ///     call `stop`.
  package init(
    at address: SocketAddress, by egress: EgressRules = EgressRules(), timeout: Duration, firstDelay: Duration,
    on loop: EventLoop, task: @escaping () throws(Obstacle) -> ProbeTask,
    evaluate: @escaping (ProbeOutcome, CertificateFacts?) -> Duration
  ) {
    self.loop = loop
    self.task = task
    self.address = address
    self.egress = egress
    self.timeout = timeout
    self.evaluate = evaluate
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
    timer?.cancel()
    do throws(Obstacle) {
      state = .checking(
        Probe(try task(), to: address, by: egress, timeout: timeout, on: loop) { [weak self] outcome in
          self?.ended(outcome)
        })
    } catch {
      lastEnd = Instant(nanoseconds: MonotonicClock.now())
      let failure = ProbeFailure(.localResource, detail: "not checked: \(error.words)", time: .zero)
      let delay = evaluate(.failed(failure), nil)
      guard case .waiting = state else { return }
      wait(delay)
    }
  }

  private func ended(_ outcome: ProbeOutcome) {
    lastEnd = Instant(nanoseconds: MonotonicClock.now())
    let certificate: CertificateFacts? = if case .checking(let probe) = state { probe.certificate } else { nil }
    let delay = evaluate(outcome, certificate)
    guard case .checking = state else { return }
    wait(delay)
  }
}
