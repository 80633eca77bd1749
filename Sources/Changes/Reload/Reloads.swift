import Balancing
package import Config
package import Control
package import Libevent
package import Logging
package import Model
package import Sockets

/// All reloads of a process, one at a time: where configurations come from, what came of them, and the way back.
package final class Reloads {
  /// Where a configuration comes from.
  package enum Source {
    /// The process's own file, read again.
    case file
    /// Text that somebody has sent, and the path of the file that it was read from, or what else it's called.
    case text(String, name: String)
    /// One that ran before, and how it had come to run.
    case earlier(Configuration, Provenance)
  }

  /// How it's to be done.
  package struct Options {
    /// Go back after so long unless it's confirmed; nil to stay.
    package var confirm: Duration?
    /// Take effect even if a pool that serves would have nobody left.
    package var isForced: Bool
    /// What becomes of the ports of listeners that go, if it hasn't to be confirmed; then they are kept until it is.
    package var givenUp: ListenerSet.GivenUp

    /// To stay, and only with somebody left, if nothing else is said.
    package init(confirm: Duration? = nil, isForced: Bool = false, givenUp: ListenerSet.GivenUp = .free) {
      self.confirm = confirm
      self.isForced = isForced
      self.givenUp = givenUp
    }
  }

  /// Takes what came of an attempt.
  package typealias Done = (Reload.Outcome) -> Void

  /// One attempt.
  private struct Attempt {
    var source: Source
    var options: Options
    var author: String
    /// Decides for what is prepared, or doesn't.
    var prepared: (Prepared) -> Void = { $0.commit() }
    /// How things were when it began, if it has to be confirmed.
    var baseline: Confirmation.Baseline?
  }

  /// What came of them.
  package let history: ReloadHistory
  /// Told of the start and the end of each attempt.
  package var announce: ((_ isReloading: Bool) -> Void)?
  /// Told when other files than before were read.
  package var readOthers: (() -> Void)?
  /// The file and what it includes, as they were when they were read last; nothing if that isn't known.
  package private(set) var filesAsRead: FileSnapshot

  /// The process's own file; nil if it wasn't configured by one.
  package let file: String?
  private let changes: ChangeQueue
  private let makeParts: (_ rollout: Int) -> Reload.Parts
  private let logger: Logger
  private let loop: EventLoop
  private var running: Reload?
  private var finished: Reload?
  /// The last one, whether or not it has ended.
  private var rebinding: Rebinding?
  private var rollouts = 0
  private var probation: Probation?
  private var rereading: Rereading?
  private var takenBack: TakenBack?
  private var usual: UsualConnects?

  /// A configuration that was given up.
  private struct TakenBack {
    var configuration: Configuration
    /// Which one ran since.
    var generation: Int
  }

  /// - Parameters:
  ///   - file: the process's own file; nil if it wasn't configured by one.
  ///   - filesAsRead: the file and what it includes, as they were when the configuration that runs was read from them.
  ///   - generation: of the configuration that runs.
  ///   - provenance: how that has come to run.
  ///   - tally: of the attempts before.
  ///   - changes: where each reload asks whether it may begin.
  ///   - parts: what each reload works on.
  package init(
    file: String?, filesAsRead: FileSnapshot, generation: Int = 1, provenance: Provenance? = nil,
    tally: ReloadTally? = nil, changes: ChangeQueue, on loop: EventLoop, logger: Logger,
    parts: @escaping (_ rollout: Int) -> Reload.Parts
  ) {
    self.file = file
    self.filesAsRead = filesAsRead
    history = ReloadHistory(
      generation: generation, provenance: provenance ?? Provenance(file: file), tally: tally ?? ReloadTally(),
      logger: logger)
    self.changes = changes
    self.loop = loop
    self.logger = logger
    makeParts = parts
    rereading = Rereading(on: loop) { [unowned self] in tryAgain(by: $0) }
  }

  /// The files are about to be read by somebody else: what they are now isn't told as a change, to this process or the next one.
  package func noteFiles() {
    filesAsRead = filesAsRead.now
  }

  /// Begins to note what is normal.
  package func start(_ controller: Controller) {
    usual = UsualConnects(controller, on: loop)
  }

  /// Notes nothing more.
  package func stop() {
    usual = nil
    probation = nil
    rereading = nil
    running = nil
    rebinding = nil
  }

  /// Until when the running configuration has to be confirmed.
  package var confirmUntil: Timestamp? { probation?.until }

  /// The way back that is due and hasn't succeeded yet; nil if none is due.
  package var revert: Report.Revert? { probation?.revert }

  /// Who wants the file to be read again, and has still to wait for it.
  package var waiting: String? { changes.author(ofWaiting: .reread) }

  /// When the file is read again that was refused; nil if it won't be, unless it changes.
  package var nextTry: Timestamp? { rereading?.nextTry }

  /// Who wants the file to be read again and has had nothing of it yet: it's read by the process that takes over.
  package var unread: String? { waiting ?? rereading?.author }

  /// Reads a configuration; throws what is wrong with it.
  package func read(_ source: Source) throws(ConfigErrors) -> Configuration {
    var seen = FileSnapshot()
    return try read(source, &seen)
  }

  private func read(_ source: Source, _ seen: inout FileSnapshot) throws(ConfigErrors) -> Configuration {
    switch source {
    case .file:
      guard let file else { return makeParts(rollouts).controller.configuration }
      // Nothing that lets the control loop wait.
      return try Configuration.load(path: file, trusting: .regular, seen: &seen)
    case .text(let text, let name):
      return try Configuration.parse(text, file: name, includes: .sent(as: name))
    case .earlier(let configuration, _): return configuration
    }
  }

  /// What a configuration would change now.
  package func plan(_ configuration: Configuration) -> AdminAnswer.Plan {
    Planner(parts: makeParts(rollouts), changes: changes).plan(configuration)
  }

  /// Makes another configuration the one that runs.
  ///
  /// - Parameters:
  ///   - author: who asks for it, for the log.
  ///   - prepared: decides for what is prepared, at once or later: until then every other change waits or is refused, but
  ///     overrides and the process's end. Without it it takes effect at once.
  ///   - done: takes what came of it, once.
  package func reload(
    _ source: Source, _ options: Options = Options(), by author: String,
    prepared: @escaping (Prepared) -> Void = { $0.commit() }, done: @escaping Done
  ) {
    changes.ask(.reload, by: author) { [unowned self] turn in
      switch turn {
      case .refused(let problem): refuse(problem, .passing, by: author, done)
      case .yours: begin(Attempt(source: source, options: options, author: author, prepared: prepared), done)
      }
    }
  }

  /// Reads the file again because it has changed or a signal came; as soon as that may be, if it mustn't now.
  package func reread(by author: String) {
    rereading?.stop()
    rereadInTurn(by: author)
  }

  /// What is tried again anyway doesn't wait for its turn: by then somebody may have decided otherwise.
  private func tryAgain(by author: String) {
    if changes.gate.verdict(on: .reread) == .now {
      rereadInTurn(by: author)
    } else {
      rereading?.wasRefused(by: author)
    }
  }

  private func rereadInTurn(by author: String) {
    let asked = history.generation
    changes.ask(.reread, by: author) { [unowned self] turn in
      switch turn {
      case .refused(let problem): refuse(problem, .passing, by: author) { _ in }
      case .yours:
        begin(Attempt(source: .file, options: Options(), author: author), askedFor: asked) {
          [unowned self] outcome in reconsider(outcome, by: author)
        }
      }
    }
  }

  /// The running configuration stays.
  package func confirm(by author: String) throws(AdminAnswer.Problem) {
    try changes.admit(.confirm)
    probation = nil
    letGo()
    history.confirmed(by: author)
    changes.decided()
  }

  /// There's no way back any more that would need ports which were kept for it.
  package func letGo() {
    makeParts(rollouts).listeners.letGo()
  }

  /// Goes back to what ran before the configuration that has still to be confirmed.
  package func revert(by author: String, done: @escaping Done) {
    goBack(.revert, by: author, because: "\(author) asked for it", done)
  }

  private func goBack(
    _ wish: ChangeGate.Wish, by author: String, because reason: String, _ done: @escaping Done
  ) {
    changes.ask(wish, by: author) { [unowned self] turn in
      switch turn {
      case .refused(let problem): done(.refused(problem, .passing))
      case .yours:
        guard let probation else { preconditionFailure("there is a way back on probation alone") }
        logger.warning("going back to the configuration before", metadata: ["why": "\(reason)", "by": "\(author)"])
        let givenUp = makeParts(rollouts).controller.configuration
        let source = Source.earlier(probation.before, probation.provenance)
        begin(Attempt(source: source, options: Options(isForced: true), author: author)) { [unowned self] outcome in
          switch outcome {
          case .refused(let problem, _): probation.wasRefused(problem.error)
          case .committed:
            self.probation = nil
            letGo()
            takenBack = TakenBack(configuration: givenUp, generation: history.generation)
            history.wentBack(because: reason, file: file)
          }
          done(outcome)
        }
      }
    }
  }

  /// Binds the listeners again whose sockets' files are gone. What runs, who has loaded it, what came of the last attempt and
  /// what is tried again stay as they are.
  package func rebind(done: @escaping (Rebinding.Outcome) -> Void) {
    changes.ask(.rebind, by: "martlet") { [unowned self] turn in
      if case .refused(let problem) = turn { return done(.failed(problem.error)) }
      rollouts += 1
      let rebinding = Rebinding(makeParts(rollouts)) { [unowned self] outcome in
        changes.ended(.kept)
        done(outcome)
      }
      self.rebinding = rebinding
      rebinding.start()
    }
  }

  /// The process is to end: what isn't decided yet doesn't come.
  package func abandon() {
    running?.abandon(.init("the process is about to end", hint: "nothing has changed"))
    rebinding?.abandon()
  }
}

// MARK: - One attempt

extension Reloads {
  /// Reads and reloads; the turn is this attempt's, and has ended before its outcome is told.
  ///
  /// - Parameter asked: which configuration ran when it was asked for, if what was given up since isn't meant.
  private func begin(_ attempt: Attempt, askedFor asked: Int? = nil, _ done: @escaping Done) {
    var attempt = attempt
    let configuration: Configuration
    do throws(ConfigErrors) {
      configuration = try readNoting(attempt.source)
    } catch {
      changes.ended(.kept)
      return refuse(.init(error), .lasting, by: attempt.author, done)
    }
    if let asked, let takenBack, asked < takenBack.generation,
      ConfigurationDifference(from: takenBack.configuration, to: configuration).isEmpty
    {
      changes.ended(.kept)
      let problem = AdminAnswer.Problem(
        "\(file ?? "the file") still has what was taken back",
        hint: "correct it; `martlet reload` takes it all the same")
      return refuse(problem, .lasting, by: attempt.author, done)
    }
    announce?(true)
    rollouts += 1
    let parts = makeParts(rollouts)
    if attempt.options.confirm != nil {
      attempt.baseline = .init(parts.controller, since: usual?.earlier ?? UsualConnects.none)
    }
    let before = (parts.controller.configuration, history.provenance)
    finished = nil
    let reload = Reload(
      to: configuration, with: parts, by: attempt.author, isForced: attempt.options.isForced,
      givenUp: attempt.options.confirm == nil ? attempt.options.givenUp : .kept, prepared: attempt.prepared
    ) { [unowned self, attempt] outcome in
      // The reload is below this call: it's dropped when the next one begins.
      (finished, running) = (running, nil)
      switch outcome {
      case .refused(let problem, let prospect):
        changes.ended(.kept)
        refuse(problem, prospect, by: attempt.author, done)
      case .committed(var answer):
        // Something is decided: what the file said before isn't tried any more.
        rereading?.stop()
        answer.generation = history.committed(answer, attempt.source, file: file, by: attempt.author)
        let isOnProbation = watch(answer, attempt, before: before, parts.controller)
        if attempt.options.confirm != nil, !isOnProbation { letGo() }
        changes.ended(isOnProbation ? .onProbation : .settled)
        answer.confirmUntil = isOnProbation ? confirmUntil : nil
        announce?(false)
        done(.committed(answer))
      }
    }
    running = reload
    reload.start()
  }

  /// Reads a configuration, and takes note of how the process's own files are.
  private func readNoting(_ source: Source) throws(ConfigErrors) -> Configuration {
    guard case .file = source else { return try read(source) }
    var seen = FileSnapshot()
    defer {
      let isOther = seen.paths != filesAsRead.paths
      filesAsRead = seen
      if isOther { readOthers?() }
    }
    return try read(source, &seen)
  }

  private func refuse(
    _ problem: AdminAnswer.Problem, _ prospect: Reload.Prospect, by author: String, _ done: Done
  ) {
    history.refused(problem, by: author)
    if running == nil { announce?(false) }
    done(.refused(problem, prospect))
  }

  /// Begins the time in which the configuration has to be confirmed, if it has to; whether it has.
  private func watch(
    _ answer: AdminAnswer.Reloaded, _ attempt: Attempt, before: (Configuration, Provenance), _ controller: Controller
  ) -> Bool {
    guard let length = attempt.options.confirm, let baseline = attempt.baseline, !answer.changes.isEmpty,
      !changes.gate.isClosed
    else { return false }
    probation = Probation(within: length, before: before, baseline, controller, on: loop) { [unowned self] reason in
      goBack(.promisedRevert, by: "martlet", because: reason) { _ in }
    }
    return true
  }

  /// The file was read because it has changed or a signal came: whether it's tried again.
  private func reconsider(_ outcome: Reload.Outcome, by author: String) {
    guard case .refused(_, .passing) = outcome, makeParts(rollouts).controller.configuration.reload == .watch,
      !changes.gate.isClosed
    else { return rereading?.stop() ?? () }
    rereading?.wasRefused(by: author)
  }
}

extension AdminAnswer.Problem {
  /// Everything that is wrong with a configuration.
  package init(_ errors: ConfigErrors) {
    let count = errors.errors.count + errors.omitted
    self.init(
      count == 1 ? "the configuration is wrong" : "the configuration has \(count) errors",
      hint: "`martlet check` shows the same before a reload",
      details: errors.errors.map { $0.text(in: errors.file) }, kind: .configuration)
  }
}
