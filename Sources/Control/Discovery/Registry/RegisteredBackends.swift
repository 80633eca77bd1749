import Balancing
import Config
import Stores

/// What the children of a node of ZooKeeper say of backends, each by its last word that could be read. Pure: the time is passed in.
struct RegisteredBackends {
  /// The most children of one node.
  static let most = TargetFile.most
  /// The most vectors among them: each is asked about each member.
  static let mostVectors = 16
  /// How seldom people are told of children, however often those change.
  private static let shortestSilence = Duration.seconds(60)

  private var children: [String: Child] = [:]
  /// What is wrong with children that nobody has been told of yet, by their names.
  private var untold: [String: String] = [:]
  private var toldAt: Instant?

  private struct Child {
    /// The transaction by which it was made.
    let made: Int64?
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
  /// there. One that was made anew isn't the one that was there before.
  mutating func take(_ answer: Result<ZooKeeperChildren.Child, ZooKeeperError>, of name: String) {
    let made = (try? answer.get())?.made ?? children[name]?.made
    var child = children[name].flatMap { $0.made == made ? $0 : nil } ?? Child(made: made)
    switch Self.word(answer, of: name) {
    case .success(let word):
      (child.word, child.problem) = (word, nil)
      untold[name] = nil
    case .failure(let unreadable):
      if child.problem != unreadable.problem { untold[name] = unreadable.problem }
      child.problem = unreadable.problem
    }
    children[name] = child
  }

  private struct Unreadable: Error {
    let problem: String
  }

  private static func word(
    _ answer: Result<ZooKeeperChildren.Child, ZooKeeperError>, of name: String
  ) -> Result<Word, Unreadable> {
    switch answer {
    case .failure(let error): return .failure(Unreadable(problem: "isn't shown: the server \(error)"))
    case .success(let child) where name.hasPrefix(RegisteredWeights.prefix):
      do throws(RegisteredWeights.Unreadable) {
        return .success(.weights(try RegisteredWeights(child.bytes)))
      } catch {
        return .failure(Unreadable(problem: error.problem))
      }
    case .success(let child):
      let member = RegisteredMember(child.bytes)
      if case .unreadable(let problem) = member { return .failure(Unreadable(problem: problem)) }
      return .success(.member(member))
    }
  }

  /// Forgets all others.
  mutating func keep(only names: Set<String>) {
    children = children.filter { names.contains($0.key) }
    untold = untold.filter { names.contains($0.key) }
  }

  /// What is wrong with children, if that has begun since this was asked last: a clause for each of the first of them. At most once a
  /// minute; what begins in between is told then, if it's still so.
  mutating func complaint(at now: Instant) -> String? {
    guard !untold.isEmpty, toldAt.map({ now - $0 >= Self.shortestSilence }) ?? true else { return nil }
    toldAt = now
    defer { untold = [:] }
    let first = untold.sorted { $0.key < $1.key }.prefix(4).map { name, problem in
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
    guard vectors.count <= Self.mostVectors else {
      return .trouble("it has \(vectors.count) vectors, and \(Self.mostVectors) at most may be: those before stay")
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
    let areAlike = members.allSatisfy { $0.share == most }
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
