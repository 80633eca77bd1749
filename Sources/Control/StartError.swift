/// Why the proxy can't start: what was tried, what came of it, and what to do about it.
package struct StartError: Error, CustomStringConvertible, Sendable {
  /// What failed, such as `listener web: 0.0.0.0:8080: address already in use`.
  package let problem: String
  /// What helps.
  package let hint: String

  /// An error with its remedy.
  package init(_ problem: String, hint: String) {
    self.problem = problem
    self.hint = hint
  }

  /// Both in one line.
  package var description: String {
    "\(problem) (\(hint))"
  }
}
