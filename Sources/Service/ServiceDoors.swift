import Changes
import Config
import Control
import Doors
import Glibc
import Libevent
import Logging
import Sockets
import SystemPackage

// The doors of a service beside its listeners: the stats port and the admin socket, and what comes in through them.

extension Service {
  /// Where this process answers.
  var doors: [OwnDoor] {
    listeners.listeners.map { OwnDoor(what: "listener \($0.configuration.name)", address: $0.address) }
      + [statsServer.map { OwnDoor(what: "stats port", address: BindAddress($0.address)) }].compactMap(\.self)
      + [adminServer.map { OwnDoor(what: "admin socket", address: BindAddress(.unix(path: $0.path))) }].compactMap(
        \.self)
  }

  /// Opens the stats port, or takes it over, and answers there and at the admin socket.
  func openDoors(_ configuration: Configuration) throws(StartError) {
    if let inheritance = origin.inheritance, let socket = inheritance.takeStats() {
      statsServer = serveStats(
        at: socket, file: inheritance.handover.statsFile, hosts: configuration.stats?.hosts ?? [],
        detail: configuration.stats?.detail ?? .backends)
    } else if let stats = configuration.stats {
      statsServer = serveStats(at: try Self.reserveStats(stats.bind).open(), hosts: stats.hosts, detail: stats.detail)
    }
    serveAdmin()
  }

  /// Answers at a socket that listens; nil if it's none.
  private func serveStats(at socket: SharedSocket, file: UnixSocketFile? = nil, hosts: [String], detail: StatsDetail)
    -> StatsServer?
  {
    try? StatsServer(on: loop, adopting: socket, file: file, hosts: hosts, detail: detail, source: statsSource)
  }

  private static func reserveStats(_ bind: SocketAddress) throws(StartError) -> DoorReservation {
    do throws(Errno) {
      return try StatsServer.reserve(bind)
    } catch {
      let failure = BindFailure(error, at: bind)
      throw StartError(
        "stats port: \(failure.problem)",
        hint: failure.hint ?? "choose another address for \"stats\", or leave it out")
    }
  }

  private var statsSource: StatsSource {
    StatsSource(reports: reports, chronicle: chronicle, reporter: reporter)
  }

  private func serveAdmin() {
    guard let adminServer else { return }
    let actions = AdminActions(
      controller: controller, listeners: listeners, overrides: overrides, changes: changes, reloads: reloads,
      reporter: reporter, reports: reports, chronicle: chronicle, sessions: sessions, log: origin.log,
      accessLog: accessLog,
      fleet: .init(
        node: { [origin] in origin.fleet?.setup.plan.me.text },
        look: { [unowned self] in fleet?.answer },
        rollOut: { [unowned self] in rollOut($0, by: $1, $2) },
        plan: { [unowned self] in planEverywhere($0, own: $1, $2) },
        settle: { [unowned self] in settle($0, by: $1, $2) },
        moveAddresses: { [unowned self] in moveAddresses($0, $1) },
        agree: { [unowned self] in agree(on: $0, $1) })
    ) { [unowned self] request, author, reply in
      startUpgrade(request, by: author, reply)
    }
    adminActions = actions
    let router = AdminRouter(
      routes: actions.routes, access: adminServer.access, userNames: UserNames(on: loop), logger: logger)
    adminServer.serve(on: loop) { router.answer($0) }
  }

  /// Takes the admin socket; nil if there is to be none, or if the usual place is another process's.
  static func bindAdmin(
    _ admin: AdminConfiguration?, origin: ServiceOrigin, logger: Logger
  ) throws(StartError) -> AdminServer? {
    guard let admin else { return nil }
    let places = AdminPlaces(admin)
    let access = access(admin)
    if let inheritance = origin.inheritance, let socket = inheritance.takeAdmin() {
      return AdminServer(
        adopting: socket, path: places.socket, mode: admin.mode, access: access,
        file: inheritance.handover.adminFile)
    }
    do throws(Errno) {
      return try AdminServer(path: places.socket, mode: admin.mode, access: access)
    } catch {
      let failure = BindFailure(error, at: .unix(path: places.socket))
      let problem = "admin socket: \(failure.problem)"
      let hint =
        failure.isTaken
        ? "another process answers there: give each its own \"admin\": { \"socket\": … }"
        : failure.hint ?? "choose another path by \"admin\": { \"socket\": … }, or set \"admin\": \"off\""
      guard !places.isSocketConfigured else { throw StartError(problem, hint: hint) }
      logger.warning(
        "no admin socket: this process can't be changed by commands, and knows of no overrides",
        metadata: ["problem": "\(problem)", "hint": "\(hint)"])
      return nil
    }
  }

  /// Who may do what at the admin socket; nil if the mode of its file says so alone.
  private static func access(_ admin: AdminConfiguration) -> AdminAccess? {
    admin.readers.map { AdminAccess(owner: (geteuid(), getegid()), mode: admin.mode, readers: ($0.text, $0.id)) }
  }

  /// Lets go of the listeners of a service that can't start; what was taken over is still another process's.
  static func giveBack(_ listeners: ListenerSet, origin: ServiceOrigin) {
    listeners.close(origin.inheritance == nil ? .closing : .handingOver)
  }

  /// Takes nobody in any more at the stats port and the admin socket, because another process answers there.
  func leaveDoors() {
    statsServer?.leave()
    adminServer?.leave()
  }

  /// Writes the access log as the configuration that runs says.
  func writeAccessLog() {
    accessLog.use(controller.configuration.accessLogs, generation: reloads.history.generation)
  }

  /// What a reload works on.
  func parts(_ rollout: Int) -> Reload.Parts {
    Reload.Parts(
      loop: loop, controller: controller, listeners: listeners, participants: participants,
      limits: limits, reserveStats: { (bind) throws(StartError) in try Self.reserveStats(bind) },
      rollout: rollout
    ) { [unowned self] configuration, stats in
      let (hosts, detail) = (configuration.stats?.hosts ?? [], configuration.stats?.detail ?? .backends)
      switch stats {
      case .kept: statsServer?.use(hosts: hosts, detail)
      case .replaced(let reservation):
        statsServer = nil
        if let reservation { statsServer = serveStats(at: reservation.open(), hosts: hosts, detail: detail) }
      }
      origin.log.use(configuration.log)
      watchFile()
    }
  }
}
