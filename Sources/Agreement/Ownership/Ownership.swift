/// What every way to agree about who owns a name has in common.
package enum Ownership {
  /// Why a name isn't this node's any more.
  package enum Cause: Equatable, Sendable {
    /// It couldn't be renewed in time.
    case lapsed
    /// Another node has it.
    case taken(by: NodeName?)
    /// It was given up.
    case released
  }

  /// Whether a node may own a name now.
  package enum Standing: Equatable, Sendable {
    /// It may; so much later than who comes first.
    case candidate(after: Span)
    /// It may not.
    case bystander
  }

  /// How things are between a node and a name.
  package enum Stance: Equatable, Sendable {
    /// Somebody else's, or nobody's.
    case watching
    /// It's this node's as all know it; it's until then, if that is still to come.
    case owning(until: Moment)
    /// What stands for it goes, then all come to know it.
    case releasing(heir: NodeName?, isDropped: Bool)
  }
}
