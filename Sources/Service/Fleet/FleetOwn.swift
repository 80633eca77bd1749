import Agreement
import Changes
import Config
import Control
import Fleet
import Libevent
import Logging

/// What holds on this node alone, since somebody wanted it so by `--this-node`: the fleet is told, and says it on all nodes.
///
/// It belongs to the control loop's thread.
final class FleetOwn {
  /// What the fleet has agreed on, as this node has taken it.
  private enum Agreed {
    case nothing
    /// It can't be read here, so the file is served.
    case unreadable
    case configuration(Configuration)
  }

  private let controller: Controller
  private let reloads: Reloads
  private let post: (FleetCommand) -> Void
  private var agreed: Agreed
  /// The generation of this process that was compared with that last; to compare takes long.
  private var compared: Int?
  private var own = NodeStatus.Own()
  private var timer: Timer?

  /// - Parameters:
  ///   - stored: what the fleet had agreed on last, as far as this node knew when the process was started.
  ///   - post: tells the fleet's thread.
  init(
    _ controller: Controller, _ reloads: Reloads, stored: FleetState.Committed, on loop: EventLoop,
    post: @escaping (FleetCommand) -> Void
  ) {
    self.controller = controller
    self.reloads = reloads
    self.post = post
    agreed = Self.read(stored, fleet: controller.configuration.fleet)
    timer = Timer(on: loop) { [unowned self] in
      timer?.schedule(after: .seconds(1))
      look()
    }
    timer?.schedule(after: .zero)
  }

  /// The process before this one may have served something else: so it's read as a start does.
  private static func read(_ stored: FleetState.Committed, fleet: FleetConfiguration?) -> Agreed {
    guard stored.generation > 0 else { return .nothing }
    let text = String(decoding: stored.text, as: UTF8.self)
    guard var configuration = try? Configuration.parse(text, file: "generation \(stored.generation)") else {
      return .unreadable
    }
    configuration.fleet = fleet
    return .configuration(configuration)
  }

  /// What this node serves now is what the fleet has agreed on, or lets it try.
  func follow() {
    agreed = .configuration(controller.configuration)
    compared = nil
    look()
  }

  /// What there is now; the fleet is told if it's otherwise than before.
  @discardableResult
  func look() -> NodeStatus.Own {
    var now = own
    if compared != reloads.history.generation {
      compared = reloads.history.generation
      now.hasConfiguration = differs
    }
    now.overrides = UInt32(controller.book.leases.count { $0.layer == .node })
    if now != own {
      own = now
      post(.own(now))
    }
    return now
  }

  private var differs: Bool {
    switch agreed {
    case .nothing: false
    case .unreadable: true
    case .configuration(let agreed): !ConfigurationDifference(from: agreed, to: controller.configuration).isEmpty
    }
  }
}

extension FleetStatus {
  /// Tells people of what holds on nodes alone, and is otherwise than before.
  func logOwn(since before: FleetStatus?, _ logger: Logger) {
    for node in nodes {
      let known = before?.nodes.first { $0.name == node.name }?.own ?? .init()
      guard node.own != known else { continue }
      let what = node.own.answer.map { "differs: \($0.text)" } ?? "has nothing of its own any more"
      logger.notice("fleet: \(node.name.text) \(what)")
    }
  }
}
