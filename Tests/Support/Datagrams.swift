import Glibc

/// A socket that takes datagrams, as a service manager's does. Each wait for one is limited.
package final class Datagrams {
  /// Where it is.
  package let path: String
  private let descriptor: Int32

  /// Binds it, in place of nothing.
  package init(at path: String) throws {
    self.path = path
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
    }
    guard bound == 0 else { throw Failure("no socket at \(path): \(errno)") }
    var time = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  /// Waits for the datagram that comes next.
  package func next() throws -> String {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    guard count >= 0 else { throw Failure("nothing came: \(errno)") }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  /// The status that is told next.
  package func status() throws -> String {
    let news = try next()
    guard news.hasPrefix("STATUS=") else { throw Failure("no status came, but \(news)") }
    return String(news.dropFirst(7))
  }
}
