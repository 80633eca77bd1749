import Agreement
import Changes
import Fleet
import Libevent
import Model

/// What a node has in hand for its fleet's rollouts: it prepares configurations and holds them, and serves them when it's decided.
///
/// It belongs to the control loop's thread, does what the fleet's thread wants, and tells that what came of it.
final class FleetHand {
  /// What is held.
  private enum Hand {
    case empty
    case preparing(UInt64)
    case holding(UInt64, Prepared)
    case taking(UInt64)
  }

  private let reloads: Reloads
  private let loop: EventLoop
  /// What is wrong with this node at the moment, a clause each.
  private let troubles: () -> [String]
  private let post: (FleetCommand) -> Void
  /// Told what came of a configuration that this node serves.
  private let took: (_ origin: UInt64, AdminAnswer.Reloaded) -> Void
  private var hand = Hand.empty
  /// The origin of what is served.
  private var served: UInt64
  /// How the fleet is; nil before the first word.
  private var status: FleetStatus?
  /// Whether ports are kept that a way back may need.
  private var keepsWayBack = false

  /// Has nothing in hand.
  ///
  /// - Parameters:
  ///   - served: the origin of what is served.
  ///   - troubles: what is wrong with this node at the moment, by which a canary is judged.
  ///   - post: tells the fleet's thread.
  ///   - took: told what came of a configuration that this node serves.
  init(
    _ reloads: Reloads, served: UInt64, on loop: EventLoop, troubles: @escaping () -> [String],
    post: @escaping (FleetCommand) -> Void, took: @escaping (_ origin: UInt64, AdminAnswer.Reloaded) -> Void
  ) {
    self.reloads = reloads
    self.served = served
    self.loop = loop
    self.troubles = troubles
    self.post = post
    self.took = took
  }

  /// Prepares a configuration, and holds it.
  ///
  /// - Parameters:
  ///   - inForce: whether it's decided already.
  ///   - isRevocable: whether there may be a way back from it: what that needs is kept then.
  func prepare(_ target: Rollouts.Target, inForce: Bool, isRevocable: Bool) {
    let origin = target.origin
    hand = .preparing(origin)
    let name = reloads.file ?? "generation \(target.generation) of the fleet"
    // What is in force was found good by all who took part: who comes later follows, even if a pool has nobody left.
    let options = Reloads.Options(isForced: inForce, givenUp: isRevocable ? .kept : .free)
    reloads.reload(
      .text(String(decoding: target.text, as: UTF8.self), name: name), options, by: "fleet"
    ) { [weak self] prepared in
      guard let self, case .preparing(origin) = hand else {
        return prepared.abort(.init("the fleet has given it up", hint: "nothing has changed"))
      }
      hand = .holding(origin, prepared)
      post(.prepared(origin: origin, .yes))
    } done: { [weak self] outcome in
      self?.ended(origin, isRevocable: isRevocable, outcome)
    }
  }

  private func ended(_ origin: UInt64, isRevocable: Bool, _ outcome: Reload.Outcome) {
    switch outcome {
    case .committed(let answer):
      served = origin
      hand = .empty
      keepsWayBack = keepsWayBack || isRevocable
      letGoIfSettled()
      post(.served(origin: origin))
      took(origin, answer)
    case .refused(let problem, _):
      guard case .preparing(origin) = hand else { return }
      hand = .empty
      post(.prepared(origin: origin, .no(([problem.error] + (problem.details ?? [])).joined(separator: "; "))))
    }
  }

  /// Takes how the fleet is now.
  func note(_ status: FleetStatus) {
    self.status = status
    letGoIfSettled()
  }

  /// Needs no way back any more once what it serves is in force, and nothing is left to be confirmed of it.
  private func letGoIfSettled() {
    guard keepsWayBack, let status, status.origin == served, status.rollout?.number != served else { return }
    keepsWayBack = false
    reloads.letGo()
  }

  /// Gives back what is held, or is being prepared.
  func giveBack(_ origin: UInt64) {
    switch hand {
    case .preparing(origin): hand = .empty
    case .holding(origin, let prepared):
      hand = .empty
      prepared.abort(.init("the fleet has decided against it", hint: "`martlet fleet status` shows who, and why"))
    default: break
    }
  }

  /// Serves what is held.
  func serve(_ target: Rollouts.Target) {
    switch hand {
    case .holding(target.origin, let prepared):
      hand = .taking(target.origin)
      prepared.commit()
    // It's served already, since it was looked at before the decision.
    default: if served == target.origin { post(.served(origin: target.origin)) }
    }
  }

  private var soaking: Timer?

  /// Looks at how a configuration does that no other node has yet.
  func soak(_ origin: UInt64, _ span: Span) {
    let before = Set(troubles())
    soaking = Timer(on: loop) { [unowned self] in
      soaking = nil
      let new = troubles().filter { !before.contains($0) }
      post(.soaked(origin: origin, new.isEmpty ? .yes : .no(new.joined(separator: "; "))))
    }
    soaking?.schedule(after: .nanoseconds(span.nanoseconds))
  }
}
