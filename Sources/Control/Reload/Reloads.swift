import Balancing
import Config
import Libevent
import Logging
import Sockets

/// All reloads of a process, one at a time: where configurations come from, what came of them, and the way back.
final class Reloads {
  /// Where a configuration comes from.
  enum Source {
    /// The process's own file, read again.
    case file
    /// Text that somebody has sent.
    case text(String, name: String)
    /// One that ran before.
    case earlier(Configuration)
  }

  /// How it's to be done.
  struct Options {
    /// Go back after so long unless it's confirmed; nil to stay.
    var confirm: Duration?
    /// Take effect even if a pool that serves would have nobody left.
    var isForced = false
  }

  typealias Done = (Reload.Outcome) -> Void

  /// Which configuration runs: 1 at start, one more with each reload.
  private(set) var generation: Int
  /// Since when it runs.
  private(set) var since = Timestamp.now
  /// What came of the last attempt, in words.
  private(set) var last: String?
  /// Told of the start and the end of each attempt.
  var announce: ((_ isReloading: Bool) -> Void)?
  /// Whether the process is about to end, or to be replaced: then nothing changes any more.
  var isClosed = false

  let file: String?
  private let makeParts: (_ rollout: Int) -> Reload.Parts
  private let logger: Logger
  private let loop: EventLoop
  private var running: Reload?
  private var finished: Reload?
  private var rollouts = 0
  private var confirmation: Confirmation?
  /// Totals of connects some time ago, and those to take their place.
  private var earlier = Regression.Sample(attempts: 0, failures: 0, eligible: 0)
  private var later = Regression.Sample(attempts: 0, failures: 0, eligible: 0)
  private var sampler: Timer?

  /// How far back connects are looked at to see what is normal, at least.
  private static let normal = Duration.seconds(10)

  /// - Parameters:
  ///   - file: the process's own file; nil if it wasn't configured by one.
  ///   - generation: of the configuration that runs.
  ///   - parts: what each reload works on.
  init(
    file: String?, generation: Int = 1, on loop: EventLoop, logger: Logger,
    parts: @escaping (_ rollout: Int) -> Reload.Parts
  ) {
    self.file = file
    self.generation = generation
    self.loop = loop
    self.logger = logger
    makeParts = parts
  }

  /// Begins to note what is normal.
  func start(_ controller: Controller) {
    sampler = Timer(on: loop) { [unowned self] in
      (earlier, later) = (later, Confirmation.Baseline.sample(controller))
      sampler?.schedule(after: Self.normal)
    }
    sampler?.schedule(after: Self.normal)
  }

  /// Notes nothing more.
  func stop() {
    sampler = nil
    confirmation = nil
    running = nil
  }

  /// Until when the running configuration has to be confirmed.
  var confirmUntil: Timestamp? { confirmation?.until }

  /// Reads a configuration; throws what is wrong with it.
  func read(_ source: Source) throws(ConfigErrors) -> Configuration {
    switch source {
    case .file:
      guard let file else { return makeParts(rollouts).controller.configuration }
      return try Configuration.load(path: file)
    case .text(let text, let name): return try Configuration.parse(text, file: name)
    case .earlier(let configuration): return configuration
    }
  }

  /// What a configuration would change now.
  func plan(_ configuration: Configuration) -> AdminAnswer.Plan {
    Planner(parts: makeParts(rollouts)).plan(configuration)
  }

  /// Makes another configuration the one that runs.
  ///
  /// - Parameters:
  ///   - author: who asks for it, for the log.
  ///   - done: takes what came of it, once.
  func reload(_ source: Source, _ options: Options = Options(), by author: String, done: @escaping Done) {
    if let problem = notNow { return refuse(problem, by: author, done) }
    let configuration: Configuration
    do throws(ConfigErrors) {
      configuration = try read(source)
    } catch {
      return refuse(.init(error), by: author, done)
    }
    announce?(true)
    rollouts += 1
    let parts = makeParts(rollouts)
    let watch = options.confirm.map { (length: $0, baseline: Confirmation.Baseline(parts.controller, since: earlier)) }
    let before = parts.controller.configuration
    finished = nil
    let reload = Reload(to: configuration, with: parts, isForced: options.isForced) { [unowned self] outcome in
      // The reload is below this call: it's dropped when the next one begins.
      (finished, running) = (running, nil)
      switch outcome {
      case .refused(let problem): refuse(problem, by: author, done)
      case .committed(var answer):
        commit(&answer, by: author)
        if let watch, !answer.changes.isEmpty {
          confirm(within: watch.length, or: before, watch.baseline, parts.controller)
        }
        answer.confirmUntil = confirmUntil
        announce?(false)
        done(.committed(answer))
      }
    }
    running = reload
    reload.start()
  }

  /// The running configuration stays.
  ///
  /// - Returns: whether it had to be confirmed.
  func confirm(by author: String) -> Bool {
    guard confirmation != nil else { return false }
    confirmation = nil
    last = "generation \(generation), confirmed by \(author)"
    logger.notice("configuration confirmed", metadata: ["generation": "\(generation)", "by": "\(author)"])
    return true
  }

  /// Goes back to what ran before the configuration that has still to be confirmed.
  func revert(by author: String, because reason: String, done: @escaping Done) {
    guard let confirmation else {
      return done(
        .refused(.init("nothing has to be confirmed", hint: "reload with --confirm to be able to go back")))
    }
    guard running == nil else { return done(.refused(Self.busy)) }
    self.confirmation = nil
    logger.warning("going back to the configuration before", metadata: ["why": "\(reason)", "by": "\(author)"])
    reload(.earlier(confirmation.before), Options(isForced: true), by: author) { [unowned self] outcome in
      if case .committed = outcome {
        last = "generation \(generation), back to the one before: \(reason)"
        if let file {
          logger.warning("\(file) may still have what was given up: correct it before the next reload or restart")
        }
      }
      done(outcome)
    }
  }

  private static let busy = AdminAnswer.Problem("another reload is under way", hint: "try again in a few seconds")

  private var notNow: AdminAnswer.Problem? {
    if isClosed { return .init("the process is about to end", hint: "ask the one that takes its place") }
    if running != nil { return Self.busy }
    if confirmation != nil {
      return .init(
        "the running configuration has still to be confirmed", hint: "`martlet confirm` or `martlet revert` first")
    }
    return nil
  }

  private func refuse(_ problem: AdminAnswer.Problem, by author: String, _ done: Done) {
    last = "refused at \(Timestamp.now.timeOfDay) UTC: \(problem.error)"
    logger.error(
      "reload refused, nothing has changed: \(problem.error)",
      metadata: [
        "by": "\(author)", "hint": "\(problem.hint ?? "")",
        "details": .array((problem.details ?? []).prefix(20).map { "\($0)" }),
      ])
    announce?(false)
    done(.refused(problem))
  }

  private func commit(_ answer: inout AdminAnswer.Reloaded, by author: String) {
    if answer.changes.isEmpty {
      last = "nothing to change at \(Timestamp.now.timeOfDay) UTC"
    } else {
      generation += 1
      since = .now
      last = "generation \(generation)"
    }
    answer.generation = generation
    logger.notice(
      answer.changes.isEmpty ? "configuration reloaded: nothing has changed" : "configuration reloaded",
      metadata: [
        "generation": "\(generation)", "by": "\(author)", "seconds": "\(answer.seconds)",
        "changes": .array(answer.changes.prefix(100).map { "\($0)" }),
        "warnings": .array(answer.warnings.prefix(20).map { "\($0)" }),
      ])
  }

  private func confirm(
    within length: Duration, or before: Configuration, _ baseline: Confirmation.Baseline, _ controller: Controller
  ) {
    confirmation = Confirmation(within: length, before: before, baseline, controller, on: loop) {
      [unowned self] reason in
      revert(by: "martlet", because: reason) { _ in }
    }
  }
}

extension AdminAnswer.Problem {
  /// Everything that is wrong with a configuration.
  init(_ errors: ConfigErrors) {
    let count = errors.errors.count + errors.omitted
    self.init(
      count == 1 ? "the configuration is wrong" : "the configuration has \(count) errors",
      hint: "`martlet check` shows the same before a reload",
      details: errors.errors.map { $0.text(in: errors.file) })
  }
}
