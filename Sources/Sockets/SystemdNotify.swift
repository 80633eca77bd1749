import Glibc
package import SystemPackage

/// Tells the service manager how this process is (sd_notify(3)), by datagrams to the socket that NOTIFY_SOCKET names.
package struct SystemdNotify: Sendable {
  /// What can be told.
  package enum News: Sendable {
    /// Startup is finished, or reloading is.
    case ready
    /// Reloading begins; `ready` has to follow. With the time of CLOCK_MONOTONIC, as Type=notify-reload demands
    /// (systemd.service(5)).
    case reloading
    /// The service is about to end.
    case stopping
    /// The service is alive; to be told at less than `watchdogInterval`.
    case watchdog
    /// What it does now, in one line, as `systemctl status` shows it.
    case status(String)
    /// Stopping may take so long from now on, whatever the unit's limit.
    case extendTimeout(Duration)
    /// From now on this process is the service's main one.
    case mainPID(Int32)

    var lines: String {
      switch self {
      case .ready: "READY=1"
      case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(MonotonicClock.now() / 1000)"
      case .stopping: "STOPPING=1"
      case .watchdog: "WATCHDOG=1"
      case .status(let text): "STATUS=\(text.split(whereSeparator: \.isNewline).joined(separator: " "))"
      case .extendTimeout(let time): "EXTEND_TIMEOUT_USEC=\(Int64(time / .microseconds(1)))"
      case .mainPID(let pid): "MAINPID=\(pid)"
      }
    }
  }

  /// How long the manager's queue may be full.
  private static let patience = Duration.milliseconds(200)

  /// A path, or an abstract name behind an at sign.
  private let name: String

  /// Whoever the environment names; nil if there is nobody, as outside a service of Type=notify.
  package init?(environment: [String: String] = Spawn.environment) {
    guard let name = environment["NOTIFY_SOCKET"], name.hasPrefix("/") || name.hasPrefix("@"), name.utf8.count > 1,
      name.utf8.count <= SocketAddress.longestUnixPath
    else { return nil }
    self.name = name
  }

  /// Tells all of it at once.
  ///
  /// - Throws: why the manager can't be reached; EAGAIN if it took none for a moment.
  package func send(_ news: News...) throws(Errno) {
    let kind = Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let socket = Socket(descriptor: try syscall { Glibc.socket(AF_UNIX, kind, 0) })
    defer { socket.close() }
    _ = try syscall { connect(socket) }
    let bytes = Array(news.map(\.lines).joined(separator: "\n").utf8)[...]
    var outcome = socket.send(bytes)
    if outcome == .wouldBlock, socket.wait(for: .room, until: Deadline(after: Self.patience)) {
      outcome = socket.send(bytes)
    }
    switch outcome {
    case .bytes, .end: return
    case .wouldBlock: throw .wouldBlock
    case .failed(let error): throw error
    }
  }

  /// The longest interval of a watchdog that is told apart from longer ones.
  private static let longestInterval = Duration.seconds(86_400)

  /// How often the manager wants to hear `watchdog`, or it takes the service for dead: WATCHDOG_USEC (sd_watchdog_enabled(3));
  /// nil if it doesn't, or asks another process. Half of it is a good interval.
  package static func watchdogInterval(environment: [String: String] = Spawn.environment) -> Duration? {
    guard let text = environment["WATCHDOG_USEC"], let microseconds = Int64(text), microseconds > 0 else { return nil }
    if let asked = environment["WATCHDOG_PID"], asked != String(getpid()) { return nil }
    return min(.microseconds(microseconds), longestInterval)
  }

  private func connect(_ socket: Socket) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = name.hasPrefix("@") ? [0] + name.utf8.dropFirst() : Array(name.utf8)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    // An abstract name is as long as the address says, with no zero at its end.
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(socket.descriptor, $0, length)
      }
    }
  }
}
