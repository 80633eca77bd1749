import Agreement
import Fleet
import Libevent
import Model

/// What people want of a fleet's floating addresses: that one goes to another node, or that this node has none.
///
/// It belongs to the control loop's thread, asks the fleet's, and tells what came of it when that shows.
final class AddressDesk {
  /// What came of it: in words, with what else there is to say.
  typealias Outcome = Result<AdminAnswer.Done, AdminAnswer.Problem>

  /// Somebody who waits until it's so.
  private struct Wait {
    /// What is to be done as soon as that's clear, or at last as it's late.
    var end: (FleetStatus, _ isLate: Bool) -> (() -> Void)?
    var until: ContinuousClock.Instant
    /// Nobody will be told any more how it is.
    var over: () -> Void
  }

  private let post: (FleetCommand) -> Void
  private var status: FleetStatus?
  private var waits: [Wait] = []
  private var timer: Timer?

  /// How long a move may take.
  private static let patience = Duration.seconds(5)
  private static let look = "look at `martlet fleet status`"

  /// - Parameter post: tells the fleet's thread.
  init(on loop: EventLoop, post: @escaping (FleetCommand) -> Void) {
    self.post = post
    timer = Timer(on: loop) { [unowned self] in settle() }
  }

  /// Ends; who waits hears that nothing is known of what he wanted.
  func stop() {
    timer = nil
    let left = waits
    waits = []
    for wait in left { wait.over() }
  }

  /// Takes how the fleet is now.
  func note(_ status: FleetStatus) {
    self.status = status
    settle()
  }

  /// An address is to go to a node, or to whichever comes first of those that may have it.
  func move(_ name: String, to node: String?, done: @escaping (Outcome) -> Void) {
    guard let status else { return done(.failure(Self.early)) }
    guard let index = status.addresses.firstIndex(where: { $0.name == name }) else {
      let names = status.addresses.map(\.name).joined(separator: ", ")
      return done(
        .failure(
          .init(
            "there is no address \"\(name)\"",
            hint: names.isEmpty ? "the fleet has none: \"addresses\" names them" : "the addresses are: \(names)")))
    }
    let address = status.addresses[index]
    // A process that has just begun hasn't heard yet whose it is.
    guard address.since != nil else {
      return wait(Self.patience, done) { [unowned self] status, isLate in
        if status.addresses[index].since != nil { return { self.move(name, to: node, done: done) } }
        let early = AdminAnswer.Problem("it isn't known yet whose \(name) is", hint: "try again")
        return isLate ? { done(.failure(early)) } : nil
      }
    }
    guard let owner = address.owner else {
      return done(.failure(.init("\(name) is nobody's: who may have it takes it by itself", hint: Self.look)))
    }
    if let node, !status.nodes.contains(where: { $0.name.text == node }) {
      let names = status.nodes.map(\.name.text).joined(separator: ", ")
      return done(.failure(.init("there is no node \"\(node)\"", hint: "the nodes are: \(names)")))
    }
    guard node != owner.text else { return done(.success(.init(message: "\(name) is \(owner.text)'s", warnings: []))) }
    let heir = node.map { NodeName($0) } ?? address.candidates.first { $0 != owner }
    guard let heir, address.candidates.contains(heir) else {
      let who = node ?? "no other node"
      return done(
        .failure(
          .init(
            "\(who) can\(node == nil ? "" : "'t") have \(name) now",
            hint: "it has to be there, in step and able to hold the address; \(Self.look)")))
    }
    wait(
      until: { status in
        let now = status.addresses[index]
        guard now.generation > address.generation, let owner = now.owner else { return nil }
        return owner == heir
          ? .success(.init(message: "\(name) is \(owner.text)'s", warnings: []))
          : .failure(.init("\(name) is \(owner.text)'s now", hint: "\(heir.text) didn't take it; \(Self.look)"))
      },
      late: { status in
        let owner = status.addresses[index].owner.map { "still \($0.text)'s" } ?? "nobody's yet"
        return .failure(.init("\(name) is \(owner)", hint: Self.look))
      }, limit: Self.patience, done)
    post(.move(address: index, to: heir))
  }

  /// This node is to own no address until it joins again.
  func leave(within limit: Duration? = nil, done: @escaping (Outcome) -> Void) {
    guard let status else { return done(.failure(Self.early)) }
    let alone = status.addresses.filter { address in
      address.mine.isHere && !address.candidates.contains { $0 != status.me }
    }
    let warnings = alone.map { "no other node can have \($0.name) now" }
    wait(
      until: { status in
        guard status.hasLeft, status.addresses.allSatisfy({ !$0.mine.isHere }) else { return nil }
        return .success(
          .init(message: "\(status.me.text) owns no address until `martlet fleet join`", warnings: warnings))
      },
      late: { status in
        let left = status.addresses.filter(\.mine.isHere).map(\.name).joined(separator: ", ")
        return .failure(.init("\(left) couldn't be given up in time", hint: "it will be when its lease is over"))
      }, limit: limit ?? Self.patience, done)
    post(.leave(true))
  }

  /// This node is to own no address until the process ends, of which nothing is told.
  func leaveForGood() {
    post(.leave(true))
  }

  /// This node may own addresses again.
  func join(done: @escaping (Outcome) -> Void) {
    wait(
      until: { status in
        status.hasLeft ? nil : .success(.init(message: "\(status.me.text) may own addresses", warnings: []))
      }, late: { _ in .failure(.init("nothing came of it", hint: "try again")) }, limit: Self.patience, done)
    post(.leave(false))
  }

  private static let isOver = AdminAnswer.Problem(
    "this process is no node of the fleet any more, so nothing is known of it", hint: look)
  private static let early = AdminAnswer.Problem("nothing is known of the fleet yet", hint: "try again")

  private func wait(
    until outcome: @escaping (FleetStatus) -> Outcome?, late: @escaping (FleetStatus) -> Outcome, limit: Duration,
    _ done: @escaping (Outcome) -> Void
  ) {
    wait(limit, done) { status, isLate in
      (outcome(status) ?? (isLate ? late(status) : nil)).map { outcome in { done(outcome) } }
    }
  }

  private func wait(
    _ limit: Duration, _ done: @escaping (Outcome) -> Void,
    _ end: @escaping (FleetStatus, _ isLate: Bool) -> (() -> Void)?
  ) {
    waits.append(Wait(end: end, until: .now + limit) { done(.failure(Self.isOver)) })
    settle()
  }

  private func settle() {
    guard let status else { return }
    let now = ContinuousClock.now
    var due: [() -> Void] = []
    waits.removeAll { wait in
      guard let end = wait.end(status, now >= wait.until) else { return false }
      due.append(end)
      return true
    }
    if let next = waits.map(\.until).min() { timer?.schedule(after: max(next - now, .milliseconds(1))) }
    // Who is told may want something else at once.
    for tell in due { tell() }
  }
}
