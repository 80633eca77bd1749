import Config
import Control
import Glibc
package import Libevent
import Logging
package import Sockets
package import SystemPackage

/// The admin door: HTTP and JSON over a Unix socket. Who may open the socket's file may change what runs.
package final class AdminServer {
  /// The socket's path.
  package let path: String

  /// The socket, for a process that takes this one's place.
  package private(set) var listening: SharedSocket
  /// The socket's file; nil once it's another process's.
  package private(set) var file: UnixSocketFile?
  /// Who may do what; nil if whoever can connect may do everything.
  package let access: AdminAccess?
  /// The mode of the socket's file.
  private let mode: UInt32
  private var server: HTTPServer?

  /// The most bytes of a request's content: a configuration file in a string of JSON.
  private static let largestBody = 2 * Configuration.largestFile

  /// Binds the path, and lets clients wait until `serve`.
  ///
  /// - Parameters:
  ///   - mode: of the socket's file, where `access` doesn't say who may do what.
  ///   - access: who may do what.
  package init(path: String, mode: UInt32, access: AdminAccess? = nil) throws(Errno) {
    let mode = access == nil ? mode : AdminAccess.openMode
    listening = try Self.bind(path, mode: mode)
    self.access = access
    file = UnixSocketFile(at: path)
    self.path = path
    self.mode = mode
  }

  private static func bind(_ path: String, mode: UInt32) throws(Errno) -> SharedSocket {
    if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
      Folder.make(String(path[..<slash]), mode: 0o755)
    }
    UnixSocketFile.removeIfStale(path)
    // Nobody comes in before the file's mode is what it should be, as the socket doesn't listen yet. The umask is the whole process's, so
    // it's left alone: another thread may be making a file.
    let shared = SharedSocket(try Socket(for: .unix(path: path)))
    try shared.socket.bind(to: .unix(path: path))
    do throws(Errno) {
      if unsafe chmod(path, mode) != 0 { throw Errno(rawValue: errno) }
      try shared.socket.listen(backlog: 64)
      return shared
    } catch {
      UnixSocketFile(at: path)?.remove()
      throw error
    }
  }

  /// Takes over a socket that another process has listened on.
  package init(
    adopting socket: SharedSocket, path: String, mode: UInt32, access: AdminAccess? = nil, file: UnixSocketFile?
  ) {
    self.path = path
    self.mode = access == nil ? mode : AdminAccess.openMode
    self.access = access
    self.file = file ?? UnixSocketFile(at: path)
    listening = socket
  }

  /// Answers from now on, each request at once or later; on the loop's thread.
  package func serve(on loop: EventLoop, _ answer: @escaping (HTTPExchange) -> Void) {
    var limits = HTTPServer.Limits()
    limits.bodyBytes = Self.largestBody
    server = HTTPServer(
      on: loop, listening: listening, limits: limits, methods: HTTPMethod.allCases, serve: answer)
  }

  /// Takes nobody in any more; the file stays, because another process answers there now.
  package func leave() {
    file = nil
    server?.stopAccepting()
  }

  deinit {
    // While the socket is open: the file is known by it.
    file?.remove()
  }
}

extension AdminServer: UnixDoor {
  /// Listens at a new socket at the same path.
  package func bindAgain() throws(Errno) {
    let socket = try Self.bind(path, mode: mode)
    file = UnixSocketFile(at: path)
    listening = socket
    server?.move(to: socket)
  }
}
