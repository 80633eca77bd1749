import Agreement
import Libevent

/// What each node sees of the backends: said to all others once a second, and at once when it's otherwise.
///
/// It's for people. Who gets sessions is decided on each node by what that node sees itself.
final class HealthViews {
  /// Called when something may have changed.
  var changed: (() -> Void)?

  /// The most backends that a node tells of.
  package static let most = 4_096
  /// How often a node says it.
  private static let beat = Span.seconds(1)
  /// After how long what was said is forgotten.
  private static let patience = Span.seconds(3)

  private let others: [NodeName]
  private let links: any FleetLinks
  private var own: [UInt64]?
  private var heard: [NodeName: (marks: [UInt64], at: Moment)] = [:]
  private var timer: Timer?

  init(_ plan: FleetPlan, links: any FleetLinks, on loop: EventLoop) {
    others = plan.nodes.filter { $0 != plan.me }
    self.links = links
    timer = Timer(on: loop) { [unowned self] in say() }
  }

  /// This node sees these down.
  func see(_ marks: [UInt64]) {
    own = Array(marks.prefix(Self.most))
    say()
    changed?()
  }

  /// Another node says which it sees down.
  func hear(_ marks: [UInt64], of node: NodeName, at now: Moment) {
    guard others.contains(node) else { return }
    heard[node] = (Array(marks.prefix(Self.most)), now)
    changed?()
  }

  /// Which a node sees down; nil if that isn't known.
  func view(of node: NodeName, at now: Moment) -> [UInt64]? {
    guard others.contains(node) else { return own }
    guard let heard = heard[node], now - heard.at <= Self.patience else { return nil }
    return heard.marks
  }

  private func say() {
    guard let own else { return }
    for node in others { links.send(.down(own), to: node) }
    timer?.schedule(after: BootClock.rest(of: Self.beat))
  }
}
