import Glibc

/// The sockets that the service manager has opened for this process, and keeps open while it restarts (sd_listen_fds(3)).
package enum InheritedListeners {
  /// One of them.
  package struct Listener: Sendable {
    /// What the manager calls it (FileDescriptorName=), which needn't be unique; `unknown` if it doesn't say.
    package let name: String
    /// The stream socket, made non-blocking and closed on exec. Whether it listens, and where, it tells itself.
    package let socket: SharedSocket
  }

  /// The most sockets that are taken for a number that somebody means.
  private static let most: Int32 = 65_536

  /// Takes the sockets that the environment speaks of, and the variables out of the environment, so that no child takes
  /// them for its own. To be called once, while there is no other thread: setenv(3) isn't safe beside one.
  package static func take() throws(EnvironmentError) -> [Listener] {
    defer { for name in ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"] { _ = unsafe unsetenv(name) } }
    return try listeners(in: Spawn.environment, process: getpid(), first: 3)
  }

  /// Reads the variables. All of the descriptors are taken, or none.
  static func listeners(
    in environment: [String: String], process: Int32, first: Int32
  ) throws(EnvironmentError) -> [Listener] {
    guard environment["LISTEN_PID"] == String(process), let text = environment["LISTEN_FDS"] else { return [] }
    guard let count = Int32(digits: text), (0...most).contains(count) else {
      throw EnvironmentError("LISTEN_FDS", text, "that is no number of sockets")
    }
    // Nothing is taken over before all of it is known to be what it's said to be.
    for descriptor in first..<first + count {
      guard fcntl(descriptor, F_GETFL) >= 0 else {
        throw EnvironmentError("LISTEN_FDS", text, "descriptor \(descriptor) isn't open")
      }
      guard Socket(descriptor: descriptor).isStream else {
        throw EnvironmentError("LISTEN_FDS", text, "descriptor \(descriptor) is no stream socket")
      }
    }
    let names = environment["LISTEN_FDNAMES"]?.split(separator: ":", omittingEmptySubsequences: false) ?? []
    return (0..<count).map { index in
      let name = index < names.count && !names[Int(index)].isEmpty ? String(names[Int(index)]) : "unknown"
      return Listener(name: name, socket: SharedSocket(adopting: first + index))
    }
  }
}

extension DescriptorChannel {
  /// The channel whose end this process was started with; nil if it wasn't. The variable is taken out of the environment.
  /// To be called while there is no other thread.
  ///
  /// - Parameter variable: what holds the descriptor's number.
  package static func inherited(_ variable: String) throws(EnvironmentError) -> DescriptorChannel? {
    guard let text = Spawn.environment[variable] else { return nil }
    _ = unsafe unsetenv(variable)
    return try inherited(variable, text)
  }

  static func inherited(_ variable: String, _ text: String) throws(EnvironmentError) -> DescriptorChannel {
    guard let descriptor = Int32(digits: text), descriptor > STDERR_FILENO else {
      throw EnvironmentError(variable, text, "that is no number of a descriptor")
    }
    guard fcntl(descriptor, F_GETFL) >= 0 else {
      throw EnvironmentError(variable, text, "descriptor \(descriptor) isn't open")
    }
    let socket = Socket(descriptor: descriptor)
    guard socket.isStream, socket.peerCredentials != nil, !socket.isListening else {
      throw EnvironmentError(variable, text, "descriptor \(descriptor) is no connected Unix socket")
    }
    return DescriptorChannel(SharedSocket(adopting: descriptor))
  }
}

extension SharedSocket {
  /// Takes over a descriptor that this process was started with: makes it non-blocking and closed on exec.
  fileprivate convenience init(adopting descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    self.init(Socket(descriptor: descriptor))
  }
}

extension Socket {
  /// Whether it's a socket for a stream of bytes (SO_TYPE, socket(7)); false for a descriptor that isn't a socket, too.
  fileprivate var isStream: Bool {
    (try? option(SOL_SOCKET, SO_TYPE)) == Int32(SOCK_STREAM.rawValue)
  }
}
