import Agreement
import Model

extension FleetNode {
  /// How the fleet is as this node knows it, but for its addresses and what it sees of backends.
  func status(at now: Moment) -> FleetStatus {
    FleetStatus(
      me: plan.me,
      nodes: plan.nodes.map { node in
        let peer = peers.all.first { $0.node == node }
        if plan.witnesses.contains(node) { return witness(node, peer, at: now) }
        return FleetStatus.Node(
          name: node, isPresent: node == plan.me || peers.isPresent(node, at: now),
          generation: node == plan.me ? rollouts.stored.generation : peer?.status?.generation,
          position: node == plan.me ? log.delivered : peer?.status?.position,
          applied: node == plan.me ? applied : peer?.status?.applied, complaint: state.member(node)?.complaint,
          own: node == plan.me ? own : peer?.status?.own ?? .init(), voice: voice(of: node, peer?.status?.incarnation),
          known: state.form(of: node))
      },
      isLogLive: log.isLive(at: now), leader: log.embedded?.leader, position: log.delivered,
      end: log.end, generation: state.committed.generation,
      origin: state.committed.origin, digest: state.committed.digest, rollout: state.rollout, last: state.last,
      forms: forms)
  }

  /// A node that serves nobody has nothing but its place in the log.
  private func witness(_ node: NodeName, _ peer: Peers.Peer?, at now: Moment) -> FleetStatus.Node {
    FleetStatus.Node(
      name: node, isWitness: true, isPresent: node == plan.me || peers.isPresent(node, at: now),
      position: node == plan.me ? log.delivered : peer?.status?.position,
      voice: voice(of: node, peer?.status?.incarnation), known: state.form(of: node))
  }

  /// What the nodes' programs know, as they have said themselves, while that differs.
  private var forms: FleetStatus.Forms? {
    let said = Set(plan.nodes).union(state.counted).compactMap { state.member($0) }
    guard let lowest = said.map(\.form).min(), said.contains(where: { $0.form > lowest }) else { return nil }
    return FleetStatus.Forms(
      inUse: lowest, holders: said.filter { $0.form == lowest }.map(\.identity.node).sorted())
  }

  /// Why this node can't read on, if its program is too old, for people: a clause.
  var programTrouble: String? {
    log.needed.map { "form \($0.number) is in use, which this node's program doesn't know: upgrade it" }
  }

  /// What a node's word is worth, with the memory that it has; one that is away has the one that was counted last.
  private func voice(of node: NodeName, _ incarnation: Incarnation?) -> AdminAnswer.Fleet.Node.Voice? {
    guard let log = log.embedded else { return nil }
    guard let members = log.members, !log.isOutside || node != plan.me else { return AdminAnswer.Fleet.Node.Voice.none }
    let seats = members.seated.filter { seat in
      guard let participant = members[seat], participant.node == node else { return false }
      return node == plan.me || incarnation == nil || participant.incarnation == incarnation
    }
    // Until the former ones have gone the new ones aren't enough.
    let voters = members.former ?? members.voters
    if seats.contains(where: { voters.contains($0) }) { return .votes }
    return seats.isEmpty ? AdminAnswer.Fleet.Node.Voice.none : .learns
  }
}
