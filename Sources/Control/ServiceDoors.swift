import Config
import Libevent
import Logging
import Sockets
import SystemPackage

// The doors of a service beside its listeners: the stats port and the admin socket, and what comes in through them.

extension Service {
  /// Opens the stats port and the admin socket, or takes them over.
  func openDoors(_ configuration: Configuration) throws(StartError) {
    if let socket = origin.inheritance?.stats {
      statsServer = try? StatsServer(on: loop, adopting: socket) { [reporter] in reporter.report() }
    } else if let stats = configuration.stats {
      statsServer = try openStats(stats.bind)
    }
    if let admin = configuration.admin { try openAdmin(admin) }
  }

  private func openStats(_ bind: SocketAddress) throws(StartError) -> StatsServer {
    do throws(Errno) {
      return try StatsServer(on: loop, bind: bind) { [reporter] in reporter.report() }
    } catch {
      throw StartError(
        "stats port: \(bind): \(error.description.lowercased())",
        hint: "choose another address for \"stats\", or leave it out")
    }
  }

  private func openAdmin(_ admin: AdminConfiguration) throws(StartError) {
    let places = AdminPlaces(admin)
    let actions = AdminActions(
      controller: controller, listeners: listeners, overrides: overrides, reloads: reloads, reporter: reporter,
      sessions: sessions, logger: logger, logLevel: origin.logLevel
    ) { [unowned self] program, author, reply in
      startUpgrade(to: program, by: author, reply)
    }
    adminActions = actions
    let router = AdminRouter(routes: actions.routes, logger: logger)
    if let socket = origin.inheritance?.admin {
      adminServer = AdminServer(on: loop, adopting: socket, path: places.socket) { router.answer($0) }
      return
    }
    do throws(Errno) {
      adminServer = try AdminServer(on: loop, path: places.socket, mode: admin.mode) { router.answer($0) }
    } catch {
      let problem = "admin socket: \(places.socket): \(error.description.lowercased())"
      let hint =
        error == .addressInUse
        ? "another process answers there: give each its own \"admin\": { \"socket\": … }"
        : "choose another path by \"admin\": { \"socket\": … }, or set \"admin\": \"off\""
      guard !places.isSocketConfigured else { throw StartError(problem, hint: hint) }
      logger.warning(
        "no admin socket, this process can't be changed by commands",
        metadata: [
          "problem": "\(problem)", "hint": "\(hint)",
        ])
    }
  }

  /// What a reload works on.
  func parts(_ rollout: Int) -> Reload.Parts {
    Reload.Parts(
      loop: loop, logger: logger, controller: controller, listeners: listeners, participants: participants,
      limits: limits, openStats: { [unowned self] (bind) throws(StartError) in try openStats(bind) },
      rollout: rollout
    ) { [unowned self] configuration, stats in
      if case .replaced(let server) = stats { statsServer = server }
      origin.logLevel.adopt(configuration.log)
      watchFile()
    }
  }
}
