import Foundation

private let base = "/tmp/martlet-tests-\(getpid())"

/// The `martlet` program that was built together with the tests.
package enum MartletProgram {
  /// Its path: it lies beside the program that runs the tests.
  package static let path: String = {
    var buffer = [CChar](repeating: 0, count: 4096)
    let length = readlink("/proc/self/exe", &buffer, buffer.count)
    let tests = String(decoding: buffer[..<max(length, 0)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return tests[..<(tests.lastIndex(of: "/") ?? tests.startIndex)] + "/martlet"
  }()

  /// Runs it to its end. The environment is free of what would change its behaviour.
  package static func run(
    _ arguments: [String], environment: [String: String?] = [:], limit: Duration = .seconds(20)
  ) throws -> Subprocess.Result {
    try Subprocess.run(path, arguments, environment: neutral(environment), limit: limit)
  }

  /// Starts it. The environment is free of what would change its behaviour.
  package static func start(
    _ arguments: [String], environment: [String: String?] = [:], errorsTo: Int32? = nil
  ) throws -> Subprocess {
    try Subprocess(path, arguments, environment: neutral(environment), errorsTo: errorsTo)
  }

  /// Each program gets folders of its own for its admin socket and its state, so that none meets another's.
  private static func neutral(_ environment: [String: String?]) -> [String: String?] {
    let folder = "\(folders)/\(UInt64.random(in: .min ... .max))"
    mkdir(folder, 0o700)
    let own: [String: String?] = [
      "MARTLET_CONFIG": nil, "MARTLET_SOCKET": nil, "NO_COLOR": nil, "NOTIFY_SOCKET": nil, "STATE_DIRECTORY": nil,
      "XDG_RUNTIME_DIR": folder, "XDG_STATE_HOME": folder,
    ]
    return own.merging(environment) { $1 }
  }

  /// Where those folders are, until the tests end.
  private static let folders: String = {
    mkdir(base, 0o700)
    atexit { try? FileManager.default.removeItem(atPath: base) }
    return base
  }()
}
