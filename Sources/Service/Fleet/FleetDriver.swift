import Agreement
import Changes
import Config
import Control
import Fleet
import Libevent
import Logging
import Model
import Network
import Sockets

/// What ends the sessions that came in at an address.
struct SessionsOfAddresses {
  /// They are to end; told when none is left.
  var lost: (SocketAddress, _ what: String, _ done: @escaping () -> Void) -> Void
  /// The address is this node's from now on.
  var gained: (SocketAddress) -> Void
}

/// Makes a process a node of its fleet: it runs the fleet's thread, and passes on to its parts on the control plane what that tells.
///
/// It belongs to the control loop's thread. Between it and the fleet's thread there are only values.
final class FleetDriver {
  /// How the fleet is, as this node sees it; nil before the first word.
  private(set) var status: FleetStatus?
  /// The same as all doors say it.
  var answer: AdminAnswer.Fleet? {
    guard var status else { return nil }
    // What has just been done here is known here, and on its way to the others.
    if let own, let index = status.nodes.firstIndex(where: { $0.name == me }) { status.nodes[index].own = own.look() }
    return status.answer(of: name)
  }
  /// The overrides that hold on all nodes.
  private(set) var overrides: FleetOverrides?

  private let me: NodeName
  private let thread: FleetThread
  private let name: String
  let floating: [FloatingAddress]
  private let events = Mailbox<FleetEvent>()
  private let loop: EventLoop
  private let logger: Logger
  /// This node's part in rollouts.
  private let hand: FleetHand
  private var health: FleetHealth?
  private let own: FleetOwn?
  private var receiver: MailboxReceiver?
  /// The configuration that this node would propose if the fleet has none.
  private let first: FleetRequest.Wish?
  /// What people want of all nodes.
  let desk: FleetDesk
  /// What a configuration would change on each node.
  let plans: FleetPlans
  /// What people want of the fleet's addresses.
  let addresses: AddressDesk
  /// Ends the sessions of an address, and tells when that is done; or is told that it's this node's from now on.
  private let sessions: SessionsOfAddresses
  /// Tells which backends clients have.
  private let stick: StickFollower
  /// Called whenever something is told while the log is reached.
  var whenLive: (() -> Void)?
  /// Until the fleet has a configuration.
  private var founding: Timer?
  private var tries = 0

  /// Starts the fleet's thread.
  ///
  /// - Parameters:
  ///   - first: what is proposed if the fleet has no configuration yet.
  ///   - controller: knows the pools, and on it the fleet's overrides take effect.
  ///   - sessions: what ends the sessions of an address that goes.
  ///   - troubles: what is wrong with this node at the moment, by which a canary is judged.
  init(
    _ setup: FleetSetup, first: FleetRequest.Wish?, reloads: Reloads, controller: Controller,
    sessions: SessionsOfAddresses, on loop: EventLoop, logger: Logger, troubles: @escaping () -> [String]
  ) {
    self.sessions = sessions
    self.loop = loop
    self.logger = logger
    self.first = first
    let thread = FleetThread(setup, events: events)
    self.thread = thread
    name = setup.links.fleet
    floating = setup.addresses.map(\.floating)
    desk = FleetDesk(on: loop) { thread.post($0) }
    addresses = AddressDesk(on: loop) { thread.post($0) }
    plans = FleetPlans(reloads, on: loop) { thread.post($0) }
    me = setup.plan.me
    let isWitness = setup.plan.isWitness
    // A witness has nothing that it could have of its own.
    let own = isWitness ? nil : FleetOwn(controller, reloads, stored: setup.memory.stored, on: loop) { thread.post($0) }
    self.own = own
    hand = FleetHand(
      reloads, served: setup.memory.stored.origin, on: loop, troubles: troubles, post: { thread.post($0) },
      took: { [desk, own] in
        own?.follow()
        desk.took($0, $1)
      })
    stick = StickFollower(controller, hosts: floating.map(\.host), own: setup.plan.ownTable, on: loop) {
      thread.post($0)
    }
    // What it sees of backends, and what people want of them, is for nodes that have some.
    guard !isWitness else {
      receiver = events.receive(on: loop) { [unowned self] in take($0) }
      return
    }
    overrides = FleetOverrides(controller, on: loop, logger: logger) { [desk] in desk.request($0, done: $1) }
    health = FleetHealth(controller, hasAddresses: !floating.isEmpty, on: loop) { thread.post($0) }
    receiver = events.receive(on: loop) { [unowned self] in take($0) }
    guard setup.memory.stored.generation == 0 else { return }
    founding = Timer(on: loop) { [unowned self] in found() }
    founding?.schedule(after: .seconds(1))
  }

  /// Ends the fleet's thread; who waits for an answer hears that none comes. Gives what the process that takes this one's place goes
  /// on from.
  @discardableResult
  func stop(handingOver: Bool = false) -> FleetLeases {
    receiver = nil
    defer {
      desk.stop()
      addresses.stop()
      plans.stop()
    }
    return thread.stop(handingOver: handingOver)
  }

  // MARK: What the fleet wants

  private func take(_ event: FleetEvent) {
    switch event {
    case .prepare(let target, let inForce, let isRevocable):
      hand.prepare(target, inForce: inForce, isRevocable: isRevocable)
    case .giveBack(let origin): hand.giveBack(origin)
    case .serve(let target): hand.serve(target)
    case .soak(let origin, let span): hand.soak(origin, span)
    case .answer(let number, let answer): desk.answer(number, answer)
    case .plan(let number, let text, let node): plans.tell(text, as: number, to: node, me: me)
    case .planned(let number, let answer, let node): plans.take(answer, to: number, of: node)
    case .learned(let entry, let position, let outcome):
      log(entry, position, outcome)
      if outcome == .taken { overrides?.log(entry, position) }
    case .overrides(let agreed):
      overrides?.follow(agreed)
      thread.post(.followed(position: agreed.position))
    case .status(let status): note(status)
    case .gained(let index):
      sessions.gained(floating[index].host)
      stick.gained(index)
    case .known(let index, let entries): stick.learn(entries, of: index)
    case .heard(let updates): stick.learn(updates)
    case .replicated(let index, let batch): stick.replicated(batch, of: index)
    case .lost(let index):
      stick.lost(index)
      // Where nobody here moves an address, nobody knows which sessions came by it.
      guard floating[index].action != .none else { return thread.post(.sessionsEnded(address: index)) }
      sessions.lost(floating[index].host, "address \(floating[index].name)") { [weak self] in
        self?.thread.post(.sessionsEnded(address: index))
      }
    case .news(let what): logger.notice("fleet: \(what)")
    case .trouble(let what): logger.warning("fleet: \(what)")
    case .relief(let what): logger.notice("fleet: \(what)")
    case .ended: break
    }
  }

  private func note(_ status: FleetStatus) {
    status.logOwn(since: self.status, logger)
    self.status = status
    defer { if status.isLogLive { whenLive?() } }
    hand.note(status)
    addresses.note(status)
    desk.note(status)
    overrides?.note(status)
    if status.generation > 0 { founding = nil }
  }

  /// Proposes this node's own file as the first configuration of the fleet: as soon as all nodes are there, or after a while. The
  /// first of those that are there does it.
  private func found() {
    founding?.schedule(after: .seconds(1))
    tries += 1
    guard let first, let status, status.generation == 0, status.isLogLive, status.rollout == nil, status.last == nil,
      status.servers.first(where: \.isPresent)?.name == status.me, status.nodes.allSatisfy(\.isPresent) || tries > 10
    else { return }
    logger.notice("fleet: it has no configuration yet, so this node proposes its own")
    desk.propose(first) { [logger] result in
      if case .failure(let problem) = result { logger.notice("fleet: \(problem.error)") }
    }
  }

  private func log(_ entry: Entry, _ position: UInt64, _ outcome: FleetState.Outcome) {
    let author = entry.id.author.node.text
    switch (entry.event, outcome) {
    case (.begin(let proposal), .began):
      logger.notice(
        "fleet: rollout \(position) begins",
        metadata: [
          "by": "\(proposal.author)", "node": "\(author)",
          "nodes": "\(proposal.participants.map(\.node.text).joined(separator: ", "))",
        ])
    case (_, .decided(.committed(let generation))):
      logger.notice("fleet: generation \(generation) is in force", metadata: ["position": "\(position)"])
    case (_, .decided(.aborted(let reason, let node))):
      logger.warning(
        "fleet: the rollout is off", metadata: ["why": "\(reason)", "node": "\(node?.text ?? author)"])
    case (_, .decided(.reverted(let reason, let generation))):
      logger.warning("fleet: generation \(generation) goes back to what was before", metadata: ["why": "\(reason)"])
    case (.outOfStep(let generation, let reason), .taken):
      logger.warning("fleet: \(author) can't serve generation \(generation)", metadata: ["why": "\(reason)"])
    default: break
    }
  }
}
