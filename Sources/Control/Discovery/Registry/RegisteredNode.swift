import Balancing
import Config
import Stores

/// A node of ZooKeeper, and what its children say of backends.
final class RegisteredNode {
  /// What a session shows of it.
  struct News {
    /// What is found there.
    var finding: TargetFinding
    /// What is wrong with children, if people are to be told: a clause for each.
    var complaint: String?
  }

  private var backends = RegisteredBackends()
  private lazy var children = ZooKeeperChildren(of: path, atMost: RegisteredBackends.most) {
    [unowned self] name, answer in backends.take(answer, of: name)
  }
  private let path: String

  /// By its whole path.
  init(_ path: String) { self.path = path }

  /// Takes note that a node has changed that was watched; whether it's this one, or a child of it.
  func note(_ changed: String) -> Bool { children.note(changed) }

  /// The session is over.
  func forgetWatches() { children.forgetWatches() }

  /// Asks for what isn't known, or isn't any more, unless that's under way.
  ///
  /// - Parameter then: called once, perhaps before this returns; with nil if the session has ended before the end.
  func read(on connection: ZooKeeperConnection, then: @escaping (News?) -> Void) {
    guard !children.isBeingRead else { return }
    children.read(on: connection) { [unowned self] outcome in
      then(finding(by: outcome).map { News(finding: $0, complaint: backends.complaint(at: .now)) })
    }
  }

  private func finding(by outcome: ZooKeeperChildren.Outcome) -> TargetFinding? {
    switch outcome {
    case .read:
      backends.keep(only: children.names)
      return backends.finding
    case .missing:
      backends.keep(only: [])
      return .trouble("ZooKeeper has no such node yet")
    case .tooMany(let count):
      return .trouble("it has \(count) children, and \(RegisteredBackends.most) at most may be: those before stay")
    case .refused(let error): return .trouble("the server \(error)")
    case .lost: return nil
    }
  }
}
