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

/// Does on the control plane what a fleet has agreed on: prepares configurations and holds them, serves them when it's decided, and
/// asks the fleet for what an operator wants of all nodes.
///
/// It belongs to the control loop's thread. Between it and the fleet's thread there are only values.
final class FleetDriver {
  /// What is in hand for the fleet.
  private enum Hand {
    case empty
    case preparing(UInt64)
    case holding(UInt64, Prepared)
    case taking(UInt64)
  }

  /// Somebody who waits for what comes of a rollout.
  private struct Wait {
    var rollout: UInt64
    var done: (Rollout.Outcome, AdminAnswer.Reloaded?) -> Void
  }

  /// How the fleet is, as this node sees it; nil before the first word.
  private(set) var status: FleetStatus?
  /// The overrides that hold on all nodes.
  private(set) var overrides: FleetOverrides?

  private let thread: FleetThread
  private let floating: [FloatingAddress]
  private let events = Mailbox<FleetEvent>()
  private let reloads: Reloads
  private let loop: EventLoop
  private let logger: Logger
  /// What is wrong with this node at the moment, a clause each.
  private let troubles: () -> [String]
  /// What came of this node's own part in the last rollout that it served.
  private var own: (origin: UInt64, answer: AdminAnswer.Reloaded)?
  private let applied: AppliedWatch
  private var health: FleetHealth?
  private var receiver: MailboxReceiver?
  private var hand = Hand.empty
  /// The origin of what is served.
  private var served: UInt64
  private var requests: UInt64 = 0
  private var answers: [UInt64: (FleetAnswer) -> Void] = [:]
  private var waits: [Wait] = []
  /// The configuration that this node would propose if the fleet has none.
  private let first: FleetRequest.Wish?
  /// What people want of the fleet's addresses.
  let addresses: AddressDesk
  /// Ends the sessions of an address, and tells when that is done; or is told that it's this node's from now on.
  private let sessions: SessionsOfAddresses
  /// Tells which backends clients have.
  private let stick: StickFollower
  /// What this node sees of its pools; told when that changes.
  private let view: () -> [PoolView]
  private var viewTimer: Timer?
  private var told: [PoolView] = []
  /// Until the fleet has a configuration.
  private var founding: Timer?
  private var tries = 0

  /// Starts the fleet's thread.
  ///
  /// - Parameters:
  ///   - first: what is proposed if the fleet has no configuration yet.
  ///   - controller: knows the pools, and on it the fleet's overrides take effect.
  ///   - sessions: what ends the sessions of an address that goes.
  ///   - view: what this node sees of its pools.
  ///   - troubles: what is wrong with this node at the moment, by which a canary is judged.
  init(
    _ setup: FleetSetup, first: FleetRequest.Wish?, reloads: Reloads, controller: Controller,
    sessions: SessionsOfAddresses, on loop: EventLoop, logger: Logger, view: @escaping () -> [PoolView],
    troubles: @escaping () -> [String]
  ) {
    self.reloads = reloads
    self.sessions = sessions
    self.view = view
    self.loop = loop
    self.troubles = troubles
    self.logger = logger
    self.first = first
    served = setup.memory.stored.origin
    applied = AppliedWatch(on: loop)
    let thread = FleetThread(setup, events: events)
    self.thread = thread
    floating = setup.addresses.map(\.floating)
    addresses = AddressDesk(on: loop) { thread.post($0) }
    stick = StickFollower(controller, hosts: floating.map(\.host), on: loop) { thread.post($0) }
    overrides = FleetOverrides(controller, on: loop, logger: logger) { [unowned self] in request($0, done: $1) }
    health = FleetHealth(controller, on: loop) { thread.post(.down($0)) }
    receiver = events.receive(on: loop) { [unowned self] in take($0) }
    if !setup.addresses.isEmpty {
      viewTimer = Timer(on: loop) { [unowned self] in look() }
      viewTimer?.schedule(after: .zero)
    }
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
      applied.stop()
      let unanswered = answers.values
      answers = [:]
      for answer in unanswered { answer(.pointless("this process is no node of the fleet any more")) }
    }
    return thread.stop(handingOver: handingOver)
  }

  private func look() {
    viewTimer?.schedule(after: .seconds(1))
    let view = view()
    guard view != told else { return }
    told = view
    thread.post(.view(view))
  }

  // MARK: What the fleet wants

  private func take(_ event: FleetEvent) {
    switch event {
    case .prepare(let target, let inForce): prepare(target, inForce: inForce)
    case .giveBack(let origin): giveBack(origin)
    case .serve(let target): serve(target)
    case .soak(let origin, let span): soak(origin, span)
    case .answer(let number, let answer): answers.removeValue(forKey: number)?(answer)
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
    case .lost(let index):
      stick.lost(index)
      sessions.lost(floating[index].host, "address \(floating[index].name)") { [weak self] in
        self?.thread.post(.sessionsEnded(address: index))
      }
    case .news(let what): logger.notice("fleet: \(what)")
    case .trouble(let what): logger.warning("fleet: \(what)")
    case .relief(let what): logger.notice("fleet: \(what)")
    case .ended: break
    }
  }

  private func prepare(_ target: Rollouts.Target, inForce: Bool) {
    let origin = target.origin
    hand = .preparing(origin)
    let name = reloads.file ?? "generation \(target.generation) of the fleet"
    // What is in force was found good by all who took part: who comes later follows, even if a pool has nobody left.
    reloads.reload(
      .text(String(decoding: target.text, as: UTF8.self), name: name), Reloads.Options(isForced: inForce), by: "fleet"
    ) { [weak self] prepared in
      guard let self, case .preparing(origin) = hand else {
        return prepared.abort(.init("the fleet has given it up", hint: "nothing has changed"))
      }
      hand = .holding(origin, prepared)
      thread.post(.prepared(origin: origin, .yes))
    } done: { [weak self] outcome in
      self?.ended(origin, outcome)
    }
  }

  private func ended(_ origin: UInt64, _ outcome: Reload.Outcome) {
    switch outcome {
    case .committed(let answer):
      served = origin
      own = (origin, answer)
      hand = .empty
      thread.post(.served(origin: origin))
      settle()
    case .refused(let problem, _):
      guard case .preparing(origin) = hand else { return }
      hand = .empty
      thread.post(.prepared(origin: origin, .no(([problem.error] + (problem.details ?? [])).joined(separator: "; "))))
    }
  }

  private func giveBack(_ origin: UInt64) {
    switch hand {
    case .preparing(origin): hand = .empty
    case .holding(origin, let prepared):
      hand = .empty
      prepared.abort(.init("the fleet has decided against it", hint: "`martlet fleet status` shows who, and why"))
    default: break
    }
  }

  private func serve(_ target: Rollouts.Target) {
    switch hand {
    case .holding(target.origin, let prepared):
      hand = .taking(target.origin)
      prepared.commit()
    // It's served already, since it was looked at before the decision.
    default: if served == target.origin { thread.post(.served(origin: target.origin)) }
    }
  }

  private var soaking: Timer?

  /// Looks at how a configuration does that no other node has yet.
  private func soak(_ origin: UInt64, _ span: Span) {
    let before = Set(troubles())
    soaking = Timer(on: loop) { [unowned self] in
      soaking = nil
      let new = troubles().filter { !before.contains($0) }
      thread.post(.soaked(origin: origin, new.isEmpty ? .yes : .no(new.joined(separator: "; "))))
    }
    soaking?.schedule(after: .nanoseconds(span.nanoseconds))
  }

  // MARK: What people want of it

  /// Says something to all nodes; told what came of it.
  func request(_ request: FleetRequest, done: @escaping (FleetAnswer) -> Void) {
    requests += 1
    answers[requests] = done
    thread.post(.request(request, number: requests))
  }

  /// Says something to all nodes; told what came of it in the log, in words.
  func ask(_ request: FleetRequest, done: @escaping (Result<String, AdminAnswer.Problem>) -> Void) {
    self.request(request) { [unowned self] answer in
      switch answer {
      case .said(_, .void(let why)): done(.failure(.init(why, hint: Self.look)))
      case .said(let position, _): done(.success("all nodes do so, from entry \(position) of their log on"))
      case .logAway: done(.failure(logAway))
      case .nodesAway(let nodes): done(.failure(Self.away(nodes)))
      case .pointless(let why): done(.failure(.init(why, hint: Self.look)))
      }
    }
  }

  /// Changes overrides of all nodes; told where that has got, or nil if nothing was otherwise before.
  func agree(
    on request: FleetRequest, done: @escaping (Result<AdminAnswer.Agreed?, AdminAnswer.Problem>) -> Void
  ) {
    let answer = OnceInTime(Self.patience, on: loop, done) { [unowned self] in
      .failure(
        .init(
          "the fleet's log hasn't answered for \(Self.patience.configured)"
            + (status?.logTrouble.map { ": \($0)" } ?? ""),
          hint: "it may still be taken up: `martlet overrides` shows it then; --this-node changes this node alone"))
    }
    self.request(request) { [unowned self] said in
      switch said {
      case .said(_, .void): answer.give(.success(nil))
      case .said(let position, _): applied.wait(for: position) { answer.give(.success($0)) }
      case .logAway: answer.give(.failure(logAway))
      case .nodesAway(let nodes): answer.give(.failure(Self.away(nodes)))
      case .pointless(let why): answer.give(.failure(.init(why, hint: Self.look)))
      }
    }
  }

  /// How long somebody waits who has asked for a change of overrides: a client waits 10 s.
  private static let patience = Duration.seconds(8)

  private static let look = "look at `martlet fleet status`"

  /// Why nothing can be said to all nodes now, with what is away.
  var logAway: AdminAnswer.Problem {
    AdminAnswer.Problem(
      "the fleet's log can't be reached" + (status?.logTrouble.map { ": \($0)" } ?? ""),
      hint: "see to its servers; --this-node changes this node alone")
  }

  private static func away(_ nodes: [NodeName]) -> AdminAnswer.Problem {
    .init(
      "\(nodes.map(\.text).joined(separator: ", ")) can't be reached",
      hint: "see to that, or ask for less: without --require-all, or another canary")
  }

  /// What came of a rollout.
  struct Decided {
    var outcome: Rollout.Outcome
    /// What it changed on this node, if it did.
    var own: AdminAnswer.Reloaded?
  }

  /// Wants a configuration for all nodes; told when it's decided, or why it isn't tried.
  func propose(_ wish: FleetRequest.Wish, done: @escaping (Result<Decided, AdminAnswer.Problem>) -> Void) {
    request(.rollout(wish)) { [unowned self] answer in
      switch answer {
      case .said(let position, .began):
        waits.append(Wait(rollout: position) { done(.success(Decided(outcome: $0, own: $1))) })
      case .said(_, .void(let why)):
        done(.failure(.init("the fleet takes no rollout now: \(why)", hint: Self.look)))
      case .said: done(.failure(.init("the fleet hasn't begun a rollout", hint: "try again")))
      case .logAway: done(.failure(logAway))
      case .nodesAway(let nodes): done(.failure(Self.away(nodes)))
      case .pointless(let why): done(.failure(.init(why, hint: Self.look)))
      }
      settle()
    }
  }

  private func note(_ status: FleetStatus) {
    self.status = status
    addresses.note(status)
    settle()
    overrides?.note(status)
    applied.note(status)
    if status.generation > 0 { founding = nil }
  }

  /// Proposes this node's own file as the first configuration of the fleet: as soon as all nodes are there, or after a while. The
  /// first of those that are there does it.
  private func found() {
    founding?.schedule(after: .seconds(1))
    tries += 1
    guard let first, let status, status.generation == 0, status.isLogLive, status.rollout == nil, status.last == nil,
      status.nodes.first(where: \.isPresent)?.name == status.me, status.nodes.allSatisfy(\.isPresent) || tries > 10
    else { return }
    logger.notice("fleet: it has no configuration yet, so this node proposes its own")
    propose(first) { [logger] result in
      if case .failure(let problem) = result { logger.notice("fleet: \(problem.error)") }
    }
  }

  /// Tells those who wait for a rollout that is decided, and served here if it's in force.
  private func settle() {
    guard let status else { return }
    for (index, wait) in waits.enumerated().reversed() {
      let outcome: Rollout.Outcome
      if let last = status.last, last.number == wait.rollout {
        outcome = last.outcome
      } else if let rollout = status.rollout, rollout.number == wait.rollout, rollout.phase != .voting {
        outcome = .committed(generation: status.generation)
      } else {
        continue
      }
      let answer = own.flatMap { $0.origin == wait.rollout ? $0.answer : nil }
      if case .committed = outcome, answer == nil { continue }
      waits.remove(at: index).done(outcome, answer)
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
