import Changes
package import Config
package import Control
import Doors
import Fleet
import Glibc
package import Libevent
package import Logging
package import Logs
import Model
import Proxy
package import Sockets
import SystemPackage

/// How a service ended.
package enum Ending: Equatable, Sendable {
  /// As asked, with every session ended by itself.
  case drained
  /// As asked, but so many sessions were cut off: the time to drain was over, or a second signal came.
  case cutOff(sessions: Int)
}

/// What another thread asks of a service.
package enum ServiceCommand: Sendable {
  /// What SIGTERM does: a graceful stop, and at once when asked again.
  case stop
}

/// The whole proxy in one process: binds what the configuration says, runs the workers and the control plane's loop.
package final class Service {
  /// The listeners' names and addresses, with the ports that the kernel chose.
  package var addresses: [(listener: String, address: BindAddress)] {
    listeners.listeners.map { ($0.configuration.name, $0.address) }
  }
  /// Where the stats port answers; nil if there's none.
  package var statsAddress: SocketAddress? { statsServer?.address }
  /// Takes commands from any thread.
  package let inbox = Mailbox<ServiceCommand>()
  /// What it may use.
  package let limits: Limits

  let origin: ServiceOrigin
  let logger: Logger
  let loop: EventLoop
  let workforce: Workforce
  let controller: Controller
  let listeners: ListenerSet
  let reporter: Reporter
  let reports: ReportDesk
  let chronicle: Chronicle
  let accessLog: AccessLogWriter
  let participants: [WorkerParticipant]
  let sessions: SessionDesk
  let overrides: Overrides
  let changes: ChangeQueue
  let reloads: Reloads
  var statsServer: StatsServer?
  var adminServer: AdminServer?
  var adminActions: AdminActions?
  var upgrade: Upgrade?
  var predecessor: Predecessor?
  /// When the process before this one said that it serves no longer.
  var tookOver: Timestamp?
  var shutdown: Shutdown?
  /// Towards the process that has taken this one's place.
  var succession: Succession?

  private let events = Mailbox<WorkerEvent>()
  private var receivers: [MailboxReceiver] = []
  private var signals: [SignalEvent] = []
  private var wasToldToStop = false
  /// Of which listeners' clients it was told that they don't begin as they have to.
  private var wrongHeaders = Reminders()
  private var unansweredHeaders = Reminders()
  /// Of which listeners it was told that they don't let clients in.
  private var turnedAway = Reminders()
  private var watcher: FileWatcher?
  private var headroom: HeadroomWatch?
  private var loopWatch: LoopWatch?
  private var files: SocketFileWatch?
  var systemd: SystemdLink?
  /// This node's part in its fleet.
  var fleet: FleetDriver?
  /// Who wants the file to be read again, which waits until this process is the node and knows the log.
  var lateReread: String?

  /// Binds every listener, the stats port and the admin socket; nothing is accepted yet. To be made by the thread that
  /// runs it.
  ///
  /// - Parameter origin: what it is of, and what it goes on from.
  package init(configuration: Configuration, logger: Logger, origin: ServiceOrigin) throws(StartError) {
    self.origin = origin.withoutSockets
    self.logger = logger
    let inheritance = origin.inheritance
    let workers = configuration.workers.count(cores: ProcessorCount.available)
    limits = Limits(for: configuration, descriptors: DescriptorLimit.raise())
    try inheritance?.handover.capacity?.ensure(limits)
    loop = EventLoop()
    workforce = Workforce(count: workers)
    participants = (0..<workers).map { [workforce] in WorkerParticipant($0, of: workforce) }
    listeners = ListenerSet(
      try ListenerStart(configuration.listeners, workers: workers, origin: origin).bind(), workers: workers)
    do throws(StartError) {
      adminServer = try Self.bindAdmin(configuration.admin, origin: origin, logger: logger)
    } catch {
      Self.giveBack(listeners, origin: origin)
      throw error
    }
    // Whoever answers at the admin socket has the state file: a process without it would write over the other's.
    overrides = Overrides(
      path: adminServer == nil ? nil : configuration.admin.map { AdminPlaces($0).state }, on: loop, logger: logger)
    controller = Controller(
      configuration, book: Self.book(origin, else: overrides, logger), workforce: workforce, on: loop, logger: logger)
    if let inheritance { controller.inherit(inheritance.handover.state) }
    sessions = SessionDesk(workforce, controller, on: loop)
    accessLog = AccessLogWriter(
      workforce.accessLogs,
      origin: AccessLogOrigin(host: ProcessFigures.machine, process: Int(getpid())), logger: logger)
    let parts = WeakParts()
    changes = ChangeQueue(on: loop, logger: logger)
    reloads = Reloads(
      file: origin.file, filesAsRead: inheritance.map(\.handover.asRead) ?? origin.filesAsRead,
      generation: inheritance?.handover.generation ?? 1, provenance: inheritance?.handover.provenance,
      tally: inheritance?.handover.reloads, changes: changes, on: loop, logger: logger
    ) { parts.make($0) }
    reporter = Reporter(
      controller: controller, listeners: listeners, reloads: reloads, limits: limits, version: origin.version)
    reports = ReportDesk(on: loop) { [reporter] in
      reporter.report()
    } complete: {
      $0.completed()
    }
    chronicle = Chronicle(controller: controller, reloads: reloads.history, on: loop)
    parts.service = self
    changes.hasPredecessor = { [unowned self] in predecessor?.isThere ?? false }
    changes.interrupt = { [unowned self] in interrupt($0) }
    reporter.predecessor = { [unowned self] in predecessor?.report }
    reporter.upgrade = { [unowned self] in upgrade?.report }
    reporter.nearLimits = { [unowned self] in headroom?.near ?? [:] }
    reporter.refusing = { [unowned self] in chronicle.refusing($0) }
    reporter.accessLogs = { [accessLog] in accessLog.report }
    reporter.completeByFleet = { [unowned self] report in
      guard let fleet, let status = fleet.status else { return }
      FleetHealth.complete(&report, by: status)
      report.fleet = fleet.answer
    }
    reporter.outOfStep = { [unowned self] in fleet?.status?.complaint }
    chronicle.looked = { [unowned self] in reporter.noteListeners() }
    controller.own.open = { [unowned self] in doors }
    do throws(StartError) {
      try controller.admission.start(with: configuration)
      try controller.checkTLS.start(with: configuration)
      try openDoors(configuration)
    } catch {
      Self.giveBack(listeners, origin: origin)
      if origin.inheritance != nil { leaveDoors() }
      (statsServer, adminServer) = (nil, nil)
      throw error
    }
    controller.start(with: configuration)
    if let handover = inheritance?.handover, let counts = handover.shortCounts ?? handover.counts { inherit(counts) }
    hearSignals()
  }

  /// Runs until it's told to stop, by a signal or through the inbox, and has drained.
  package func run() -> Ending {
    // A peer that is gone must show as an error of the call, not as the end of the process.
    Glibc.signal(SIGPIPE, SIG_IGN)
    receivers = [
      events.receive(on: loop) { [unowned self] in note($0) },
      inbox.receive(on: loop) { [unowned self] in obey($0) },
    ]
    start()
    loop.watchTurns()
    loop.run()
    return end()
  }

  /// From now on signals are heard: one that comes before the loop runs is obeyed when it does.
  private func hearSignals() {
    signals = [
      SignalEvent(SIGTERM, on: loop) { [unowned self] in obey(.stop) },
      SignalEvent(SIGINT, on: loop) { [unowned self] in obey(.stop) },
      SignalEvent(SIGHUP, on: loop) { [unowned self] in
        accessLog.reopen()
        reread(by: "SIGHUP")
      },
      SignalEvent(SIGUSR2, on: loop) { [unowned self] in
        startUpgrade(.init(), by: "SIGUSR2") { _ in }
      },
    ]
  }

  private func start() {
    let listening = (0..<workforce.count).map { worker in
      listeners.listeners.flatMap { $0.listening(at: worker) }
    }
    writeAccessLog()
    workforce.start(listening: listening, table: controller.makeTable(), control: events, limits: limits)
    controller.leasesExpired = { [unowned self] in overrides.save(controller.book) }
    headroom = HeadroomWatch(on: loop, logger: logger) { [unowned self] descriptors in
      if let descriptors { reporter.openDescriptors = descriptors }
      return reporter.headroom
    }
    loopWatch = LoopWatch(controller, listeners, on: loop)
    files = SocketFileWatch(on: loop, logger: logger) { [unowned self] watch in
      // What another process was given is its to look after, if it comes to serve.
      guard changes.obstacle(to: .rebind) == nil else { return }
      watch.look(after: adminServer, called: "admin socket")
      watch.look(after: statsServer, called: "stats port")
      watch.look(after: listeners) { reloads.rebind(done: $0) }
    }
    systemd = SystemdLink(workforce, on: loop) { [unowned self] in reporter.summary }
    reloads.announce = { [unowned self] isReloading in
      if isReloading { return systemd?.reloading() ?? () }
      writeAccessLog()
      systemd?.ready()
    }
    reloads.readOthers = { [unowned self] in watchFile() }
    reloads.start(controller)
    watchFile()
    if let old = origin.inheritance?.handover {
      chronicle.start(.upgrade, "\(origin.version) has taken over from process \(old.pid), version \(old.version)")
    } else {
      chronicle.start(.start, "\(origin.version) was started")
    }
    if let inheritance = origin.inheritance {
      takeOver(inheritance) { [unowned self] (leases: FleetLeases?) in
        // The process before this one is the node until then.
        joinFleet(leases ?? FleetLeases())
        // It's to end already: what was left to it goes to somebody else in order.
        if shutdown != nil { fleet?.addresses.leaveForGood() }
        systemd?.ready()
      }
    } else {
      joinFleet()
      systemd?.ready()
    }
  }

  private func end() -> Ending {
    leaveFleet()
    controller.stop()
    changes.stop()
    reloads.stop()
    overrides.finish(within: .seconds(2))
    let left = workforce.sessionSlots.taken
    workforce.post(.stop)
    workforce.join()
    accessLog.close(limit: .seconds(2))
    let ended = shutdown?.ended ?? left
    statsServer = nil
    adminServer = nil
    receivers = []
    signals = []
    watcher = nil
    headroom = nil
    loopWatch = nil
    systemd = nil
    predecessor = nil
    succession?.tellFinally()
    shutdown = nil
    succession = nil
    logger.notice("stopped", metadata: ["sessionsEnded": "\(max(ended - left, 0))", "sessionsCutOff": "\(left)"])
    return left == 0 ? .drained : .cutOff(sessions: left)
  }

  // MARK: Events

  private func note(_ event: WorkerEvent) {
    switch event {
    case .connectFailed(let backend, let error, let failures):
      controller.connectFailed(backend, error, inARow: failures)
    case .connectHindered(let backend, let error): controller.connectHindered(backend, error)
    case .acceptFailed(let listener, let error):
      logger.warning(
        "clients can't be taken; the listener pauses", metadata: ["listener": "\(listener)", "reason": "\(error)"])
    case .headerRefused(let listener, let peer, let refusal, let beginning):
      controller.incidents.note(
        .beginning, at: listener,
        "listener \(listener) refused \(peer), which began with \(beginning.rawValue) (\(refusal.text))", now: .now)
      guard wrongHeaders.mayTell(of: listener) else { break }
      logger.warning(
        "a client was refused, and so are others like it",
        metadata: [
          "listener": "\(listener)", "from": "\(peer)", "reason": "\(refusal.text)",
          "beganWith": "\(beginning.rawValue)",
        ])
    case .headerUnanswered(let backend):
      let name = "\(backend.pool)/\(backend.name)"
      controller.incidents.note(
        .silence, at: backend.pool,
        "\(backend.name) ended a session without a word, right after its header of the PROXY protocol "
          + "(does it expect one? `martlet doctor \(name)` tells)",
        now: .now)
      guard unansweredHeaders.mayTell(of: name) else { break }
      logger.warning(
        "a backend ended a session without a word, right after its header of the PROXY protocol: does it expect one? `martlet doctor \(name)` tells",
        metadata: ["pool": "\(backend.pool)", "backend": "\(backend.name)"])
    case .turnedAway(let listener, let client, let refusal):
      controller.incidents.note(
        .admission, at: listener, "listener \(listener) turned \(client.unmapped.host) away (\(refusal.text))",
        now: .now)
      guard turnedAway.mayTell(of: listener) else { break }
      logger.warning(
        "a client was turned away, and so are others like it",
        metadata: ["listener": "\(listener)", "client": "\(client.unmapped.host)", "reason": "\(refusal.text)"])
    case .drained(let worker): shutdown?.workerDrained(worker)
    case .prepared(let worker, let rollout, let problem):
      participants[worker].prepared(rollout: rollout, problem: problem)
    case .aborted(let worker, let rollout): participants[worker].aborted(rollout: rollout)
    case .committed(let worker, let rollout): participants[worker].committed(rollout: rollout)
    case .pong(let worker, let ticket): systemd?.pong(worker, ticket: ticket)
    case .sessions(let worker, let ticket, let list, let total):
      sessions.take(list, total: total, from: worker, ticket: ticket)
    case .recent(let worker, let ticket, let list): sessions.take(list, from: worker, ticket: ticket)
    case .evicted(let worker, let order, let remaining):
      controller.evictions.finished(worker, order: order, remaining: remaining)
    }
  }

  private func obey(_ command: ServiceCommand) {
    switch command {
    case .stop:
      if let shutdown {
        // Who stops a service sends the signal to the process that has handed over as well: that one drains already, and is
        // given no more time than any other.
        if succession != nil, !wasToldToStop {
          wasToldToStop = true
          return shutdown.shorten(to: controller.configuration.shutdown.drain)
        }
        return shutdown.hurry()
      }
      wasToldToStop = true
      changes.ask(.stop, by: "a signal") { [unowned self] _ in
        let limit = controller.configuration.shutdown.drain
        logger.notice(
          "stopping: no new sessions, \(workforce.sessionSlots.taken) may go on for \(limit.configured)")
        systemd?.stopping(within: patienceForAddresses + limit)
        // Clients of this node's addresses are to find another one, before nobody is accepted here any more.
        giveUpAddresses { [unowned self] in
          // Somebody may have asked again meanwhile.
          if let shutdown { shutdown.hurry() } else { drain(.closing, limit: limit) }
        }
      }
    }
  }

  /// A change under way ends unfinished, because the process is to end.
  private func interrupt(_ activity: ChangeGate.Activity) {
    switch activity {
    case .reload, .revert, .rebinding: reloads.abandon()
    case .upgrade: upgrade?.abandon("this process is to end")
    }
  }

  /// Lets the sessions that stand finish, and then ends the service.
  func drain(_ departure: ListenerSet.Departure, limit: Duration) {
    watcher = nil
    reporter.isDraining = true
    shutdown = Shutdown(departure, workforce, controller.evictions, limit: limit, on: loop) { [unowned self] in
      controller.sessionsEnded(for: .shutdown)
    }
    files = nil
    // The sockets are the workers' alone from now on.
    listeners.close(departure)
  }

  /// Reads the file again whenever it or what it includes changes, if the configuration wants that.
  func watchFile() {
    guard let file = origin.file, controller.configuration.reload == .watch else { return watcher = nil }
    let known = reloads.filesAsRead
    let files = known.paths.count > 1 ? "\(file) or what it includes" : file
    guard watcher?.paths != known.paths else { return }
    do throws(Errno) {
      watcher = try FileWatcher(known, on: loop) { [unowned self] in
        reread(by: "a change of \(files)")
      }
    } catch {
      logger.warning("\(file) can't be watched (\(error)): reload it by `martlet reload` or SIGHUP")
    }
  }
}

/// What a service is of, and what it goes on from.
package struct ServiceOrigin {
  /// The program's version, for the stats port.
  package var version: String
  /// The file that a reload reads; nil if there's none.
  package var file: String?
  /// That file and what it includes, as they were when the configuration was read from them: what has changed since is
  /// noticed.
  package var filesAsRead: FileSnapshot
  /// How the program was started; nil if it can't be upgraded.
  package var invocation: Invocation?
  /// What a process before this one has given.
  package var inheritance: Inheritance?
  /// Listening sockets from systemd, by their names.
  package var activated: [InheritedListeners.Listener]
  /// Changes what is logged.
  package var log: LogSwitch
  /// What it needs to be a node of a fleet; nil if it's none.
  package var fleet: FleetOrigin?

  /// The same, when the sockets are where they belong.
  fileprivate var withoutSockets: ServiceOrigin {
    var origin = self
    origin.activated = []
    return origin
  }

  /// A service that begins by itself.
  package init(
    version: String, file: String? = nil, filesAsRead: FileSnapshot = FileSnapshot(), invocation: Invocation? = nil,
    inheritance: Inheritance? = nil,
    activated: [InheritedListeners.Listener] = [], log: LogSwitch = LogSwitch(nil), fleet: FleetOrigin? = nil
  ) {
    self.version = version
    self.file = file
    self.filesAsRead = filesAsRead
    self.invocation = invocation
    self.inheritance = inheritance
    self.activated = activated
    self.log = log
    self.fleet = fleet
  }
}

/// Makes the parts of a reload for a service that is being made.
private final class WeakParts {
  weak var service: Service?

  func make(_ rollout: Int) -> Reload.Parts {
    guard let service else { preconditionFailure("a reload outlived its service") }
    return service.parts(rollout)
  }
}
