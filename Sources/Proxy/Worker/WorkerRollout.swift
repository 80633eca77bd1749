package import Sockets

/// A change of what a worker accepts from, together with the table that goes with it. Listening sockets that it doesn't
/// name go on as they are.
package struct WorkerRollout: Sendable {
  /// Tells rollouts apart.
  package var id: Int
  /// Sockets that the worker is to accept from once it's committed. Several may belong to one listener.
  package var opened: [ListeningSocket]
  /// Sockets to stop with: who has connected by then is served, then the worker lets go of them.
  package var withdrawn: [SharedSocket]
  /// Those of them that keep their ports: whoever holds them may want clients there again.
  package var resting: Set<SharedSocket>
  /// Sockets of listeners that have another name now. Their status is made by `ListenerStatus.renamed`.
  package var renamed: [ListeningSocket]
  /// The table to serve by.
  package var table: RoutingTable

  /// A change, from nothing to everything.
  package init(
    id: Int, opened: [ListeningSocket] = [], withdrawn: [SharedSocket] = [], resting: Set<SharedSocket> = [],
    renamed: [ListeningSocket] = [],
    table: RoutingTable
  ) {
    self.id = id
    self.opened = opened
    self.withdrawn = withdrawn
    self.resting = resting
    self.renamed = renamed
    self.table = table
  }
}
