/// What came of exploring a model.
package struct Report {
  /// How many states there are, as far as it went.
  package var states = 0
  /// How often something happened in one of them.
  package var steps = 0
  /// How many things happened one after the other to come to the last one.
  package var depth = 0
  /// Whether nothing is left.
  package var isComplete = false
  /// How many different nodes, inboxes and worlds all of them are made of.
  package var parts = (nodes: 0, inboxes: 0, worlds: 0)
  /// What is wrong, if anything.
  package var finding: Finding?

  /// What is wrong, and the shortest way there.
  package struct Finding: CustomStringConvertible {
    /// Which promise is broken, and how.
    package var what: String
    /// What happens until then, in words.
    package var path: [String]

    /// Line by line.
    package var description: String {
      path.enumerated().map { "\($0 + 1). \($1)\n" }.joined() + what
    }
  }
}

extension Report: CustomStringConvertible {
  /// In a line.
  package var description: String {
    let end = finding != nil ? "wrong" : isComplete ? "complete" : "not complete"
    return "\(states) states, \(steps) steps, depth \(depth), \(end); "
      + "\(parts.nodes) nodes, \(parts.inboxes) inboxes, \(parts.worlds) worlds"
  }
}
