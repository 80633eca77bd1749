import Config
import Glibc
import Libevent
import Logging
import Proxy
import Sockets

// How a service gives its place to another process, and how it takes one.

extension Service {
  /// Starts another process in this one's place.
  func startUpgrade(to program: String?, by author: String, _ reply: @escaping AdminRouter.Reply) {
    func refuse(_ status: Int, _ problem: AdminAnswer.Problem) {
      logger.error("upgrade refused: \(problem.error)", metadata: ["by": "\(author)", "hint": "\(problem.hint ?? "")"])
      reply(.failure(AdminRefusal(status, problem)))
    }
    guard var invocation = origin.invocation else {
      return refuse(422, .init("this process can't be upgraded", hint: "it wasn't started by `martlet run`"))
    }
    if let program { invocation = Invocation(program: program, arguments: invocation.arguments) }
    changes.ask(.upgrade, by: author) { [unowned self, invocation] turn in
      if case .refused(let problem) = turn { return refuse(409, problem) }
      logger.notice("upgrading", metadata: ["program": "\(invocation.program)", "by": "\(author)"])
      let given = handover
      upgrade = Upgrade(invocation, handover: given, sockets: handoverSockets, on: loop, logger: logger, author: author)
      {
        [unowned self] outcome in
        switch outcome {
        case .failed(let problem):
          upgrade = nil
          changes.ended(.kept)
          refuse(503, problem)
        case .taken(let version, let pid):
          // What was set while the other process started isn't in what that was given.
          let late = LateChanges(overrides: controller.book.changes(since: given.state.book), reread: reloads.unread)
          changes.ended(.handedOver)
          if !late.isEmpty { upgrade?.tell(late) }
          handOver(to: version, pid, reply)
        }
      }
    }
  }

  /// Reads the file again, here or in the process that serves by now.
  func reread(by author: String) {
    if let upgrade, shutdown != nil {
      upgrade.tell(LateChanges(reread: author))
    } else {
      reloads.reread(by: author)
    }
  }

  /// Takes what was changed while this process started.
  private func take(_ late: LateChanges, from pid: Int) {
    controller.take(late.overrides, from: "process \(pid)")
    overrides.save(controller.book)
    if let author = late.reread { reloads.reread(by: author) }
  }

  private var handover: Handover {
    Handover(
      version: origin.version, pid: Int(getpid()), configuration: controller.configuration.render(),
      file: origin.file, fileAsRead: reloads.fileAsRead, generation: reloads.generation, provenance: reloads.provenance,
      listeners: listeners.listeners.map {
        Handover.Listener(
          name: $0.configuration.name, sockets: $0.binding?.all.count ?? 0, file: $0.binding?.fileOwner,
          socketFile: $0.binding?.file)
      },
      hasStats: statsServer != nil, admin: adminServer?.path, statsFile: statsServer?.file,
      adminFile: adminServer?.file,
      state: controller.state, counts: counts, secrets: controller.configuration.secrets)
  }

  private var handoverSockets: [SharedSocket] {
    listeners.listeners.flatMap { $0.binding?.all ?? [] }
      + [statsServer?.listening, adminServer?.listening].compactMap(\.self)
  }

  /// The other process serves: this one accepts nobody any more, and ends when its sessions have.
  private func handOver(to version: String, _ pid: Int, _ reply: @escaping AdminRouter.Reply) {
    let limit = controller.configuration.upgrade.drain
    systemd?.replaced(by: pid)
    drain(.handingOver, limit: limit)
    guard let shutdown, let upgrade else { return }
    let left = workforce.sessionSlots.taken
    logger.notice(
      "process \(pid) has taken over; \(left) sessions may go on here for \(limit.configured)",
      metadata: ["version": "\(version)", "pid": "\(pid)"])
    succession = Succession(upgrade, sessions, on: loop) { [unowned self] in news }
    shutdown.drained = { [unowned self] in succession?.tell() }
    reply(
      .success(
        AdminReply(
          AdminAnswer.Upgraded(pid: pid, version: version, draining: left, deadline: shutdown.deadline))))
    leaveDoors()
    controller.stop()
  }

  private var news: HandoverMessage.Draining {
    HandoverMessage.Draining(
      sessions: workforce.sessionSlots.taken, deadline: shutdown?.deadline ?? .now, counts: counts)
  }

  private var counts: CountsHandover {
    var counts = CountsHandover()
    for listener in listeners.listeners { counts.listeners[listener.configuration.name] = listener.counts }
    controller.addCounts(to: &counts)
    counts.workers = workforce.counts
    return counts
  }

  /// Takes what processes before this one have counted up to now.
  func inherit(_ counts: CountsHandover) {
    for listener in listeners.listeners {
      if let counted = counts.listeners[listener.configuration.name] { listener.inherited = counted }
    }
    controller.inherit(counts)
    workforce.inherited = counts.workers ?? workforce.inherited
  }

  /// The process before is gone, and with it every session that it had left.
  private func settleInherited() {
    for listener in listeners.listeners { listener.inherited.settle() }
    controller.settleInherited()
    workforce.settleInherited()
  }

  /// Takes the place of another process, and watches it as long as it has sessions.
  func takeOver(_ inheritance: Inheritance, took: @escaping () -> Void) {
    let pid = inheritance.handover.pid
    predecessor = Predecessor(
      inheritance, version: origin.version, on: loop,
      took: { [unowned self] in
        logger.notice("process \(pid) has handed over")
        took()
      },
      told: { [unowned self] news in
        inherit(news.counts)
        sessions.inherit(news.recent ?? [])
      },
      changed: { [unowned self] in take($0, from: pid) },
      gone: { [unowned self] in
        logger.notice("process \(pid) is gone")
        settleInherited()
        overrides.saveAgain(controller.book)
      })
  }
}
