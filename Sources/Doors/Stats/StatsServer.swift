package import Changes
package import Config
package import Libevent
package import Model
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
  package private(set) var listening: SharedSocket
  /// The file of a Unix socket; nil once it's another process's.
  package private(set) var file: UnixSocketFile?
  private var server: HTTPServer
  private let settings: StatsSettings

  /// How many clients may wait in the kernel's queue: with more than a few slow ones it must hold the quick, too.
  private static let backlog = 1024

  /// Binds the address and answers from now on; on the loop's thread.
  package convenience init(
    on loop: EventLoop, bind address: SocketAddress, hosts: [String] = [], detail: StatsDetail = .backends,
    source: StatsSource
  ) throws(Errno) {
    try self.init(
      on: loop, adopting: try Self.reserve(address).open(), file: nil, hosts: hosts, detail: detail, source: source)
  }

  /// Takes the address, for a server that is made when it's opened.
  package static func reserve(_ address: SocketAddress) throws(Errno) -> DoorReservation {
    try DoorReservation(address, backlog: backlog)
  }

  /// Takes over a socket that another process has listened on.
  package init(
    on loop: EventLoop, adopting socket: SharedSocket, file: UnixSocketFile?, hosts: [String], detail: StatsDetail,
    source: StatsSource
  ) throws(Errno) {
    listening = socket
    address = try socket.socket.localAddress()
    let settings: StatsSettings
    if case .unix(let path) = address {
      self.file = file ?? UnixSocketFile(at: path)
      // A browser can't reach a Unix socket.
      settings = StatsSettings(nil, detail)
    } else {
      self.file = nil
      settings = StatsSettings(StatsHosts(hosts), detail)
    }
    self.settings = settings
    server = HTTPServer(on: loop, listening: socket) { (exchange: HTTPExchange) in
      switch StatsPage.answer(to: exchange.request, at: settings.hosts, settings.detail) {
      case .given(let response): exchange.respond(response)
      case .rendered(let form):
        source.reports.ask(form, in: exchange.request.coding, .shared) { exchange.respond($0) }
      case .past(let step):
        source.reports.write { [hour = source.history(), coding = exchange.request.coding] in
          hour.response(after: step).coded(coding)
        } answer: {
          exchange.respond($0)
        }
      case .transitions:
        source.reports.write { [hour = source.history(), coding = exchange.request.coding] in
          hour.transitionsResponse.coded(coding)
        } answer: {
          exchange.respond($0)
        }
      case .readiness: exchange.respond(source.readiness().response)
      }
    }
  }

  /// It's asked by these names from now on, beside those that are always right, and tells of so much.
  package func use(hosts: [String], _ detail: StatsDetail) {
    settings.detail = detail
    if settings.hosts != nil { settings.hosts = StatsHosts(hosts) }
  }

  /// Takes nobody in any more, because another process answers there now.
  package func leave() {
    file = nil
    server.stopAccepting()
  }

  deinit {
    // While the socket is open: the file is known by it.
    file?.remove()
  }
}

extension StatsServer: UnixDoor {
  /// Where its Unix socket is; empty if it has none.
  package var path: String {
    if case .unix(let path) = address { path } else { "" }
  }

  /// Listens at a new socket at the same path.
  package func bindAgain() throws(Errno) {
    let socket = try Self.reserve(address).open()
    file = UnixSocketFile(at: path)
    listening = socket
    server.move(to: socket)
  }
}

/// Where the stats port has what it tells.
package struct StatsSource {
  /// Everything.
  let reports: ReportDesk
  /// The last hour.
  let history: () -> HistoryJSON
  /// Whether the proxy can serve clients.
  let readiness: () -> ReadinessReport

  /// Takes all of it from a process.
  package init(reports: ReportDesk, chronicle: Chronicle, reporter: Reporter) {
    self.reports = reports
    history = { chronicle.history }
    readiness = { reporter.readiness() }
  }

  /// Takes it from reports, without a past.
  package init(on loop: EventLoop, report: @escaping () -> Report) {
    reports = ReportDesk(on: loop, report: report)
    history = { HistoryJSON(past: Past(), transitions: report().transitions.reversed()) }
    readiness = { ReadinessReport(report()) }
  }
}

/// What is configured of a stats port, for who answers there.
private final class StatsSettings {
  /// By which names it's asked; nil if it doesn't matter.
  var hosts: StatsHosts?
  /// Of what there are metrics.
  var detail: StatsDetail

  init(_ hosts: StatsHosts?, _ detail: StatsDetail) {
    self.hosts = hosts
    self.detail = detail
  }
}
