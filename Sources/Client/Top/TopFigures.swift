import Model

/// What `martlet top` knows: the latest report, and what has changed from report to report.
struct TopFigures {
  /// How much of each there was in a second.
  struct Rates: Equatable {
    var sessions = 0.0
    var toBackend = 0.0
    var toClient = 0.0
    var failures = 0.0
  }

  /// One backend's past.
  struct Past: Equatable {
    /// The rates of the last interval; nil where it isn't known.
    var rates: Rates?
    /// The new sessions a second.
    var sessions = Series()
    /// How long connects took in the last interval that had any, in seconds, as a mean; nil before the first.
    var connect: Double?
  }

  /// Reports closer together than this, as after a key, show the present but make no rate.
  private static let shortest = 0.5

  /// The latest report; nil before the first.
  private(set) var report: Report?
  /// The rates of all backends together; nil where they aren't known.
  private(set) var rates: Rates?
  private var pasts: [BackendPath: Past] = [:]
  /// The report that rates are counted from.
  private var base: Report?

  /// A backend's past.
  func past(of backend: BackendPath) -> Past { pasts[backend] ?? Past() }

  /// Takes the next report.
  mutating func take(_ next: Report) {
    report = next
    guard let base, base.process.pid == next.process.pid, base.uptime <= next.uptime else {
      // Another process, or the first report: nothing to count from.
      self.base = next
      rates = nil
      for backend in pasts.keys { pasts[backend]?.rates = nil }
      return
    }
    let seconds = next.uptime - base.uptime
    guard seconds >= Self.shortest else { return }
    self.base = next
    rates = Self.total(next).rates(since: Self.total(base), seconds)
    let before = Self.counters(base)
    pasts = Self.counters(next).reduce(into: [:]) { pasts, entry in
      let (backend, counters) = entry
      var past = self.past(of: backend)
      past.rates = before[backend].flatMap { counters.rates(since: $0, seconds) }
      past.sessions.add(past.rates?.sessions)
      past.connect = before[backend].flatMap { counters.connect.mean(since: $0.connect) } ?? past.connect
      pasts[backend] = past
    }
  }

  private static func counters(_ report: Report) -> [BackendPath: Counters] {
    report.pools.reduce(into: [:]) { result, pool in
      for backend in pool.backends { result[BackendPath(pool: pool.name, backend: backend.name)] = Counters(backend) }
    }
  }

  private static func total(_ report: Report) -> Counters {
    var total = counters(report).values.reduce(into: Counters()) { $0.add($1) }
    total.sessions = report.workers.map(\.sessions.total).reduce(0, +)
    return total
  }
}

/// What only grows.
private struct Counters {
  var sessions = 0
  var toBackend = 0
  var toClient = 0
  var failures = 0
  var connect = Times()

  /// How many things took how long together, in seconds.
  struct Times {
    var count = 0
    var sum = 0.0

    /// How long those took that have come, as a mean; nil if none have.
    func mean(since before: Times) -> Double? {
      count > before.count ? max(sum - before.sum, 0) / Double(count - before.count) : nil
    }
  }

  init() {}

  init(_ backend: Report.Backend) {
    sessions = backend.sessions.total
    toBackend = backend.bytes.toBackend
    toClient = backend.bytes.toClient
    failures = backend.connect.failures.values.reduce(0, +)
    connect = Times(count: backend.connectTime.count, sum: backend.connectTime.sum)
  }

  mutating func add(_ other: Counters) {
    sessions += other.sessions
    toBackend += other.toBackend
    toClient += other.toClient
    failures += other.failures
  }

  /// The growth in a second; nil if one is less than before, as when backends went or came anew.
  func rates(since before: Counters, _ seconds: Double) -> TopFigures.Rates? {
    let growth = [
      sessions - before.sessions, toBackend - before.toBackend, toClient - before.toClient, failures - before.failures,
    ]
    guard growth.allSatisfy({ $0 >= 0 }) else { return nil }
    let rates = growth.map { Double($0) / seconds }
    return TopFigures.Rates(sessions: rates[0], toBackend: rates[1], toClient: rates[2], failures: rates[3])
  }
}
