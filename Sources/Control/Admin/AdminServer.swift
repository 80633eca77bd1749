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

  /// Binds the path, and lets clients wait until `serve`.
  ///
  /// - Parameter mode: of the socket's file.
  init(path: String, mode: UInt32) throws(Errno) {
    // Only a socket that is this process's makes an object, whose end removes the file.
    socket = try Self.bind(path, mode: mode)
    self.path = path
  }

  private static func bind(_ path: String, mode: UInt32) throws(Errno) -> Socket {
    if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
      Folder.make(String(path[..<slash]), mode: 0o755)
    }
    UnixSocketFile.removeIfStale(path)
    let address = SocketAddress.unix(path: path)
    let socket = try Socket(for: address)
    do throws(Errno) {
      // Nobody may come in before the file's mode is what it should be.
      let before = umask(0o177)
      defer { umask(before) }
      try socket.bind(to: address)
      if unsafe chmod(path, mode) != 0 { throw Errno(rawValue: errno) }
      try socket.listen(backlog: 64)
      return socket
    } catch {
      socket.close()
      throw error
    }
  }

  /// Takes over a socket that another process has listened on.
  init(adopting socket: Socket, path: String) {
    self.path = path
    self.socket = socket
  }

  /// Answers from now on, each request at once or later; on the loop's thread.
  func serve(on loop: EventLoop, _ answer: @escaping (HTTPExchange) -> Void) {
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
