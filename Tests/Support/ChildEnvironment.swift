import Foundation

/// The environment of the programs that tests run, so that none meets another's files, or those of whoever runs the tests.
///
/// It's made where every program is started: the proxy gets it also when a shell, a terminal or a limit stands before it.
enum ChildEnvironment {
  /// What would change the proxy's behaviour, and what other programs were told of themselves.
  private static let unwanted = [
    "MARTLET_CONFIG", "MARTLET_SOCKET", "MARTLET_HANDOVER", "NO_COLOR", "NOTIFY_SOCKET", "STATE_DIRECTORY",
    "WATCHDOG_USEC",
    "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
  ]

  /// Where programs put what outlives a moment: the admin socket and the state of the proxy, a browser's profile.
  private static let places = ["XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"]

  /// The variables of one more program: the tests' own, with places that nobody else has, and with these changes; nil
  /// takes a variable away.
  static func variables(changedBy changes: [String: String?]) throws -> [String: String] {
    let folder = "\(folders)/\(String(UInt64.random(in: .min ... .max), radix: 36))"
    guard mkdir(folder, 0o700) == 0 else { throw SubprocessError("no folder \(folder): error \(errno)") }
    var variables = ProcessInfo.processInfo.environment
    for name in unwanted { variables[name] = nil }
    for name in places { variables[name] = folder }
    for (name, value) in changes { variables[name] = value }
    return variables
  }

  /// Where those folders are, until the tests end.
  private static let folders: String = {
    let folder = "/tmp/martlet-tests-\(getpid())-\(String(UInt32.random(in: .min ... .max), radix: 36))"
    mkdir(folder, 0o700)
    atexit { ChildEnvironment.removeFolders() }
    return folder
  }()

  private static func removeFolders() {
    try? FileManager.default.removeItem(atPath: folders)
  }
}
