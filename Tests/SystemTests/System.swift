import Foundation
import Support
import Testing

/// How many minutes a test of the program may take: the shortest limit that applies to it counts, and the long ones are
/// asked for by variables.
let systemMinutes = {
  let environment = ProcessInfo.processInfo.environment
  return environment["MARTLET_RELOADS"] ?? environment["MARTLET_CHAOS_SECONDS"] == nil ? 1 : 60
}()

/// The program against servers and clients that nobody here wrote, one test after another: each of them wants the
/// machine's few cores for itself.
@Suite(.serialized, .timeLimit(.minutes(systemMinutes))) enum System {}

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

/// Whether nobody listens at a port any more.
func refuses(_ port: UInt16) -> Bool {
  do throws(ClientError) {
    _ = try ClientSocket(.local(port))
    return false
  } catch {
    return error == .refused
  }
}

/// The sockets that listen at a port of this machine, by their inodes.
func listeningSockets(at port: UInt16) throws -> Set<String> {
  // Beside those that listen the list has all that tests have left behind, tens of thousands.
  let rows = try Subprocess.run("grep", ["-h", " 0A ", "/proc/net/tcp", "/proc/net/tcp6"]).output.split(separator: "\n")
  let address = ":" + String(format: "%04X", port)
  return Set(
    rows.map { $0.split(whereSeparator: \.isWhitespace) }.filter { $0[1].hasSuffix(address) && $0[3] == "0A" }
      .map { String($0[9]) })
}
