package import Agreement

/// The links of a node to the others: what is said may be lost, and comes in the order in which it was said if it comes.
///
/// It belongs to one loop's thread, and never waits. Dropping it ends everything.
package protocol FleetLinks: AnyObject {
  /// Says something to another node, if there's a link to it.
  func send(_ message: FleetMessage, to node: NodeName)

  /// Called for each message of another node, whose name is proven.
  var onMessage: ((FleetMessage, NodeName) -> Void)? { get set }

  /// Called when nothing more comes from another node until it begins anew: its process has ended, or its link has broken.
  var onEnd: ((NodeName) -> Void)? { get set }
}
