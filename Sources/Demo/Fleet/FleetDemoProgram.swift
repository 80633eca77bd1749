import FoundationEssentials
import Glibc
import Sockets
import SystemPackage

/// Why the demo of a fleet can't go on.
enum FleetDemoProblem: Error {
  /// The machine hasn't got what it needs.
  case missing(String)
  /// Something isn't as it should be.
  case failed(String)

  /// What it is, a clause.
  var text: String {
    switch self {
    case .missing(let text), .failed(let text): text
    }
  }
}

/// Programs that the demo of a fleet runs, in the network of the thread that starts them.
enum FleetDemoProgram {
  /// Runs a program to its end, which has to be a good one, and gives what it wrote to both its outputs.
  ///
  /// - Parameters:
  ///   - program: its name, or its path.
  ///   - third: a descriptor that it has as number 3.
  @discardableResult
  static func run(_ program: String, _ arguments: [String], third: Int32? = nil) throws(FleetDemoProblem) -> String {
    // A file and no pipe, which nobody would empty until the program has ended; its name is gone before anything is in it.
    let path = FileManager.default.temporaryDirectory.path + "/martlet-" + UUID().uuidString
    let output = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard output >= 0 else { throw .failed("no file for what \(program) writes: \(Errno(rawValue: errno))") }
    defer { _ = close(output) }
    _ = unsafe unlink(path)
    let more = third.map { [(descriptor: $0, asNumber: Int32(3))] } ?? []
    let end = Spawn.wait(for: try start(program, arguments, output: output, passing: more))
    let text = Self.text(of: output)
    guard end == .exited(0) else {
      let said = text.split(separator: "\n").first.map { ": \($0)" } ?? ""
      throw .failed("`\(program) \(arguments.joined(separator: " "))`\(said)")
    }
    return text
  }

  /// Starts a program that writes to a descriptor, both its outputs.
  static func start(
    _ program: String, _ arguments: [String], environment: [String: String] = [:], output: Int32,
    passing: [(descriptor: Int32, asNumber: Int32)] = []
  ) throws(FleetDemoProblem) -> Int32 {
    guard let path = program.contains("/") ? program : FleetDemoNeeds.path(of: program) else {
      throw .missing("not installed: \(program)")
    }
    do throws(Errno) {
      return try Spawn.start(
        path, arguments, environment: Spawn.environment.merging(environment) { $1 },
        passing: [(output, 1), (output, 2)] + passing)
    } catch {
      throw .failed("\(program) can't be started: \(error)")
    }
  }

  private static func text(of descriptor: Int32) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 * 1024)
    while true {
      let count = unsafe pread(descriptor, &buffer, buffer.count, bytes.count)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += buffer[..<count]
    }
  }
}

/// Waits until a condition holds; says what was waited for if that takes longer than the limit.
func waitUntil(
  _ what: @autoclosure () -> String, limit: Duration = .seconds(10),
  _ isSo: () throws(FleetDemoProblem) -> Bool
) throws(FleetDemoProblem) {
  let deadline = Deadline(after: limit)
  while try !isSo() {
    guard deadline.remaining != nil else { throw .failed("not within \(limit / .seconds(1)) s: \(what())") }
    usleep(2_000)
  }
}
