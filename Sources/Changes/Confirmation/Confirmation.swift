import Balancing
import Config
import Control
import Libevent
import Proxy

/// The time in which a new configuration has to be confirmed: over, or clearly worse than before, it calls for the way
/// back.
final class Confirmation {
  /// How things were before.
  struct Baseline {
    fileprivate let earlier: Regression.Sample
    fileprivate let members: [Member]
    /// Who was eligible.
    fileprivate let eligible: Set<ObjectIdentifier>

    /// How they are now.
    ///
    /// - Parameter earlier: the totals some time ago: how connects went since is what later ones are compared with.
    init(_ controller: Controller, since earlier: Regression.Sample) {
      self.earlier = earlier
      let now = Instant.now
      members = controller.pools.flatMap(\.members)
      eligible = Set(members.filter { $0.isEligible(at: now) }.map { ObjectIdentifier($0) })
    }

    /// Counts that only grow, over all pools, and who is eligible of the backends that were there before as well.
    static func sample(_ controller: Controller, among members: [Member] = []) -> Regression.Sample {
      let sums = controller.everyPool.reduce(into: BackendSums()) { $0.add($1.sums) }
      let now = Instant.now
      return Regression.Sample(
        attempts: sums.attempts, failures: sums.failures,
        eligible: members.count { $0.isEligible(at: now) })
    }
  }

  /// How often it's looked at.
  static let interval = Duration.seconds(1)

  private let controller: Controller
  private let members: [Member]
  private let end: Instant
  private let isOver: (String) -> Void
  private var regression: Regression
  private var timer: Timer?

  /// Watches from now on.
  ///
  /// - Parameter isOver: told why to go back, once.
  init(
    within length: Duration, _ baseline: Baseline, _ controller: Controller, on loop: EventLoop,
    isOver: @escaping (String) -> Void
  ) {
    self.controller = controller
    self.isOver = isOver
    end = .now + length
    // Only who is in both configurations can be compared.
    let present = Set(controller.pools.flatMap(\.members).map(ObjectIdentifier.init))
    members = baseline.members.filter { present.contains(ObjectIdentifier($0)) }
    var reload = Baseline.sample(controller)
    reload.eligible = members.count { baseline.eligible.contains(ObjectIdentifier($0)) }
    regression = Regression(from: baseline.earlier, reload: reload, at: .now)
    timer = Timer(on: loop) { [unowned self] in look() }
    timer?.schedule(after: min(Self.interval, length))
  }

  private func look() {
    if Instant.now >= end { return isOver("it wasn't confirmed in time") }
    if case .worse(let reason) = regression.observe(Baseline.sample(controller, among: members), at: .now) {
      return isOver(reason.text)
    }
    timer?.schedule(after: max(min(Self.interval, end - .now), .milliseconds(1)))
  }
}

extension Regression.Reason {
  /// What speaks against the configuration, in words.
  fileprivate var text: String {
    switch self {
    case .failures(let failures, let attempts, let before):
      "\(failures) of \(attempts) connects fail, and \(Int((before * 100).rounded()))% did before"
    case .eligible(let now, let before):
      "\(now) of \(before) backends are eligible that were before"
    }
  }
}
