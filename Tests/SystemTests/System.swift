import Foundation
import Support
import Testing

/// The program against servers and clients that nobody here wrote, one test after another: each of them wants the
/// machine's few cores for itself.
@Suite(.serialized, .timeLimit(.minutes(minutesForOne))) enum System {}

/// How long a test may take: the shortest limit that applies to it counts, and the long ones are asked for by variables.
private let minutesForOne: Int = {
  let environment = ProcessInfo.processInfo.environment
  return environment["MARTLET_RELOADS"] ?? environment["MARTLET_CHAOS_SECONDS"] == nil ? 1 : 60
}()

extension Trait where Self == ConditionTrait {
  /// Runs a test only where these programs are; `make test` installs all of them.
  static func needs(_ programs: String...) -> Self {
    let missing = programs.filter { !Programs.have($0) }
    return .enabled(if: missing.isEmpty, "not installed: \(missing.joined(separator: ", ")); make test installs them")
  }
}

/// Checks that notice within a second, and don't take a busy machine for a dead server.
let fastHealth = """
  { "type": "http", "interval": "200ms", "timeout": "200ms", "rise": 2, "fall": 2, "fastInterval": "50ms", \
  "slowInterval": "200ms" }
  """
