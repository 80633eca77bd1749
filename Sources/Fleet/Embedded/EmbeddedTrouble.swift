import Agreement

extension FleetNode {
  /// Why the log isn't live where the nodes agree by themselves, for people: a clause.
  func embeddedTrouble(at now: Moment) -> String? {
    guard let log = log.embedded, !log.isLive else { return nil }
    if let obstacle = log.founding.obstacle(at: now) { return text(of: obstacle) }
    let away = peers.all.filter { !peers.isPresent($0.node, at: now) }.map(\.node.text)
    if away.count * 2 >= plan.nodes.count { return "\(away.joined(separator: ", ")) can't be reached" }
    return log.isReached ? "this node is behind" : "the nodes are about to find a leader"
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
