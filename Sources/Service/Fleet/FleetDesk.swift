import Agreement
import Fleet
import Libevent
import Model

/// What people want of all nodes of a fleet: it asks the fleet's thread, and tells what came of it in the log and on the nodes.
///
/// It belongs to the control loop's thread.
final class FleetDesk {
  /// Somebody who waits for what comes of a rollout.
  private struct Wait {
    var rollout: UInt64
    var done: (Rollout.Outcome, AdminAnswer.Reloaded?) -> Void
    /// Nobody will know here.
    var over: () -> Void
    /// It came to something while this node was away.
    var missed: () -> Void
  }

  private let post: (FleetCommand) -> Void
  private let loop: EventLoop
  private let applied: AppliedWatch
  private var status: FleetStatus?
  private var requests: UInt64 = 0
  private var answers: [UInt64: (FleetAnswer) -> Void] = [:]
  private var waits: [Wait] = []
  /// What came of this node's own part in the last rollout that it served.
  private var own: (origin: UInt64, answer: AdminAnswer.Reloaded)?

  /// - Parameter post: tells the fleet's thread.
  init(on loop: EventLoop, post: @escaping (FleetCommand) -> Void) {
    self.loop = loop
    self.post = post
    applied = AppliedWatch(on: loop)
  }

  /// Takes how the fleet is now.
  func note(_ status: FleetStatus) {
    self.status = status
    settle()
    applied.note(status)
  }

  /// Takes what came of a request.
  func answer(_ number: UInt64, _ answer: FleetAnswer) { answers.removeValue(forKey: number)?(answer) }

  /// This node serves a rollout's configuration.
  func took(_ origin: UInt64, _ answer: AdminAnswer.Reloaded) {
    own = (origin, answer)
    settle()
  }

  /// Ends; who waits for an answer hears that none comes.
  func stop() {
    applied.stop()
    let (unanswered, undecided) = (answers.values, waits)
    (answers, waits) = ([:], [])
    for answer in unanswered { answer(.pointless(Self.isOver)) }
    for wait in undecided { wait.over() }
  }

  private static let isOver =
    "another process is this node from now on, or will be: what was asked for may still come to something"

  /// Says something to all nodes; told what came of it.
  func request(_ request: FleetRequest, done: @escaping (FleetAnswer) -> Void) {
    requests += 1
    answers[requests] = done
    post(.request(request, number: requests))
  }

  /// A node is to vote with the memory that it has now; told whether it's agreed on that it shall.
  func seat(_ node: NodeName, done: @escaping (Result<AdminAnswer.Done, AdminAnswer.Problem>) -> Void) {
    ask(.seat(node)) { [unowned self] in
      done($0.map { _ in voting("\(node.text) is to vote, once it knows what the others do") })
    }
  }

  /// A node is to vote no more.
  func unseat(_ node: NodeName, done: @escaping (Result<AdminAnswer.Done, AdminAnswer.Problem>) -> Void) {
    ask(.unseat(node)) { [unowned self] in done($0.map { _ in voting("\(node.text) is to vote no more") }) }
  }

  private func voting(_ message: String) -> AdminAnswer.Done {
    .init(message: message, warnings: ["this takes some seconds; `martlet fleet status` shows when it's so"])
  }

  /// Says something to all nodes; told what came of it in the log, in words.
  func ask(_ request: FleetRequest, done: @escaping (Result<String, AdminAnswer.Problem>) -> Void) {
    self.request(request) { [unowned self] answer in
      switch answer {
      case .said(_, .void(let why)): done(.failure(.init(why, hint: Self.look)))
      case .said(let position, _): done(.success("all nodes do so, from entry \(position) of their log on"))
      default: done(.failure(problem(of: answer, hint: Self.look)))
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
      default: answer.give(.failure(problem(of: said, hint: "look at `martlet overrides`")))
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

  /// Why nothing came of what was asked for, or it isn't known what did.
  private func problem(of answer: FleetAnswer, hint: String) -> AdminAnswer.Problem {
    switch answer {
    case .passed: Self.passed(hint)
    case .takenBack:
      .init(
        "a node came with a program that doesn't know what was asked for: it was taken back, and may be in the log all the same",
        hint: hint)
    case .logAway: logAway
    case .nodesAway(let nodes): Self.away(nodes)
    case .pointless(let why): .init(why, hint: Self.look)
    case .said, .loss, .restored: .init("that isn't what was asked", hint: Self.look)
    }
  }

  /// What was asked for is in the log, and this node hasn't seen what came of it.
  private static func passed(_ hint: String) -> AdminAnswer.Problem {
    .init("the fleet has heard it, and this node was away when it came to something", hint: hint)
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
        waits.append(
          Wait(
            rollout: position, done: { done(.success(Decided(outcome: $0, own: $1))) },
            over: { done(.failure(.init(Self.isOver, hint: Self.look))) },
            missed: { done(.failure(Self.passed(Self.look))) }))
      case .said(_, .void(let why)):
        done(.failure(.init("the fleet takes no rollout now: \(why)", hint: Self.look)))
      case .said: done(.failure(.init("the fleet hasn't begun a rollout", hint: "try again")))
      default: done(.failure(problem(of: answer, hint: Self.look)))
      }
      settle()
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
      } else if status.position > wait.rollout, status.rollout?.number != wait.rollout {
        // Others have decided it, and another one since, before this node heard of either.
        waits.remove(at: index).missed()
        continue
      } else {
        continue
      }
      let answer = own.flatMap { $0.origin == wait.rollout ? $0.answer : nil }
      if case .committed = outcome, answer == nil { continue }
      waits.remove(at: index).done(outcome, answer)
    }
  }
}
