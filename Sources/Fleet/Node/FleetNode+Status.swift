import Agreement

extension FleetNode {
  /// How the fleet is as this node knows it, but for its addresses and what it sees of backends.
  func status(at now: Moment) -> FleetStatus {
    FleetStatus(
      me: plan.me,
      nodes: plan.nodes.map { node in
        let peer = peers.all.first { $0.node == node }
        return FleetStatus.Node(
          name: node, isPresent: node == plan.me || peers.isPresent(node, at: now),
          generation: node == plan.me ? rollouts.stored.generation : peer?.status?.generation,
          position: node == plan.me ? log.delivered : peer?.status?.position,
          applied: node == plan.me ? applied : peer?.status?.applied, complaint: state.member(node)?.complaint,
          own: node == plan.me ? own : peer?.status?.own ?? .init())
      },
      isLogLive: log.isLive(at: now), leader: log.embedded?.leader.map { plan.nodes[Int($0)] }, position: log.delivered,
      end: log.end, generation: state.committed.generation,
      origin: state.committed.origin, digest: state.committed.digest, rollout: state.rollout, last: state.last)
  }
}
