import Config
package import Libevent
package import Model
import SystemPackage
import Text

/// Why the admin door gave no answer, or not the one that was asked for.
package enum DoorError: Error, Equatable, Sendable {
  /// Nobody was reached at the socket, or who was gave no answer within the limit.
  case silent(socket: String, HTTPClientError, limit: Duration)
  /// The answer isn't one of this program's version.
  case foreign(socket: String, String)
  /// The process refuses; with the status code of its answer.
  case refused(AdminAnswer.Problem, status: Int)
}

extension DoorError {
  /// Whether the process answered that it won't.
  package var isRefusal: Bool {
    if case .refused = self { true } else { false }
  }

  /// Whether it won't because of the configuration that it was given, or has read.
  package var isOfConfiguration: Bool {
    if case .refused(let problem, _) = self { problem.kind == .configuration } else { false }
  }

  /// What is wrong, and what to do about it, for people.
  package var text: String { ProblemText.render(problem) }

  /// The same in one line, for where a line is all there is.
  package var line: String { TextTable.printable(problem.error) }

  /// What is wrong, and what to do about it.
  package var problem: AdminAnswer.Problem {
    switch self {
    case .silent(let socket, .brokenAnswer(let why), _):
      return AdminAnswer.Problem(
        "the answer from \(socket) is broken: \(why)",
        hint: "the process has ended, or this isn't Martlet's admin socket")
    case .silent(let socket, let error, let limit):
      let (why, hint) = Self.silence(error, limit)
      return AdminAnswer.Problem("no answer from \(socket): \(why)", hint: hint)
    case .foreign(let socket, let why):
      return AdminAnswer.Problem(
        "the answer from \(socket) isn't understood: \(why)",
        hint: "use the `martlet` of the version that runs, or name its socket with --socket")
    case .refused(let problem, _): return problem
    }
  }

  /// Why there is no answer, and what to do about it.
  private static func silence(_ error: HTTPClientError, _ limit: Duration) -> (why: String, hint: String) {
    let elsewhere = "if it runs with another socket, name that with --socket or $MARTLET_SOCKET"
    return switch error {
    case .noSuchSocket: ("there is no such socket", "start `martlet run`; \(elsewhere)")
    case .refused: ("nobody listens there", "start `martlet run` again; \(elsewhere)")
    case .permissionDenied:
      ("no permission", "run this as the user of the process, or as a member of the socket's group")
    case .timedOut:
      (
        "none came within \(limit.configured)",
        "the process may be stopped or overloaded; what was asked may still be done"
      )
    case .brokenAnswer(let why): (why, elsewhere)
    case .failed(.fileNameTooLong): ("a socket's path has at most 107 bytes", "name the socket by a shorter path")
    case .failed(let error): ("\(error)", elsewhere)
    }
  }
}
