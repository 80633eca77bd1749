import ArgumentParser
import Glibc

/// How the program ends, in the words of sysexits(3) where that has one.
enum ExitStatus: Int32, CaseIterable {
  case success = 0
  case incomplete = 1
  case disruptive = 2
  case usage = 64
  case unavailable = 69
  case machine = 71
  case output = 74
  case configuration = 78

  /// Says why, and gives what to throw to end so.
  func because(_ problem: String) -> ExitCode {
    Complaint.write(.init(problem))
    return code
  }

  /// What to throw to end so.
  var code: ExitCode { ExitCode(rawValue) }

  /// The part of the help that lists them.
  static var help: String {
    "EXIT STATUS\n"
      + allCases.map { "  \($0.rawValue < 10 ? " " : "")\($0.rawValue)  \($0.meaning)\n" }.joined()
      .dropLast()
  }

  private var meaning: String {
    switch self {
    case .success: "All went well."
    case .incomplete:
      """
      Sessions were cut off at the end; or requests or steps of a demo failed; or
            the running process refused; or a plan would only add something.
      """
    case .disruptive: "A plan would affect sessions, or would be refused."
    case .usage: "The command line is wrong."
    case .unavailable:
      """
      An address can't be bound: in use, not allowed, not ours; or nobody
            answers at the admin socket.
      """
    case .machine: "What `demo --fleet` needs isn't installed, or isn't allowed here."
    case .output: "The output can't be written."
    case .configuration: "The configuration file can't be read, or is wrong."
    }
  }
}
