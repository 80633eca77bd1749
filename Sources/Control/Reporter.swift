import Balancing
import Config
import Glibc
import Libevent
import Proxy
import Sockets

/// Adds up what the workers count and what the control plane knows into a report.
final class Reporter {
  private let controller: Controller
  private let bindings: [Binding]
  private let limits: Limits
  private let version: String
  private let started = Instant.now

  /// The listeners, in the configuration's order, once they are there.
  var listeners: [ListenerStatus] = []
  /// The listeners are closed.
  var isDraining = false

  init(controller: Controller, bindings: [Binding], limits: Limits, version: String) {
    self.controller = controller
    self.bindings = bindings
    self.limits = limits
    self.version = version
  }

  func report() -> Report {
    let now = Instant.now
    return Report(
      version: version, generation: 1, time: .now, uptime: (now - started).inSeconds, process: process,
      workers: controller.workforce.counters.enumerated().map { index, counters in
        Report.Worker(
          index: index, sessions: sessions(started: counters.accepted.current, ended: counters.ended.current),
          accepted: counters.accepted.current, turns: nil)
      },
      listeners: zip(listeners, bindings).enumerated().map { index, pair in
        listener(pair.0, at: pair.1.address, pool: controller.configuration.listeners[index].pool)
      },
      pools: controller.pools.map { pool($0, at: now) },
      transitions: controller.transitions.reversed(),
      configuration: Report.Configuration(file: nil, since: .now, confirmUntil: nil, lastReload: nil), overrides: [],
      evictions: [], headroom: headroom, predecessor: nil)
  }

  private var headroom: Report.Headroom {
    let used = controller.workforce.sessionSlots.taken
    let sessions = Report.Resource(
      name: "sessions", used: used, limit: limits.sessions, share: Double(used) / Double(max(limits.sessions, 1)))
    return Report.Headroom(limiting: sessions, resources: [sessions])
  }

  private var process: Report.Process {
    Report.Process(
      pid: Int(getpid()), rssBytes: ProcessFigures.residentBytes, openDescriptors: DescriptorLimit.inUse ?? 0,
      descriptorLimit: limits.descriptors, sessionLimit: limits.sessions, threads: ProcessFigures.threads,
      cpuSeconds: ProcessFigures.processorSeconds, features: KernelFeatures.inUse)
  }

  private func sessions(started: Int, ended: Int, max: Int = .max) -> Report.Sessions {
    // The two are read one after the other: what ended in between must not count below zero.
    Report.Sessions(active: Swift.max(started - ended, 0), total: started, max: max == .max ? nil : max)
  }

  private func listener(_ status: ListenerStatus, at address: SocketAddress, pool: String) -> Report.Listener {
    let counters = status.counters
    let isFull =
      status.sessions.taken >= status.maxSessions || controller.workforce.sessionSlots.taken >= limits.sessions
    return Report.Listener(
      name: status.name, bind: address.description, pool: pool,
      state: isDraining ? .closed : isFull ? .paused : .listening,
      sessions: sessions(
        started: counters.sum { $0.accepted.current }, ended: counters.sum { $0.ended.current }, max: status.maxSessions
      ),
      refused: Refusal.counts { cause in counters.sum { $0.refused[cause] } },
      bytes: Report.Bytes(
        toBackend: counters.sum { $0.bytesToBackend.current }, toClient: counters.sum { $0.bytesToClient.current }))
  }

  private func pool(_ pool: PoolController, at now: Instant) -> Report.Pool {
    let backends = pool.members.map { backend($0, at: now) }
    let eligible = pool.members.filter { $0.isEligible(at: now) }
    let meant = pool.members.filter { $0.state != .draining && $0.state != .maintenance }
    let counters = pool.status.counters
    return Report.Pool(
      name: pool.name, strategy: pool.configuration.strategy.rawValue,
      state: eligible.isEmpty ? .down : eligible.count < meant.count ? .degraded : .up,
      sessions: Report.Sessions(
        active: backends.sum { $0.sessions.active }, total: backends.sum { $0.sessions.total }),
      bytes: Report.Bytes(
        toBackend: backends.sum { $0.bytes.toBackend },
        toClient: backends.sum { $0.bytes.toClient }),
      queue: Report.Queue(
        waiting: pool.status.waiting.taken, size: pool.configuration.queue.size,
        timeouts: counters.sum { $0.refused[.queueTimeout] }),
      refused: Refusal.counts { cause in counters.sum { $0.refused[cause] } },
      retries: counters.sum { $0.retries.current }, idleRegrets: 0,
      tiersActive: eligible.map(\.configuration.tier).min().map { [$0] } ?? [], backends: backends)
  }

  private func backend(_ member: Member, at now: Instant) -> Report.Backend {
    let counters = member.backend.counters
    let configuration = member.configuration
    let closed = CloseCause.counts { cause in counters.sum { $0.closes[cause] } }
    let total = counters.sum { $0.sessions.current }
    return Report.Backend(
      name: member.backend.name, address: member.backend.address.description, tier: configuration.tier,
      weight: configuration.weight,
      effectiveWeight: member.isEligible(at: now) ? Double(configuration.weight) * member.progress(at: now) : 0,
      health: member.reportedHealth, override: nil, state: member.state, reason: member.reason, since: member.since,
      sessions: Report.Sessions(
        active: member.backend.load.active, total: total,
        max: configuration.maxSessions == .max ? nil : configuration.maxSessions),
      bytes: Report.Bytes(
        toBackend: counters.sum { $0.bytesToBackend.current }, toClient: counters.sum { $0.bytesToClient.current }),
      connect: Report.Connect(
        attempts: counters.sum { $0.attempts.current },
        failures: ConnectFailure.counts { cause in counters.sum { $0.failures[cause] } },
        retries: counters.sum { $0.retries.current }),
      closes: closed,
      connectTime: Report.Distribution(counters.map { $0.connectTime.read() }),
      sessionTime: Report.Distribution(counters.map { $0.sessionTime.read() }),
      check: member.checker.map { checker in
        Report.Check(
          type: member.checkName, lastResult: checker.lastOutcome?.text,
          lastDuration: checker.lastOutcome?.time.inSeconds,
          nextIn: checker.nextIn?.inSeconds)
      })
  }
}

extension Array {
  fileprivate func sum(_ value: (Element) -> Int) -> Int {
    reduce(0) { $0 + value($1) }
  }
}

extension CaseIterable where Self: RawRepresentable<String> {
  /// A count for each case, under the case's name.
  fileprivate static func counts(_ count: (Self) -> Int) -> [String: Int] {
    Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, count($0)) })
  }
}

extension Report.Distribution {
  /// All workers' histograms as one.
  fileprivate init(_ histograms: [Distribution]) {
    var all = Distribution()
    for histogram in histograms { all.add(histogram) }
    self.init(
      count: all.count, sum: all.sum, p50: all.quantile(0.5), p90: all.quantile(0.9), p99: all.quantile(0.99),
      max: all.maximum)
  }
}
