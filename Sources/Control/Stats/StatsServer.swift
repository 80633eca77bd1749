package import Libevent
package import Sockets
package import SystemPackage

/// The stats port: an HTTP server on the control loop that tells how the proxy is.
///
/// Every page is a function of one `Report`, which is asked for anew with each request. Whoever can reach the port can
/// read all of it, so it's bound to loopback unless the configuration says otherwise; it changes nothing.
package final class StatsServer {
  /// The address that the port is bound to, with the number that the kernel chose where 0 was asked for.
  package let address: SocketAddress

  /// The socket, for a process that takes this one's place.
  let listening: Socket
  private var server: HTTPServer?
  /// Whether the file of a Unix socket is this process's to remove.
  private var isOwned = true

  /// Binds the address and answers from now on; on the loop's thread.
  ///
  /// - Parameter report: makes a report of the present.
  package init(on loop: EventLoop, bind address: SocketAddress, report: @escaping () -> Report) throws(Errno) {
    if case .unix(let path) = address { UnixSocketFile.removeIfStale(path) }
    listening = try Socket(for: address)
    do throws(Errno) {
      try listening.setReuseAddress()
      try listening.bind(to: address)
      try listening.listen(backlog: 64)
      self.address = try listening.localAddress()
    } catch {
      listening.close()
      throw error
    }
    server = HTTPServer(on: loop, listening: listening) { StatsPage.answer($0, report: report) }
  }

  /// Takes over a socket that another process has listened on.
  init(on loop: EventLoop, adopting socket: Socket, report: @escaping () -> Report) throws(Errno) {
    listening = socket
    address = try socket.localAddress()
    server = HTTPServer(on: loop, listening: socket) { StatsPage.answer($0, report: report) }
  }

  /// Takes nobody in any more, because another process answers there now.
  func leave() {
    isOwned = false
    server?.stopAccepting()
  }

  deinit {
    // The server lets go of the socket first.
    server = nil
    listening.close()
    if isOwned, case .unix(let path) = address { UnixSocketFile.remove(path) }
  }
}
