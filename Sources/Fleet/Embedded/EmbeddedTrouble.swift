import Agreement

extension FleetNode {
  /// Why the log isn't live where the nodes agree by themselves, for people: a clause.
  func embeddedTrouble(at now: Moment) -> String? {
    guard let log = log.embedded, !log.isLive else { return nil }
    if log.isOutside { return outside(log) }
    if let programTrouble { return programTrouble }
    guard let members = log.members else { return log.founding.obstacle(at: now).map { text(of: $0) } }
    if let missing = missing(of: members, at: now) { return missing }
    return log.isReached ? "this node is behind" : "the nodes are about to find a leader"
  }

  /// Who isn't there, if too few are: those that can't be reached, and those that are there without what they knew.
  private func missing(of members: Members, at now: Moment) -> String? {
    var (lost, away, forgetful) = (NodeSet(), [String](), [String]())
    for seat in members.voting {
      guard let participant = members[seat], participant.node != plan.me else { continue }
      let peer = peers.all.first { $0.node == participant.node }
      let isThere = peers.isThere(participant.node, at: now)
      guard !isThere || peer?.status?.incarnation != participant.incarnation else { continue }
      lost.insert(seat)
      if isThere { forgetful.append(participant.node.text) } else { away.append(participant.node.text) }
    }
    guard !members.isMajority(without: lost) else { return nil }
    let parts = [
      away.isEmpty ? nil : "\(away.joined(separator: ", ")) can't be reached",
      forgetful.isEmpty ? nil : "the data folder of \(forgetful.joined(separator: ", ")) is another one than it was",
    ]
    return parts.compactMap(\.self).joined(separator: ", ")
      + ", so there's no majority: if what they knew is lost for good, `martlet fleet restore`"
  }

  /// Why a node has no seat among those who count.
  private func outside(_ log: EmbeddedLog) -> String {
    if log.isApart {
      return
        "the fleet was restored from another node as well, and goes on from that: empty this node's data folder, start it again, then `martlet fleet replace \(plan.me.text)` on a node that is of it"
    }
    if log.isOutlived {
      return
        "the fleet was restored without this node, and what is in its data folder counts no more: `martlet fleet replace \(plan.me.text)` on a node that is of it lets it in again"
    }
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
