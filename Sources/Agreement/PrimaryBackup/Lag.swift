/// How far another node is with a table, as the table's primary knows it.
package struct Lag: Equatable, Sendable {
  /// Which node.
  package var node: NodeName
  /// How many of the primary's updates it hasn't said to have; nil as long as it lacks the whole table.
  package var updates: UInt64?

  /// With both.
  package init(_ node: NodeName, updates: UInt64?) {
    self.node = node
    self.updates = updates
  }
}

extension Replication {
  /// How far the other nodes are, in their order; empty if this node isn't the primary.
  package var lags: [Lag] {
    if case .primary(let primary) = role { primary.value.lags } else { [] }
  }
}
