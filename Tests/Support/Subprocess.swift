import Glibc
import SystemPackage

/// A program that a test runs: what it wrote is there to look at while it runs and after, and it never outlives this
/// object. It's killed, with everything that it started, when the object goes; end a test with `defer { child.kill() }`
/// to say when that is.
///
/// What the child writes goes to files without a name instead of pipes: it never waits for the test to read, and
/// whatever it leaves running can't keep the test waiting for the end of a pipe.
package final class Subprocess {
  /// How a program ended.
  package enum Exit: Equatable, Sendable {
    /// By itself, with this code.
    case code(Int)
    /// By this signal.
    case signal(Int32)
  }

  /// What a program did that has ended.
  package struct Result: Sendable {
    /// How it ended.
    package let exit: Exit
    /// What it wrote to its standard output.
    package let output: String
    /// What it wrote to its standard error.
    package let errors: String
  }

  /// One of the two streams that a program writes to.
  package enum Stream: Sendable { case output, errors }

  /// The process id, which is the id of its process group too.
  package let pid: pid_t

  private let name: String
  private let output: Capture
  private let errors: Capture?
  private var exit: Exit?

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - program: its path, or a name that is looked for in PATH.
  ///   - environment: what it gets beside the test's own environment, in which it has places of its own for its files;
  ///     nil takes a variable away.
  ///   - input: what it reads from its standard input.
  ///   - errorsTo: a descriptor to use as its standard error, which isn't captured then.
  package init(
    _ program: String, _ arguments: [String] = [], environment: [String: String?] = [:], input: String = "",
    errorsTo: Int32? = nil
  ) throws {
    name = program
    let environment = try ChildEnvironment.variables(changedBy: environment)
    let source = try Capture()
    try source.fill(with: input)
    output = try Capture()
    errors = errorsTo == nil ? try Capture() : nil

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, source.descriptor, 0)
    posix_spawn_file_actions_adddup2(&actions, output.descriptor, 1)
    posix_spawn_file_actions_adddup2(&actions, errorsTo ?? errors?.descriptor ?? 2, 2)

    // A group of its own, and the signals as a program finds them that is started from a shell.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))

    let words = ([program] + arguments).map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for word in words + variables { free(word) } }
    var started: pid_t = 0
    let failure = posix_spawnp(&started, program, &actions, &attributes, words, variables)
    guard failure == 0 else { throw SubprocessError("\(program) can't be started: \(Errno(rawValue: failure))") }
    pid = started
  }

  deinit {
    kill()
  }

  /// Runs a program to its end, and gives what it did; kills it and throws if it takes longer than the limit.
  package static func run(
    _ program: String, _ arguments: [String] = [], environment: [String: String?] = [:], input: String = "",
    limit: Duration = .seconds(20)
  ) throws -> Result {
    let child = try Subprocess(program, arguments, environment: environment, input: input)
    defer { child.kill() }
    let exit = try child.wait(limit: limit)
    return Result(exit: exit, output: child.text(of: .output), errors: child.text(of: .errors))
  }

  /// Everything that it has written to the stream until now.
  package func text(of stream: Stream) -> String {
    switch stream {
    case .output: output.text
    case .errors: errors?.text ?? ""
    }
  }

  /// Waits for a whole line of the stream that fits, and gives the first; throws with all that was written if none
  /// comes in time or the program has ended without one.
  package func line(
    in stream: Stream, limit: Duration = .seconds(10), where fits: (Substring) -> Bool
  ) throws -> String {
    let deadline = ContinuousClock.now + limit
    while true {
      // First whether it's over, then what it wrote: nothing is written after the end.
      let isOver = hasEnded || ContinuousClock.now >= deadline
      let lines = text(of: stream).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
      if let line = lines.first(where: fits) { return String(line) }
      if isOver { throw error("none of its lines fits") }
      pause()
    }
  }

  /// Waits for a line of the stream that contains the text.
  package func line(in stream: Stream, containing text: String, limit: Duration = .seconds(10)) throws -> String {
    try line(in: stream, limit: limit) { $0.contains(text) }
  }

  /// Whether it has ended.
  package var hasEnded: Bool {
    guard exit == nil else { return true }
    var information = siginfo_t()
    guard waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT) == 0, information.si_signo == SIGCHLD
    else {
      return false
    }
    end()
    return true
  }

  /// Waits for its end; throws with all that was written if that doesn't come in time.
  package func wait(limit: Duration = .seconds(10)) throws -> Exit {
    let deadline = ContinuousClock.now + limit
    while true {
      let isOver = ContinuousClock.now >= deadline
      if hasEnded, let exit { return exit }
      if isOver { throw error("it hasn't ended after \(limit)") }
      pause()
    }
  }

  /// Sends it a signal, unless it has ended.
  package func send(_ signal: Int32) {
    if !hasEnded { _ = Glibc.kill(pid, signal) }
  }

  /// Ends it and everything that it started in its process group, at once.
  package func kill() {
    if exit == nil { end() }
  }

  // MARK: -

  /// Ends the group first: as long as its leader isn't reaped, nobody else can have the group's id.
  private func end() {
    _ = Glibc.kill(-pid, SIGKILL)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7F
    exit = signal == 0 ? .code(Int((status >> 8) & 0xFF)) : .signal(signal)
  }

  private func pause() {
    usleep(5000)
  }

  private func error(_ problem: String) -> SubprocessError {
    SubprocessError(
      """
      \(name) (\(exit.map { "ended: \($0)" } ?? "running")): \(problem)
      --- its output:
      \(text(of: .output))
      --- its errors:
      \(text(of: .errors))
      """)
  }
}

/// Why a program couldn't be run as a test wants it.
package struct SubprocessError: Error, CustomStringConvertible {
  /// What happened, and what the program wrote.
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// A file without a name that one process writes and another reads.
private final class Capture {
  let descriptor: Int32

  init() throws {
    let path = "/tmp/martlet-test-\(getpid())-\(UInt64.random(in: .min ... .max))"
    descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw SubprocessError("no file for a program's output: \(Errno(rawValue: errno))") }
    unlink(path)
  }

  deinit {
    close(descriptor)
  }

  /// Writes the text, for someone who reads from the start.
  func fill(with text: String) throws {
    let bytes = Array(text.utf8)
    guard write(descriptor, bytes, bytes.count) == bytes.count, lseek(descriptor, 0, SEEK_SET) == 0 else {
      throw SubprocessError("no room for a program's input: \(Errno(rawValue: errno))")
    }
  }

  /// All that is in it.
  var text: String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = pread(descriptor, &buffer, buffer.count, bytes.count)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += buffer[..<count]
    }
  }
}
