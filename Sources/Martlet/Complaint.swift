import Client
import Glibc
import Model
import Text

/// What is said on the standard error when something can't be done: lines for people, or JSON for whoever has asked for
/// answers in JSON.
enum Complaint {
  /// Whether this command line asks for JSON.
  static let isJSON = CommandLine.arguments.dropFirst().prefix { $0 != "--" }.contains("--json")

  /// Says what is wrong and what helps.
  static func write(_ problem: AdminAnswer.Problem) {
    Terminal.write(isJSON ? ProblemText.json(problem) : ProblemText.render(problem), to: STDERR_FILENO)
  }
}

/// What a command answers.
enum Output {
  /// Writes all of it to the standard output, or throws what the program ends with then. A reader who has gone misses
  /// nothing that he wants.
  static func write(_ text: String) throws {
    if let error = Terminal.write(text, to: STDOUT_FILENO) {
      throw ExitStatus.output.because("the output can't be written: \(error)")
    }
  }

  /// Writes what others have printed and the C library holds yet.
  static func flush() throws {
    // Nothing is printed any more, so there is nobody to wait for.
    guard fflush(nil) == 0 || errno == EPIPE else {
      throw ExitStatus.output.because(
        "the output can't be written: \(errno == ENOSPC ? "no space left" : "error \(errno)")")
    }
  }
}
