package import Changes
package import Control
package import Libevent
package import Model
import Proxy
import Sockets

/// Keeps what is told of the time before a report: looks at the counts every 5 s, and at what was changed meanwhile.
///
/// Of several changes between two looks only the last is noted.
package final class Chronicle {
  /// The last hour.
  package private(set) var past = Past()

  private let controller: Controller
  private let reloads: ReloadHistory
  private var refusals = Refusals()
  /// What was counted when it was looked at last; nil before the first look.
  private var before: Totals?
  private var generation: Int
  private var reloadsRefused: Int
  private var timer: Timer?
  /// Told of each look.
  package var looked: () -> Void = {}

  private struct Totals {
    var process = FigureTotals()
    var pools: [String: FigureTotals] = [:]
    /// The pools' names, in the configuration's order.
    var names: [String] = []
  }

  /// Begins with nothing.
  package init(controller: Controller, reloads: ReloadHistory, on loop: EventLoop) {
    self.controller = controller
    self.reloads = reloads
    generation = reloads.generation
    reloadsRefused = reloads.tally.report.refused
    timer = Timer(on: loop) { [unowned self] in
      look(at: Int((MonotonicClock.now() + Self.half) / (2 * Self.half)) - 1)
      schedule()
    }
  }

  /// Looks from now on.
  ///
  /// - Parameter text: how the process has come to run.
  package func start(_ kind: Past.Event.Kind, _ text: String) {
    past.note(Past.Event(time: .now, kind: kind, text: text))
    before = totals
    // What has been counted so far is of the past.
    for pool in controller.pools { refusals.observe(causes(of: pool), of: pool.name, at: .now) }
    schedule()
  }

  /// Looks for the last time: another process goes on, with the rest of this step.
  package func stop() {
    timer = nil
    look(at: Int(MonotonicClock.now() / (2 * Self.half)))
  }

  /// The clients that a pool turns away at present; nil if none.
  package func refusing(_ pool: String) -> Report.Refusing? { refusals[pool] }

  /// The last hour as it's told.
  var history: HistoryJSON { HistoryJSON(past: past, transitions: Array(controller.transitions.ring)) }

  /// Takes what another process has counted, which is in its own past and not to be in this one's again.
  package func leavingOut(_ inherit: () -> Void) {
    guard before != nil else { return inherit() }
    let earlier = totals
    inherit()
    let now = totals
    before?.process.add(now.process)
    before?.process.add(earlier.process, times: -1)
    for name in now.names {
      before?.pools[name, default: FigureTotals()].add(now.pools[name] ?? FigureTotals())
      before?.pools[name, default: FigureTotals()].add(earlier.pools[name] ?? FigureTotals(), times: -1)
    }
  }

  /// Takes what another process has noted.
  package func take(_ pool: String?, _ series: FigureSeries) { past.fill(pool, from: series) }

  /// Takes what has happened to another process.
  package func take(_ events: [Past.Event]) { past.fill(from: events) }

  // MARK: Looking

  /// Half a step's time, so that a timer that fires a little early or late still means the same step.
  private static let half = UInt64(FigureSeries.step) * 500_000_000

  private func schedule() {
    let length = UInt64(FigureSeries.step) * 1_000_000_000
    timer?.schedule(after: .nanoseconds(length - MonotonicClock.now() % length))
  }

  private func look(at step: Int) {
    let now = totals
    let earlier = before ?? now
    past.note(
      now.process.figures(since: earlier.process),
      // A pool that is new has counted nothing before.
      of: now.names.map { name in
        (name, (now.pools[name] ?? FigureTotals()).figures(since: earlier.pools[name] ?? FigureTotals()))
      }, at: step)
    noteRefusals(now, since: earlier)
    noteReloads()
    before = now
    looked()
  }

  private var totals: Totals {
    var totals = Totals()
    for worker in controller.workforce.counts {
      totals.process.active += worker.active
      totals.process.sessions += worker.begun
      totals.process.refused += worker.refused
    }
    for pool in controller.pools + controller.leavingPools where totals.pools[pool.name] == nil {
      let sums = pool.sums
      var its = FigureTotals()
      its.active = pool.active
      its.sessions = sums.sessions
      its.failures = sums.failures
      its.refused = pool.refused
      its.toBackend = sums.bytesToBackend
      its.toClient = sums.bytesToClient
      totals.process.failures += its.failures
      totals.process.toBackend += its.toBackend
      totals.process.toClient += its.toClient
      totals.pools[pool.name] = its
      totals.names.append(pool.name)
    }
    return totals
  }

  /// Who left by himself, or was ended on purpose, wasn't turned away.
  private static let blameless: Set = [Refusal.clientLeft, .closed, .shutdown]

  private func noteRefusals(_ now: Totals, since earlier: Totals) {
    let time = Timestamp.now
    refusals.keep(Set(now.names))
    for pool in controller.pools {
      // The causes are looked at only where there are some.
      if let before = earlier.pools[pool.name], before.refused == now.pools[pool.name]?.refused,
        refusals.knows(pool.name)
      {
        refusals.observeNothing(of: pool.name, at: time)
      } else {
        refusals.observe(causes(of: pool), of: pool.name, at: time)
      }
    }
  }

  private func causes(of pool: PoolController) -> [String: Int] {
    pool.counts.refused.filter { !Self.blameless.contains(Refusal(rawValue: $0.key) ?? .shutdown) }
  }

  private func noteReloads() {
    let tally = reloads.tally.report
    // Where both have happened since the last look, the one that was refused is the later one.
    if reloads.generation != generation {
      // The last attempt may be a later one, which was refused.
      let result = tally.hasSucceeded == true ? reloads.last : nil
      let author = reloads.provenance.author.map { ", by \($0)" } ?? ""
      let text = (result ?? "generation \(reloads.generation)") + author
      past.note(Past.Event(time: reloads.provenance.since, kind: .reload, text: text))
    }
    if tally.refused > reloadsRefused, tally.hasSucceeded == false {
      past.note(Past.Event(time: tally.last ?? .now, kind: .refusal, text: reloads.last ?? "a reload was refused"))
    }
    (reloadsRefused, generation) = (tally.refused, reloads.generation)
  }
}
