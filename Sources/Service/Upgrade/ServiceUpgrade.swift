import Config
import Control
import Doors
import Fleet
import Glibc
import Libevent
import Logging
import Model
import Proxy
import Sockets

// How a service gives its place to another process, and how it takes one.

extension Service {
  /// Starts another process in this one's place.
  func startUpgrade(_ request: AdminRequest.Upgrade, by author: String, _ reply: @escaping AdminRouter.Reply) {
    func refuse(_ status: Int, _ problem: AdminAnswer.Problem) {
      logger.error("upgrade refused: \(problem.error)", metadata: ["by": "\(author)", "hint": "\(problem.hint ?? "")"])
      reply(.failure(AdminRefusal(status, problem)))
    }
    guard var invocation = origin.invocation else {
      return refuse(422, .init("this process can't be upgraded", hint: "it wasn't started by `martlet run`"))
    }
    if let program = request.program { invocation = Invocation(program: program, arguments: invocation.arguments) }
    changes.ask(.upgrade, by: author) { [unowned self, invocation] turn in
      if case .refused(let problem) = turn { return refuse(409, problem) }
      logger.notice("upgrading", metadata: ["program": "\(invocation.program)", "by": "\(author)"])
      let counts = CountsTeller(controller, listeners)
      let stick = StickTeller(controller)
      var given = handover(counts.everything())
      if request.force != true {
        given.capacity = Capacity(sessions: limits.sessions, standing: workforce.sessionSlots.taken)
      }
      upgrade = Upgrade(
        invocation, handover: given, counts: counts, sockets: handoverSockets, on: loop, logger: logger, author: author
      ) {
        [unowned self] outcome in
        switch outcome {
        case .failed(let problem):
          upgrade = nil
          changes.ended(.kept)
          refuse(503, problem)
        case .taken(let version, let pid):
          // What was set while the other process started isn't in what that was given.
          let late = LateChanges(
            overrides: controller.book.changes(since: given.state.book), reread: reloads.unread ?? lateReread)
          changes.ended(.handedOver)
          if !late.isEmpty { upgrade?.tell(late) }
          handOver(to: version, pid, stick, reply)
        }
      }
    }
  }

  /// Reads the file again, here or in the process that serves by now.
  func reread(by author: String) {
    if let upgrade, shutdown != nil {
      upgrade.tell(LateChanges(reread: author))
    } else if isAnotherTheNode {
      lateReread = author
    } else if !proposeFile(by: author) {
      reloads.reread(by: author)
    }
  }

  /// Takes what was changed while this process started.
  private func take(_ late: LateChanges, from pid: Int) {
    controller.apply(Change(.overrides(late.overrides), by: "process \(pid)"))
    overrides.save(controller.book)
    if let author = late.reread { reread(by: author) }
  }

  /// The configuration that the next process goes on with. What a witness does of its own isn't one that could be read.
  private var handedOver: Configuration { origin.fleet?.whole ?? controller.configuration }

  private func handover(_ counts: CountsHandover) -> Handover {
    Handover(
      version: origin.version, pid: Int(getpid()), configuration: handedOver.render(),
      file: origin.file, fileAsRead: origin.file.flatMap { reloads.filesAsRead[$0] },
      filesAsRead: reloads.filesAsRead, generation: reloads.history.generation,
      provenance: reloads.history.provenance,
      reloads: reloads.history.tally,
      listeners: listeners.listeners.map {
        Handover.Listener(
          name: $0.configuration.name, sockets: $0.sockets.count, file: $0.bindings.first?.fileOwner,
          socketFile: $0.bindings.first?.file)
      },
      hasStats: statsServer != nil, admin: adminServer?.path, statsFile: statsServer?.file,
      adminFile: adminServer?.file,
      state: controller.state, shortCounts: counts, secrets: handedOver.secrets)
  }

  private var handoverSockets: [SharedSocket] {
    listeners.listeners.flatMap(\.sockets)
      + [statsServer?.listening, adminServer?.listening].compactMap(\.self)
  }

  /// The other process serves: this one accepts nobody any more, and ends when its sessions have.
  private func handOver(
    to version: String, _ pid: Int, _ stick: StickTeller, _ reply: @escaping AdminRouter.Reply
  ) {
    let limit = controller.configuration.upgrade.drain
    var leases = leaveFleet(handingOver: true)
    drain(.handingOver, limit: limit)
    guard let shutdown, let upgrade else { return }
    let left = workforce.sessionSlots.taken
    logger.notice(
      "process \(pid) has taken over; \(left) sessions may go on here for \(limit.configured)",
      metadata: ["version": "\(version)", "pid": "\(pid)"])
    chronicle.stop()
    succession = Succession(
      upgrade, sessions, PastTeller(chronicle.past), stick, on: loop, logger: logger
    ) { [unowned self] in
      defer { leases = nil }
      return HandoverMessage.Draining(
        sessions: workforce.sessionSlots.taken, deadline: self.shutdown?.deadline ?? .now,
        counts: upgrade.counts.nothing, leases: leases)
    }
    shutdown.drained = { [unowned self] in succession?.tell() }
    if let systemd {
      systemd.replaced(by: pid) { [unowned self] in succession?.begin() }
    } else {
      succession?.begin()
    }
    reply(
      .success(
        AdminReply(
          AdminAnswer.Upgraded(pid: pid, version: version, draining: left, deadline: shutdown.deadline))))
    leaveDoors()
    controller.stop()
  }

  /// Takes what processes before this one have counted up to now.
  func inherit(_ counts: CountsHandover) {
    listeners.inherited.take(counts.listeners)
    controller.heritage.take(counts)
    if let workers = counts.workers { workforce.inherited = workers }
  }

  /// Takes what the process before has counted since it gave what it knew. What it had counted when it handed over is in its
  /// own past, which it tells as well; what its last sessions do is this process's to note.
  private func inheritLater(_ counts: CountsHandover) {
    if let tookOver, Timestamp.now.seconds(since: tookOver) < Double(FigureSeries.step) {
      chronicle.leavingOut { inherit(counts) }
    } else {
      inherit(counts)
    }
  }

  /// Takes a part of what the process before remembers.
  private func take(_ part: PastPart) {
    if let events = part.events { chronicle.take(events) }
    if let series = part.series { chronicle.take(part.pool, series) }
  }

  /// The process before is gone, and with it every session that it had left.
  private func settleInherited() {
    listeners.inherited.settle()
    controller.heritage.settle()
    workforce.settleInherited()
  }

  /// Takes the place of another process, and watches it as long as it has sessions.
  func takeOver(_ inheritance: Inheritance, took: @escaping (FleetLeases?) -> Void) {
    let pid = inheritance.handover.pid
    predecessor = Predecessor(
      pid, version: inheritance.handover.version, heir: origin.version, over: inheritance.channel, on: loop,
      took: { [unowned self] leases in
        logger.notice("process \(pid) has handed over")
        tookOver = .now
        took(leases)
      },
      told: { [unowned self] news in
        inheritLater(news.counts)
        sessions.inherit(news.recent ?? [])
      },
      changed: { [unowned self] in take($0, from: pid) },
      remembered: { [unowned self] in take($0) }, stuck: { [unowned self] in controller.learn($0) },
      gone: { [unowned self] in
        logger.notice("process \(pid) is gone")
        settleInherited()
        overrides.saveAgain(controller.book)
      })
  }
}
