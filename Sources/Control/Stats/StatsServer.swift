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

  private let socket: Socket
  private var server: HTTPServer?

  /// Binds the address and answers from now on; on the loop's thread.
  ///
  /// - Parameter report: makes a report of the present.
  package init(on loop: EventLoop, bind address: SocketAddress, report: @escaping () -> Report) throws(Errno) {
    socket = try Socket(for: address)
    do throws(Errno) {
      try socket.setReuseAddress()
      try socket.bind(to: address)
      try socket.listen(backlog: 64)
      self.address = try socket.localAddress()
    } catch {
      socket.close()
      throw error
    }
    server = HTTPServer(on: loop, listening: socket) { StatsPage.answer($0, report: report) }
  }

  deinit {
    // The server lets go of the socket first.
    server = nil
    socket.close()
  }
}
