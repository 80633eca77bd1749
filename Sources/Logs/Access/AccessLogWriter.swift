package import Config
import Glibc
import Libevent
package import Logging
package import Model
package import Proxy
import Sockets
import Synchronization

/// Writes the access log: a thread that takes what the workers have to say, makes lines of it and puts them where they belong.
///
/// Nobody waits for it. What waits for it is bounded, at the workers and here; beyond that lines are lost, counted, and the log itself says
/// how many. It begins with the first log that's configured.
package final class AccessLogWriter: Sendable {
  private enum Order: Sendable {
    case use([AccessLog])
    case reopen
    case end(until: UInt64)
  }

  private struct State {
    var isRunning = false
    var hasEnded = false
    /// Why lines can't be written, by where they'd go.
    var troubles: [AccessLogTarget: (reason: String, since: Timestamp)] = [:]
    var wanted: Set<AccessLogTarget> = []
  }

  private let logs: AccessLogs
  private let origin: AccessLogOrigin
  private let logger: Logger
  private let orders = Mailbox<Order>()
  private let state = Mutex(State())
  private let generation = Atomic(1)

  /// Writes nothing yet.
  ///
  /// - Parameter logger: told when lines can't be written, and when they can again.
  package init(_ logs: AccessLogs, origin: AccessLogOrigin, logger: Logger) {
    self.logs = logs
    self.origin = origin
    self.logger = logger
  }

  /// From now on a configuration of this generation runs, with these logs. Those that none names any more are closed when all is written.
  package func use(_ configurations: [AccessLogConfiguration], generation: Int) {
    self.generation.store(generation, ordering: .relaxed)
    let used = configurations.map { logs.log(for: $0) }
    logs.keep(configurations)
    let isRunning = state.withLock { state in
      state.wanted = Set(used.map(\.configuration.to))
      state.troubles = state.troubles.filter { state.wanted.contains($0.key) }
      defer { if !used.isEmpty { state.isRunning = true } }
      return state.isRunning
    }
    guard isRunning || !used.isEmpty else { return }
    if !isRunning { _ = LoopThread(name: "access-log") { [self] in run() } }
    orders.post(.use(used))
  }

  /// Opens files anew, as somebody has given the old ones other names. What is written from then on is in the new ones.
  package func reopen() { orders.post(.reopen) }

  /// Writes what it can within the limit, and ends. The workers have to have ended before.
  package func close(limit: Duration) {
    guard state.withLock(\.isRunning) else { return }
    let deadline = MonotonicClock.now() + limit.clockNanoseconds
    orders.post(.end(until: deadline))
    while !state.withLock(\.hasEnded), MonotonicClock.now() < deadline { usleep(1000) }
  }

  /// How each place of lines is, those too that none is written to any more.
  package var report: [Report.AccessLog] {
    let (wanted, troubles) = state.withLock { ($0.wanted, $0.troubles) }
    return logs.tallies.map { tally in
      Report.AccessLog(
        to: tally.target.description, isUsed: wanted.contains(tally.target), lines: tally.written,
        lost: tally.lost, problem: troubles[tally.target]?.reason,
        since: troubles[tally.target]?.since)
    }
  }

  // MARK: The thread

  private func run() {
    let desk = Desk(self)
    let receivers = [
      orders.receive(on: desk.loop) { [unowned desk] in desk.obey($0) },
      logs.bell.receive(on: desk.loop) { [unowned desk] in desk.hasNews.insert($0) },
    ]
    desk.loop.run {
      desk.work()
      return .wait
    }
    withExtendedLifetime(receivers) {}
    state.withLock { $0.hasEnded = true }
  }

  /// What only the thread knows.
  private final class Desk {
    let loop = EventLoop()
    /// The workers that have something to be written.
    var hasNews: Set<Int> = []

    private let writer: AccessLogWriter
    private var style: AccessStyle
    private var destinations: [AccessLogTarget: AccessDestination] = [:]
    private var records: [AccessRecord] = []
    /// What records of each log become, and where they go, by the log's object.
    private var ways: [ObjectIdentifier: (log: AccessLog, form: AccessLineForm, destination: AccessDestination)] = [:]
    private var timer: Timer?
    /// When it was told last of a place that something is wrong with it, in nanoseconds of the monotonic clock.
    private var toldAt: [AccessLogTarget: UInt64] = [:]

    init(_ writer: AccessLogWriter) {
      self.writer = writer
      style = AccessStyle(writer.origin)
      // The turn itself does what is to be done.
      timer = Timer(on: loop) {}
    }

    func obey(_ order: Order) {
      switch order {
      case .use(let logs):
        let wanted = Set(logs.map(\.configuration.to))
        // Only those that are used are kept; others are worked out anew for a last session.
        ways = ways.filter { way in logs.contains { $0 === way.value.log } }
        for destination in destinations.values { destination.isWanted = wanted.contains(destination.target) }
        for log in logs where destinations[log.configuration.to] == nil {
          let destination = AccessDestination(log)
          destinations[log.configuration.to] = destination
          tell(destination.open(), of: destination)
        }
      case .reopen:
        for destination in destinations.values { tell(destination.reopen(), of: destination) }
      case .end(let deadline): end(until: deadline)
      }
    }

    /// Writes what there is, as far as that can be written now.
    func work() {
      if !hasNews.isEmpty {
        style.wall = Timestamp.nanoseconds &- Int(MonotonicClock.now())
        style.generation = writer.generation.load(ordering: .relaxed)
        for worker in hasNews { write(writer.logs.outboxes[worker]) }
        hasNews.removeAll(keepingCapacity: true)
      }
      var isBusy = false
      for destination in destinations.values {
        tell(destination.flush(&style), of: destination)
        if destination.isBusy {
          isBusy = true
        } else if !destination.isWanted {
          destinations[destination.target] = nil
          ways = ways.filter { $0.value.destination !== destination }
        }
      }
      if isBusy, timer?.isScheduled == false { timer?.schedule(after: .milliseconds(100)) }
    }

    private func write(_ outbox: RecordOutbox) {
      outbox.take(&records)
      var index = 0
      while index < records.count {
        // Most records are of the same log as those before.
        let way = way(of: records[index].log)
        repeat {
          way.destination.append(records[index], &style, way.form)
          index += 1
        } while index < records.count && records[index].log === way.log
      }
      records.removeAll(keepingCapacity: true)
    }

    private func way(
      of log: AccessLog
    ) -> (log: AccessLog, form: AccessLineForm, destination: AccessDestination) {
      if let way = ways[ObjectIdentifier(log)] { return way }
      let way = (log, style.form(of: log), destination(for: log))
      ways[ObjectIdentifier(log)] = way
      return way
    }

    private func destination(for log: AccessLog) -> AccessDestination {
      if let destination = destinations[log.configuration.to] { return destination }
      // A session of a listener that isn't there any more.
      let destination = AccessDestination(log)
      destination.isWanted = false
      destinations[log.configuration.to] = destination
      return destination
    }

    private func end(until deadline: UInt64) {
      hasNews = Set(writer.logs.outboxes.indices)
      work()
      while destinations.values.contains(where: \.isBusy), MonotonicClock.now() < deadline {
        usleep(5_000)
        work()
      }
      timer = nil
      loop.stop()
    }

    /// For how long no more is told of a place, in nanoseconds: what comes and goes would fill the log.
    private static let silence: UInt64 = 60_000_000_000

    private func tell(_ news: AccessDestination.News?, of destination: AccessDestination) {
      guard let news else { return }
      let target = destination.target
      writer.state.withLock { state in
        state.troubles[target] = state.wanted.contains(target) ? destination.trouble : nil
      }
      let now = MonotonicClock.now()
      switch news {
      case .broken(let reason):
        if let told = toldAt[target], now &- told < Self.silence { return }
        toldAt[target] = now
        writer.logger.warning(
          "the access log can't be written; sessions go on",
          metadata: ["to": "\(target)", "reason": "\(reason)", "hint": "\(target.remedy)"])
      case .mended:
        writer.logger.notice("the access log is written again", metadata: ["to": "\(target)"])
      }
    }
  }
}

extension AccessLogTarget {
  /// What somebody may do if nothing can be written there.
  fileprivate var remedy: String {
    switch self {
    case .stdout: "see to it that somebody reads the standard output"
    case .file: "see to it that the folder is there, this process may write in it, and the disk has room"
    case .syslog: "see to it that a syslog server takes datagrams there"
    }
  }
}

extension Timestamp {
  /// The present, in nanoseconds of Unix time.
  fileprivate static var nanoseconds: Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}
