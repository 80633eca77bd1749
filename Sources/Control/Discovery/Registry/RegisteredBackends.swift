import Config
import Stores

/// What the children of a node of ZooKeeper say of backends, each by its last word that could be read. Pure.
struct RegisteredBackends {
  /// The most children of one node.
  static let most = TargetFile.most

  private var children: [String: Child] = [:]
  /// What is wrong with children that nobody has been told of yet.
  private var untold: [(name: String, problem: String)] = []

  private struct Child {
    /// What it says; nil if it has never said anything.
    var word: Word?
    /// Why it can't be read now.
    var problem: String?
  }

  private enum Word {
    case member(RegisteredMember)
    case weights(RegisteredWeights)
  }

  /// Takes what a child says, or what the server says instead. Who can't be read is left as it was: one that writes nonsense is still
  /// there.
  mutating func take(_ answer: Result<[UInt8], ZooKeeperError>, of name: String) {
    switch Self.word(answer, of: name) {
    case .success(let word): children[name] = Child(word: word)
    case .failure(let unreadable):
      if children[name]?.problem != unreadable.problem { untold.append((name, unreadable.problem)) }
      children[name, default: Child()].problem = unreadable.problem
    }
  }

  private struct Unreadable: Error {
    let problem: String
  }

  private static func word(
    _ answer: Result<[UInt8], ZooKeeperError>, of name: String
  ) -> Result<Word, Unreadable> {
    switch answer {
    case .failure(let error): return .failure(Unreadable(problem: "isn't shown: the server \(error)"))
    case .success(let bytes) where name.hasPrefix(RegisteredWeights.prefix):
      do throws(RegisteredWeights.Unreadable) {
        return .success(.weights(try RegisteredWeights(bytes)))
      } catch {
        return .failure(Unreadable(problem: error.problem))
      }
    case .success(let bytes):
      let member = RegisteredMember(bytes)
      if case .unreadable(let problem) = member { return .failure(Unreadable(problem: problem)) }
      return .success(.member(member))
    }
  }

  /// Forgets all others.
  mutating func keep(only names: Set<String>) {
    children = children.filter { names.contains($0.key) }
  }

  /// What is wrong with children, if that has just begun: a clause for each of the first of them.
  mutating func complaint() -> String? {
    defer { untold = [] }
    guard !untold.isEmpty else { return nil }
    let first = untold.sorted { $0.name < $1.name }.prefix(4).map { name, problem in
      "\(name.shortened) \(problem.printable)" + (children[name]?.word == nil ? "" : ", and stays as it was")
    }
    return first.joined(separator: "; ") + (untold.count > 4 ? "; and \(untold.count - 4) more" : "")
  }

  /// All of them, each place once.
  var finding: TargetFinding {
    guard !children.isEmpty else { return .trouble("it has no children: those before stay") }
    let vectors = children.values.compactMap { child in
      if case .weights(let weights) = child.word { weights } else { nil }
    }
    var known: Set<Endpoint> = []
    let members = children.sorted { $0.key < $1.key }.compactMap { name, child -> (Endpoint, share: Double)? in
      guard case .member(.backend(let endpoint, let shard)) = child.word, known.insert(endpoint).inserted else {
        return nil
      }
      return (endpoint, vectors.reduce(1) { min($0 * $1.factor(of: name, endpoint, shard: shard), 1e12) })
    }
    let most = members.map(\.share).max() ?? 0
    guard most > 0 else {
      return .trouble("none of its children is a backend that takes sessions: those before stay")
    }
    let areAlike = members.allSatisfy { $0.share == 1 }
    return .targets(
      members.map { endpoint, share in Target(endpoint, weight: areAlike ? nil : Self.weight(share, of: most)) })
  }

  /// A share as one of our weights, of which the largest is 100. A small one still is one.
  private static func weight(_ share: Double, of most: Double) -> Int {
    share > 0 ? max(1, Int((share / most * 100).rounded())) : 0
  }
}

extension String {
  /// The text for a line of people's.
  fileprivate var shortened: String { String(printable.prefix(60)) }
}
