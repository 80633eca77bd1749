import Glibc
import Support
import SystemPackage
import Testing

@testable import Sockets

/// What a service manager has: a datagram socket, at a path or under an abstract name.
private final class Manager {
  let name: String
  private let descriptor: Int32

  init(abstract: Bool) throws {
    let text = "martlet-test-\(getpid())-\(UInt32.random(in: .min ... .max))"
    name = abstract ? "@\(text)" : "/tmp/\(text)"
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = abstract ? [0] + Array(text.utf8) : Array(name.utf8)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(2 + bytes.count)
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    guard bound == 0 else { throw Errno(rawValue: errno) }
    var patience = timeval(tv_sec: 5, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit {
    close(descriptor)
    if !name.hasPrefix("@") { unlink(name) }
  }

  /// The next datagram.
  func hear() -> String {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
  }
}

@Suite struct SystemdNotifyTests {
  @Test("the manager hears each word, at a path or under an abstract name", arguments: [false, true])
  func words(_ abstract: Bool) throws {
    let manager = try Manager(abstract: abstract)
    let notify = try #require(SystemdNotify(environment: ["NOTIFY_SOCKET": manager.name]))
    try notify.send(.ready)
    #expect(manager.hear() == "READY=1")
    try notify.send(.stopping)
    #expect(manager.hear() == "STOPPING=1")
    try notify.send(.watchdog)
    #expect(manager.hear() == "WATCHDOG=1")
    try notify.send(.mainPID(42), .ready, .status("two\nlines"))
    #expect(manager.hear() == "MAINPID=42\nREADY=1\nSTATUS=two lines")
  }

  @Test("reloading is told with the time of the clock that systemd asks for")
  func reloading() throws {
    let manager = try Manager(abstract: false)
    let notify = try #require(SystemdNotify(environment: ["NOTIFY_SOCKET": manager.name]))
    let before = MonotonicClock.now() / 1000
    try notify.send(.reloading)
    let after = MonotonicClock.now() / 1000
    let lines = manager.hear().split(separator: "\n")
    #expect(lines.first == "RELOADING=1" && lines.count == 2)
    let time = try #require(lines.last?.split(separator: "=").last.flatMap { UInt64($0) })
    #expect(lines.last?.hasPrefix("MONOTONIC_USEC=") == true && (before...after).contains(time))
  }

  @Test("nobody is told where nobody is named")
  func nobody() {
    #expect(SystemdNotify(environment: [:]) == nil)
    for name in ["", "@", "/", "relative", "vsock:2:1", "/" + String(repeating: "x", count: 107)] {
      #expect(SystemdNotify(environment: ["NOTIFY_SOCKET": name]) == nil)
    }
  }

  @Test("a manager that has gone, or doesn't listen to so much, is an error")
  func errors() throws {
    var manager: Manager? = try Manager(abstract: false)
    let notify = try #require(SystemdNotify(environment: ["NOTIFY_SOCKET": manager?.name ?? ""]))
    #expect(throws: Errno.wouldBlock) { for _ in 0..<10_000 { try notify.send(.watchdog) } }
    manager = nil
    #expect(throws: Errno.noSuchFileOrDirectory) { try notify.send(.watchdog) }
  }

  @Test("the watchdog's interval is this process's, or nobody's")
  func watchdog() {
    let interval = { (environment: [String: String]) in SystemdNotify.watchdogInterval(environment: environment) }
    #expect(interval(["WATCHDOG_USEC": "30000000"]) == .seconds(30))
    #expect(interval(["WATCHDOG_USEC": "1500", "WATCHDOG_PID": "\(getpid())"]) == .microseconds(1500))
    #expect(interval(["WATCHDOG_USEC": "1500", "WATCHDOG_PID": "1"]) == nil)
    // Sooner than asked is soon enough.
    for text in ["40000000000000000", "\(Int64.max)"] {
      #expect(interval(["WATCHDOG_USEC": text]) == .seconds(86_400))
    }
    for text in ["", "0", "-1", "x", "18446744073709551615"] { #expect(interval(["WATCHDOG_USEC": text]) == nil) }
    #expect(interval([:]) == nil)
  }
}

@Suite struct InheritedListenersTests {
  @Test("inherited sockets have their names, and are made non-blocking and closed on exec")
  func sockets() throws {
    // A listening socket, one that only is bound, and one that is neither, at numbers in a row that nobody else uses.
    let addresses = [AddressFamily.ipv4.freshAddress(), AddressFamily.unix.freshAddress()]
    var originals = try addresses.map { address in
      let socket = try Socket(for: address)
      try socket.bind(to: address)
      return socket.descriptor
    }
    try Socket(descriptor: originals[0]).listen(backlog: 1)
    defer { if case .unix(let path) = addresses[1] { unlink(path) } }
    originals.append(try Socket.pair().0.descriptor)
    // The kernel gives the lowest numbers first: hardly anybody gets as far as these.
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let first = Int32(min(limit.rlim_cur, 1 << 20)) - 64
    let copies = originals.map { original in
      _ = fcntl(original, F_SETFL, fcntl(original, F_GETFL) & ~O_NONBLOCK)
      return fcntl(original, F_DUPFD, first)
    }
    defer { for descriptor in originals { close(descriptor) } }
    try #require(copies == [copies[0], copies[0] + 1, copies[0] + 2])

    let environment = ["LISTEN_PID": "7", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "web::x"]
    let listeners = try InheritedListeners.listeners(in: environment, process: 7, first: copies[0])
    #expect(listeners.map(\.name) == ["web", "unknown", "x"])
    #expect(listeners.map(\.socket.socket.descriptor) == copies)
    #expect(listeners.map(\.socket.socket.isListening) == [true, false, false])
    #expect(try listeners[0].socket.socket.localAddress().port != 0)
    #expect(try listeners[1].socket.socket.localAddress() == addresses[1])
    #expect(copies.allSatisfy { fcntl($0, F_GETFL) & O_NONBLOCK != 0 && fcntl($0, F_GETFD) & FD_CLOEXEC != 0 })
    guard case .nobody = listeners[0].socket.socket.accept() else { return #expect(Bool(false), "somebody is there") }
  }

  @Test(
    "what is meant for another process isn't taken",
    arguments: [
      [:], ["LISTEN_FDS": "1"], ["LISTEN_PID": "7"], ["LISTEN_PID": "8", "LISTEN_FDS": "1"],
      ["LISTEN_PID": "7", "LISTEN_FDS": "0"],
    ])
  func nothing(_ environment: [String: String]) throws {
    #expect(try InheritedListeners.listeners(in: environment, process: 7, first: 0).isEmpty)
  }

  @Test(
    "nonsense is told, and nothing is taken",
    arguments: [
      ("-1", "no number"), ("x", "no number"), ("", "no number"), ("99999999", "no number"),
      ("999999999999999999999", "no number"), ("3", "isn't open"),
    ])
  func nonsense(_ count: String, _ problem: String) throws {
    // A stream socket and then nothing, at numbers that nobody else uses.
    let (near, far) = try Socket.pair()
    let copy = fcntl(near.descriptor, F_DUPFD, 5000)
    defer {
      for socket in [near, far] { socket.close() }
      close(copy)
    }
    try #require(copy >= 5000)
    let error = #expect(throws: EnvironmentError.self) {
      try InheritedListeners.listeners(
        in: ["LISTEN_PID": "7", "LISTEN_FDS": count], process: 7, first: copy)
    }
    #expect(error?.problem.contains(problem) == true, "\(String(describing: error))")
    #expect(fcntl(copy, F_GETFD) >= 0)
  }

  @Test("a descriptor that is something else than a stream socket isn't taken")
  func strangers() throws {
    let file = try TemporaryFile("")
    let descriptor = open(file.path, O_RDONLY)
    defer { close(descriptor) }
    #expect(throws: EnvironmentError("LISTEN_FDS", "1", "descriptor \(descriptor) is no stream socket")) {
      try InheritedListeners.listeners(in: ["LISTEN_PID": "7", "LISTEN_FDS": "1"], process: 7, first: descriptor)
    }
  }
}

@Suite struct InheritedChannelTests {
  @Test(
    "a number that is none of a channel's is told, and left alone",
    arguments: ["-1", "0", "2", "x", "", "99999", "2147483647", "2147483648"])
  func numbers(_ text: String) {
    #expect(throws: EnvironmentError.self) { try DescriptorChannel.inherited("MARTLET_HANDOVER", text) }
  }

  @Test("so is a descriptor that is no connected Unix socket")
  func strangers() throws {
    let file = try TemporaryFile("")
    let listening = try SharedSocket(listeningAt: AddressFamily.ipv4.freshAddress(), backlog: 1)
    let tcp = try Peer.connect(to: try listening.socket.localAddress())
    let plain = open(file.path, O_RDONLY)
    defer { close(plain) }
    for descriptor in [plain, listening.socket.descriptor, tcp.socket.descriptor] {
      #expect(throws: EnvironmentError.self) { try DescriptorChannel.inherited("MARTLET_HANDOVER", "\(descriptor)") }
      #expect(fcntl(descriptor, F_GETFD) >= 0)
    }
  }

  @Test("one end of a pair is taken over, non-blocking and closed on exec")
  func taken() throws {
    let (near, far) = try Socket.pair()
    _ = fcntl(far.descriptor, F_SETFL, fcntl(far.descriptor, F_GETFL) & ~O_NONBLOCK)
    _ = fcntl(far.descriptor, F_SETFD, 0)
    let channel = try DescriptorChannel.inherited("MARTLET_HANDOVER", "\(far.descriptor)")
    #expect(fcntl(far.descriptor, F_GETFL) & O_NONBLOCK != 0 && fcntl(far.descriptor, F_GETFD) & FD_CLOEXEC != 0)
    try DescriptorChannel(SharedSocket(near)).send([1], limit: .seconds(1))
    #expect(try channel.receive(limit: .seconds(1)).bytes == [1])
  }
}
