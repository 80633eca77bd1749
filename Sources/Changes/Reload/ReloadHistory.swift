import Logging
import Model

/// Which configuration runs, how that came, and what came of the attempts to change it; told to the log as well.
package final class ReloadHistory {
  /// Which configuration runs: 1 at start, one more with each reload.
  package private(set) var generation: Int
  /// How it has come to run.
  package private(set) var provenance: Provenance
  /// What came of the last attempt, in words.
  package private(set) var last: String?
  /// How many attempts there were.
  package private(set) var tally: ReloadTally

  private let logger: Logger
  private var lastProblem: AdminAnswer.Problem?

  init(generation: Int, provenance: Provenance, tally: ReloadTally, logger: Logger) {
    self.generation = generation
    self.provenance = provenance
    self.tally = tally
    self.logger = logger
  }

  /// An attempt was refused.
  func refused(_ problem: AdminAnswer.Problem, by author: String) {
    last = "refused at \(Timestamp.now.timeOfDay) UTC: \(problem.error)"
    tally.note(success: false)
    // What is tried again and again is told once.
    logger.log(
      level: problem == lastProblem ? .info : .error, "reload refused, nothing has changed: \(problem.error)",
      metadata: [
        "by": "\(author)", "hint": "\(problem.hint ?? "")",
        "details": .array((problem.details ?? []).prefix(20).map { "\($0)" }),
      ])
    lastProblem = problem
  }

  /// A configuration has taken effect; gives its generation.
  ///
  /// - Parameter file: the process's own file.
  func committed(_ answer: AdminAnswer.Reloaded, _ source: Reloads.Source, file: String?, by author: String) -> Int {
    lastProblem = nil
    tally.note(success: true)
    if answer.changes.isEmpty {
      last = "nothing to change at \(Timestamp.now.timeOfDay) UTC"
    } else {
      generation += 1
      last = "generation \(generation)"
    }
    note(source, file: file, by: author, hasChanged: !answer.changes.isEmpty)
    logger.notice(
      answer.changes.isEmpty ? "configuration reloaded: nothing has changed" : "configuration reloaded",
      metadata: [
        "generation": "\(generation)", "by": "\(author)", "seconds": "\(answer.seconds)",
        "changes": .array(answer.changes.prefix(100).map { "\($0)" }),
        "warnings": .array(answer.warnings.prefix(20).map { "\($0)" }),
      ])
    return generation
  }

  private func note(_ source: Reloads.Source, file: String?, by author: String, hasChanged: Bool) {
    switch source {
    // The same as what runs: then that is what the file says by now.
    case .file where !hasChanged: provenance.file = file
    case .file: provenance = Provenance(file: file, author: author)
    case .text(_, let name):
      if hasChanged { provenance = Provenance(file: name, author: author) }
    case .earlier(_, let earlier): provenance = Provenance(file: earlier.file, author: author)
    }
  }

  /// What runs stays.
  func confirmed(by author: String) {
    last = "generation \(generation), confirmed by \(author)"
    logger.notice("configuration confirmed", metadata: ["generation": "\(generation)", "by": "\(author)"])
  }

  /// What ran before runs again.
  func wentBack(because reason: String, file: String?) {
    last = "generation \(generation), back to the one before: \(reason)"
    if let file {
      logger.warning("\(file) may still have what was given up: correct it before the next reload or restart")
    }
  }
}
