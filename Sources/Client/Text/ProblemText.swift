import FoundationEssentials
package import Model
import Text

/// What is wrong, and what to do about it.
package enum ProblemText {
  /// Details line by line, then `martlet: …`, then `hint: …`.
  ///
  /// The details come first, as in what `martlet check` says of a file: the last lines sum up.
  package static func render(_ problem: AdminAnswer.Problem) -> String {
    let details = (problem.details ?? []).map { TextTable.printable($0) + "\n" }.joined()
    let hint = problem.hint.map { "hint: \(TextTable.printable($0))\n" } ?? ""
    return "\(details)martlet: \(TextTable.printable(problem.error))\n\(hint)"
  }

  /// The same as the admin door would say it.
  package static func json(_ problem: AdminAnswer.Problem) -> String {
    String(decoding: JSONForm.bytes(problem), as: UTF8.self)
  }
}
