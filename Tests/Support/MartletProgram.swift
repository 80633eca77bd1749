import Glibc

/// The `martlet` program that was built together with the tests.
package enum MartletProgram {
  /// Its path: it lies beside the program that runs the tests.
  package static let path: String = {
    var buffer = [CChar](repeating: 0, count: 4096)
    let length = readlink("/proc/self/exe", &buffer, buffer.count)
    let tests = String(decoding: buffer[..<max(length, 0)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return tests[..<(tests.lastIndex(of: "/") ?? tests.startIndex)] + "/martlet"
  }()

  /// Runs it to its end.
  package static func run(
    _ arguments: [String], environment: [String: String?] = [:], input: String = "", limit: Duration = .seconds(20)
  ) throws -> Subprocess.Result {
    try Subprocess.run(path, arguments, environment: environment, input: input, limit: limit)
  }

  /// Starts it.
  package static func start(
    _ arguments: [String], environment: [String: String?] = [:], errorsTo: Int32? = nil
  ) throws -> Subprocess {
    try Subprocess(path, arguments, environment: environment, errorsTo: errorsTo)
  }
}
