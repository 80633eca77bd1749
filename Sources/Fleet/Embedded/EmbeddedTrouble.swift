import Agreement

extension FleetNode {
  /// Why the log isn't live where the nodes agree by themselves, for people: a clause.
  func embeddedTrouble(at now: Moment) -> String? {
    guard let log = log.embedded, !log.isLive else { return nil }
    if log.isOutside { return outside(log) }
    guard let members = log.members else { return log.founding.obstacle(at: now).map { text(of: $0) } }
    let away = members.voting.filter { seat in
      members[seat].map { $0.node != plan.me && !peers.isPresent($0.node, at: now) } ?? false
    }
    var lost = NodeSet()
    for seat in away { lost.insert(seat) }
    let names = away.compactMap { members[$0]?.node.text }
    if !members.isMajority(without: lost) { return "\(names.joined(separator: ", ")) can't be reached" }
    return log.isReached ? "this node is behind" : "the nodes are about to find a leader"
  }

  /// Why a node has no seat among those who count.
  private func outside(_ log: EmbeddedLog) -> String {
    let remedy = "`martlet fleet replace \(plan.me.text)` on one of them lets it"
    return switch log.founding.standing {
    case .new: "the others know this node by a data folder that is lost, or not at all, and go on without it: \(remedy)"
    case .agreed, .founded: "the others let this node vote no more: \(remedy)"
    }
  }

  private func text(of obstacle: Founding.Obstacle) -> String {
    func name(_ node: NodeNumber) -> String { plan.nodes[Int(node)].text }
    return switch obstacle {
    case .away(let node): "\(name(node)) isn't there, and all nodes have to be once, to know each other"
    case .otherNodes(let node): "the file of \(name(node)) names other nodes: give all the same one"
    case .otherThanAgreed:
      "this node has agreed among other nodes than the file names: use the file that it had, or empty the data folder of each node"
    case .lost(let node):
      "\(name(node)) has lost its data folder before all nodes knew each other: empty that of each node, and start them again"
    case .forgotten: "the others know this node by a data folder that is lost"
    }
  }
}
