package import Model

/// A configuration that everybody has prepared: what can fail is done, and nobody has noticed anything. Whoever drives the
/// change decides, at once or minutes later. What happens in between holds with it: overrides, names, health. Dropped
/// undecided, it's as if it had been aborted.
package final class Prepared {
  enum Decision {
    case commit
    case abort(AdminAnswer.Problem)
  }

  private var decide: ((Decision) -> Void)?

  init(_ decide: @escaping (Decision) -> Void) {
    self.decide = decide
  }

  /// Lets it take effect; a second decision does nothing.
  package func commit() {
    decide.take()?(.commit)
  }

  /// Gives it up, for a reason that its author is told; a second decision does nothing.
  package func abort(_ problem: AdminAnswer.Problem) {
    decide.take()?(.abort(problem))
  }

  deinit {
    decide?(.abort(AdminAnswer.Problem("nobody has decided for it", hint: "try again")))
  }
}
