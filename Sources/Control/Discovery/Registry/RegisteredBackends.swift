import Config
import Stores

/// What the children of a node of ZooKeeper say of backends, each by its last word that could be read. Pure.
struct RegisteredBackends {
  /// The most backends of one node.
  static let most = TargetFile.most

  private var children: [String: Child] = [:]
  /// What is wrong with children that nobody has been told of yet.
  private var untold: [(name: String, problem: String)] = []

  private struct Child {
    /// Where its backend is; nil if it takes no sessions, or never said.
    var endpoint: Endpoint?
    /// Why it can't be read now.
    var problem: String?
  }

  /// Whether a child is about a backend, by its name. Serversets keep weights in some of their own.
  static func isBackend(_ name: String) -> Bool { !name.hasPrefix("vector_") }

  /// Takes what a child says, or what the server says instead. Who can't be read is left as it was: a member that is rewritten by mistake is
  /// still there, as one is that is gone from a list that can't be read.
  mutating func take(_ answer: Result<[UInt8], ZooKeeperError>, of name: String) {
    let member: RegisteredMember =
      switch answer {
      case .success(let bytes): RegisteredMember(bytes)
      case .failure(let error): .unreadable("isn't shown: the server \(error)")
      }
    switch member {
    case .backend(let endpoint): children[name] = Child(endpoint: endpoint)
    case .away: children[name] = Child()
    case .unreadable(let problem):
      if children[name]?.problem != problem { untold.append((name, problem)) }
      children[name, default: Child()].problem = problem
    }
  }

  /// Forgets all others.
  mutating func keep(only names: Set<String>) {
    children = children.filter { names.contains($0.key) }
  }

  /// What is wrong with children, if that has just begun: a clause for the first of them.
  mutating func complaint() -> String? {
    defer { untold = [] }
    guard !untold.isEmpty else { return nil }
    let first = untold.sorted { $0.name < $1.name }.prefix(4).map { untold in
      "\(untold.name.shortened) \(untold.problem)" + (children[untold.name]?.endpoint == nil ? "" : ", and stays as it was")
    }
    return first.joined(separator: "; ") + (untold.count > 4 ? "; and \(untold.count - 4) more" : "")
  }

  /// All of them, each place once.
  var finding: TargetFinding {
    var known: Set<Endpoint> = []
    let targets = children.sorted { $0.key < $1.key }.compactMap { _, child in
      child.endpoint.flatMap { known.insert($0).inserted ? Target($0) : nil }
    }
    guard targets.isEmpty else { return .targets(targets) }
    return .trouble(
      children.isEmpty
        ? "it has no children: those before stay"
        : "none of its children is a backend that takes sessions: those before stay")
  }
}

extension String {
  /// The text for a line of people's.
  fileprivate var shortened: String { String(printable.prefix(60)) }
}
