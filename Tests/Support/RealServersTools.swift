import Glibc
import Synchronization

/// Why a test can't go on.
package struct Failure: Error, CustomStringConvertible {
  /// What happened.
  package let description: String

  /// For that reason.
  package init(_ description: String) {
    self.description = description
  }
}

/// Waits until it is so; throws if that takes longer than the limit.
package func waitUntil(
  _ what: @autoclosure () -> String, limit: Duration = .seconds(10), _ isSo: () throws -> Bool
) throws {
  let deadline = ContinuousClock.now + limit
  while true {
    if try isSo() { return }
    if ContinuousClock.now > deadline { throw Failure("not within \(limit): \(what())") }
    usleep(10_000)
  }
}

/// A folder that goes with this object. Everybody may look into it, as some servers change their user.
package final class TemporaryFolder {
  /// Where it is.
  package let path: String

  /// A new one, empty. Its path is short, for Unix sockets.
  package init() throws {
    path = "/tmp/martlet-\(String(UInt64.random(in: .min ... .max), radix: 36))"
    guard mkdir(path, 0o755) == 0 else { throw Failure("no folder \(path): \(errno)") }
  }

  deinit {
    _ = try? Subprocess.run("rm", ["-rf", path])
  }

  /// Writes a file and gives its path.
  @discardableResult
  package func write(_ name: String, _ text: String, mode: mode_t = 0o644) throws -> String {
    let file = "\(path)/\(name)"
    let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw Failure("no file \(file): \(errno)") }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw Failure("no room for \(file)") }
    return file
  }
}

/// Ports for servers that can't choose one themselves: below those that the kernel gives to clients, so that only
/// another test run could come in between.
package enum FreePort {
  /// Those that were given to somebody, who may not have bound them yet.
  private static let given = Mutex<Set<UInt16>>([])

  /// A port that nobody listens on, at any address, and that no other test has got.
  package static func next() throws -> UInt16 { try run(of: 1, among: 20_000..<29_000).lowerBound }

  /// So many ports in a row, likewise. They have a place of their own: among single ones there's soon no room for many.
  package static func run(of count: Int) throws -> ClosedRange<UInt16> { try run(of: count, among: 29_000..<32_000) }

  private static func run(of count: Int, among all: Range<UInt16>) throws -> ClosedRange<UInt16> {
    for _ in 0..<200 {
      let first = UInt16.random(in: all.lowerBound...(all.upperBound - UInt16(count)))
      let ports = first...(first + UInt16(count) - 1)
      let isFree = given.withLock { given in
        guard given.isDisjoint(with: ports) else { return false }
        given.formUnion(ports)
        return true
      }
      if isFree, ports.allSatisfy(canBeBound) { return ports }
    }
    throw Failure("no \(count) free ports in a row")
  }

  private static func canBeBound(_ port: UInt16) -> Bool {
    let listener = socket(AF_INET6, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in6>.size)
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, size) }
    } == 0
  }
}

/// A port of 127.0.0.1 that takes connections, and never says a word.
package final class ListeningPort: Sendable {
  /// Its number.
  package let port: UInt16
  /// The socket that listens.
  package let listener: Int32

  /// Takes one, or that one, as servers do that don't mind sessions of others that ended there.
  package init(_ port: UInt16? = nil) throws {
    self.port = try port ?? FreePort.next()
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = self.port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    var on: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, size) }
    }
    guard bound == 0, listen(listener, 4096) == 0 else { throw Failure("no port to listen on: \(errno)") }
  }

  deinit {
    close(listener)
  }
}

/// The programs that tests run.
package enum Programs {
  /// The path of a program, where packages put it: the servers aren't in everybody's PATH.
  package static func path(_ name: String) -> String? {
    let path = getenv("PATH").map { String(cString: $0) } ?? ""
    let folders = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"] + postgres
    return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }

  /// Whether all of them are there.
  package static func have(_ names: String...) -> Bool {
    names.allSatisfy { path($0) != nil }
  }

  /// Under which sanitizer the tests run, if any: they are slower then, and take more memory.
  package static var sanitizer: String? {
    getenv("MARTLET_SANITIZER").map { String(cString: $0) }
  }

  private static var postgres: [String] {
    (13...20).reversed().map { "/usr/lib/postgresql/\($0)/bin" }
  }
}

/// Work on a thread of its own: the tests' own threads are few, and mustn't all wait for something.
package final class Background<Value: Sendable> {
  private let outcome: Outcome
  private var thread = pthread_t()

  /// Starts the work.
  package init(_ work: @escaping @Sendable () throws -> Value) {
    let outcome = Outcome()
    self.outcome = outcome
    let start = Unmanaged.passRetained(Start { outcome.result = Result { try work() } })
    pthread_create(
      &thread, nil,
      { start in
        if let start { Unmanaged<Start>.fromOpaque(start).takeRetainedValue().body() }
        return nil
      }, start.toOpaque())
  }

  /// Waits for its end. To be called once.
  package func join() throws -> Value {
    pthread_join(thread, nil)
    guard let result = outcome.result else { throw Failure("a thread ended without a result") }
    return try result.get()
  }

  // Written by the thread, read after it was joined.
  private final class Outcome: @unchecked Sendable {
    var result: Result<Value, any Error>?
  }
}

private final class Start {
  let body: () -> Void

  init(_ body: @escaping () -> Void) {
    self.body = body
  }
}
