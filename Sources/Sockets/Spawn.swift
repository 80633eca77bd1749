import Glibc
package import SystemPackage

/// What became of a child process.
package enum ChildState: Equatable, Sendable {
  /// It runs.
  case running
  /// It has ended by itself, with this code. It's told once.
  case exited(Int32)
  /// It was ended by this signal. It's told once.
  case killed(Int32)
  /// There is no such child: it never was one, or its end has been told.
  case unknown
}

/// Starts programs.
package enum Spawn {
  /// The process group that a program begins in.
  package enum Group: Sendable {
    /// This process's.
    case ours
    /// One of its own, so that it can be ended with everything that it has started.
    case own
  }

  /// This process's environment.
  package static var environment: [String: String] {
    var variables: [String: String] = [:]
    var next = unsafe environ
    while let variable = unsafe next.pointee {
      let parts = unsafe String(cString: variable).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
      unsafe next += 1
    }
    return variables
  }

  /// Starts a program as a child that lives on when this process ends.
  ///
  /// It begins with the default action for every signal and none blocked, whatever this process does about them, in the
  /// same directory and session. Of the descriptors it has those that are passed, and those that aren't
  /// closed on exec; all that this program opens are.
  ///
  /// - Parameters:
  ///   - program: its path, which isn't looked for in PATH.
  ///   - arguments: without the name of the program, which goes before them.
  ///   - environment: all of it.
  ///   - passing: open descriptors, and the numbers that they get in the child.
  ///   - group: the process group that it begins in.
  /// - Returns: the child's process id, to `reap` it by.
  /// - Throws: why the system refuses to start it: ENOENT, EACCES, ENOEXEC, EAGAIN and so on.
  package static func start(
    _ program: String, _ arguments: [String] = [], environment: [String: String] = Spawn.environment,
    passing: [(descriptor: Int32, asNumber: Int32)] = [], in group: Group = .ours
  ) throws(Errno) -> Int32 {
    // A number may be taken by a descriptor that is to be passed as another. So all are moved out of the way first, to
    // copies which exec closes.
    var copies: [Int32] = []
    defer { for copy in copies { _ = close(copy) } }
    let above = (passing.map(\.asNumber).max() ?? 0) + 1
    for (descriptor, _) in passing {
      copies.append(try syscall { fcntl(descriptor, F_DUPFD_CLOEXEC, above) })
    }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for (copy, (_, number)) in zip(copies, passing) {
      unsafe posix_spawn_file_actions_adddup2(&actions, copy, number)
    }

    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe sigfillset(&signals)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    var flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    if group == .own { flags |= POSIX_SPAWN_SETPGROUP }
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

    let words = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
    let variables = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
    defer { unsafe (words + variables).forEach { unsafe Glibc.free($0) } }
    var child: Int32 = 0
    let failure = unsafe posix_spawn(&child, program, &actions, &attributes, words, variables)
    guard failure == 0 else { throw Errno(rawValue: failure) }
    return child
  }

  /// Ends a child that is in a group of its own, with everything that it has started, at once. To be reaped afterwards.
  package static func end(_ child: Int32) {
    _ = kill(-child, SIGKILL)
  }

  /// Looks at a child without waiting, and takes note of its end, which lets go of its process id.
  package static func reap(_ child: Int32) -> ChildState {
    state(of: child, WNOHANG)
  }

  /// Waits for a child's end, however long that takes, and takes note of it.
  package static func wait(for child: Int32) -> ChildState {
    state(of: child, 0)
  }

  private static func state(of child: Int32, _ options: Int32) -> ChildState {
    var status: Int32 = 0
    do throws(Errno) {
      guard try syscall({ unsafe waitpid(child, &status, options) }) != 0 else { return .running }
    } catch {
      return .unknown
    }
    // WIFEXITED and its like, wait(2).
    let signal = status & 0x7F
    return signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal)
  }
}
