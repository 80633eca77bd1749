import Config
import Glibc
import Libevent
import Logging
import Sockets
import SystemPackage

/// The admin door: HTTP and JSON over a Unix socket. Who may open the socket's file may change what runs.
final class AdminServer {
  /// The socket's path.
  let path: String

  private let socket: Socket
  private var server: HTTPServer?
  /// Whether the file is this process's to remove.
  private var isOwned = true

  /// The most bytes of a request's content: a configuration file in a string of JSON.
  private static let largestBody = 2 * Configuration.largestFile

  /// Binds the path, and answers from now on; on the loop's thread.
  ///
  /// - Parameters:
  ///   - mode: of the socket's file.
  ///   - answer: answers a request, now or later.
  init(on loop: EventLoop, path: String, mode: UInt32, answer: @escaping (HTTPExchange) -> Void) throws(Errno) {
    self.path = path
    if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
      Folder.make(String(path[..<slash]), mode: 0o755)
    }
    UnixSocketFile.removeIfStale(path)
    let address = SocketAddress.unix(path: path)
    socket = try Socket(for: address)
    do throws(Errno) {
      // Nobody may come in before the file's mode is what it should be.
      let before = umask(0o177)
      defer { umask(before) }
      try socket.bind(to: address)
      if unsafe chmod(path, mode) != 0 { throw Errno(rawValue: errno) }
      try socket.listen(backlog: 64)
    } catch {
      socket.close()
      throw error
    }
    serve(on: loop, answer)
  }

  /// Takes over a socket that another process has listened on.
  init(on loop: EventLoop, adopting socket: Socket, path: String, answer: @escaping (HTTPExchange) -> Void) {
    self.path = path
    self.socket = socket
    serve(on: loop, answer)
  }

  private func serve(on loop: EventLoop, _ answer: @escaping (HTTPExchange) -> Void) {
    var limits = HTTPServer.Limits()
    limits.bodyBytes = Self.largestBody
    server = HTTPServer(
      on: loop, listening: socket, limits: limits, methods: HTTPMethod.allCases, serve: answer)
  }

  /// The socket, for a process that takes this one's place.
  var listening: Socket { socket }

  /// Takes nobody in any more; the file stays, because another process answers there now.
  func leave() {
    isOwned = false
    server?.stopAccepting()
  }

  deinit {
    // The server lets go of the socket first.
    server = nil
    socket.close()
    if isOwned { UnixSocketFile.remove(path) }
  }
}
