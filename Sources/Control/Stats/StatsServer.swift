package import Libevent
package import Sockets
package import SystemPackage

/// The stats port: an HTTP server on the control loop that tells how the proxy is.
///
/// Every page is a function of one `Report`, which `ReportDesk` makes and writes for all who ask. Whoever can reach the port
/// can read all of it, so it's bound to loopback unless the configuration says otherwise; it changes nothing.
package final class StatsServer {
  /// The address that the port is bound to, with the number that the kernel chose where 0 was asked for.
  package let address: SocketAddress

  /// The socket, for a process that takes this one's place.
  let listening: Socket
  private var server: HTTPServer?
  /// Whether the file of a Unix socket is this process's to remove.
  private var isOwned = true

  /// How many clients may wait in the kernel's queue: with more than a few slow ones it must hold the quick, too.
  private static let backlog = 1024

  /// Binds the address and answers from now on; on the loop's thread.
  package init(on loop: EventLoop, bind address: SocketAddress, source: StatsSource) throws(Errno) {
    if case .unix(let path) = address { UnixSocketFile.removeIfStale(path) }
    listening = try Socket(for: address)
    do throws(Errno) {
      try listening.setReuseAddress()
      try listening.bind(to: address)
      try listening.listen(backlog: Self.backlog)
      self.address = try listening.localAddress()
    } catch {
      listening.close()
      throw error
    }
    serve(source, on: loop)
  }

  /// Takes over a socket that another process has listened on.
  init(on loop: EventLoop, adopting socket: Socket, source: StatsSource) throws(Errno) {
    listening = socket
    address = try socket.localAddress()
    serve(source, on: loop)
  }

  private func serve(_ source: StatsSource, on loop: EventLoop) {
    server = HTTPServer(on: loop, listening: listening) { (exchange: HTTPExchange) in
      switch StatsPage.answer(to: exchange.request) {
      case .given(let response): exchange.respond(response)
      case .rendered(let form): source.reports.ask(form, .shared) { exchange.respond($0) }
      case .readiness: exchange.respond(source.readiness().response)
      }
    }
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

/// Where the stats port has what it tells.
package struct StatsSource {
  /// Everything.
  let reports: ReportDesk
  /// Whether the proxy can serve clients.
  let readiness: () -> ReadinessReport

  /// Takes both.
  package init(reports: ReportDesk, readiness: @escaping () -> ReadinessReport) {
    self.reports = reports
    self.readiness = readiness
  }

  /// Takes both from reports.
  package init(on loop: EventLoop, report: @escaping () -> Report) {
    self.init(reports: ReportDesk(on: loop, report: report)) { ReadinessReport(report()) }
  }
}
