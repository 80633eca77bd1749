import Glibc

/// The sockets that the service manager has opened for this process, and keeps open while it restarts (sd_listen_fds(3)).
package enum InheritedListeners {
  /// One of them.
  package struct Listener: Sendable {
    /// What the manager calls it (FileDescriptorName=), which needn't be unique; `unknown` if it doesn't say.
    package let name: String
    /// The socket, made non-blocking and closed on exec. Whether it listens, and where, it tells itself.
    package let socket: Socket
  }

  /// Takes the sockets that the environment speaks of, and the variables out of the environment, so that no child takes
  /// them for its own. To be called once, while there is no other thread: setenv(3) isn't safe beside one.
  package static func take() -> [Listener] {
    defer { for name in ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"] { _ = unsafe unsetenv(name) } }
    return listeners(in: Spawn.environment, process: getpid(), first: 3)
  }

  /// Reads the variables. Numbers that aren't open descriptors are passed over.
  static func listeners(in environment: [String: String], process: Int32, first: Int32) -> [Listener] {
    guard environment["LISTEN_PID"] == String(process),
      let count = environment["LISTEN_FDS"].flatMap({ Int32(digits: $0) }),
      (1...65_536).contains(count)
    else { return [] }
    let names = environment["LISTEN_FDNAMES"]?.split(separator: ":", omittingEmptySubsequences: false) ?? []
    return (0..<count).compactMap { index in
      let descriptor = first + index
      let flags = fcntl(descriptor, F_GETFL)
      guard flags >= 0 else { return nil }
      _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
      let name = index < names.count && !names[Int(index)].isEmpty ? String(names[Int(index)]) : "unknown"
      return Listener(name: name, socket: Socket(descriptor: descriptor))
    }
  }
}
