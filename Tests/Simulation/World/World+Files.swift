import Agreement

/// Which nodes a fleet's files name, and what people do when they change them.
extension World {
  /// Whether a node's file names it alone: without memory it would be a fleet of its own.
  func isAlone(_ node: Int) -> Bool { story.grouping.nodes(nodes[node].side) == [node] }

  /// Whether a node may begin with one of the files. The first start needs all whom the first one names; and who has lost its memory is let in again
  /// before it's named alone.
  func mayTake(_ side: Grouping.Side, _ node: Int) -> Bool {
    guard story.changesMembers else { return true }
    return !knownMembers.isEmpty
      && (story.grouping.nodes(side) != [node] || nodes[node].disk.embedded.log.history.members != nil)
  }

  /// The file that all are to have by now: where the nodes agree by themselves those who leave are voted out before, and the first start needs all
  /// whom the first file names.
  var sideByNow: Grouping.Side {
    guard story.changesMembers else { return .after }
    guard !knownMembers.isEmpty else { return .before }
    return story.grouping.leaving.allSatisfy { isVotedOut($0) } ? .after : .before
  }

  /// Whether a node votes no more, and isn't to.
  func isVotedOut(_ node: Int) -> Bool {
    guard let latest = latestMembers, !isWanted(node) else { return false }
    return !latest.voting.contains { latest[$0]?.node == Self.name(node) }
  }

  /// Whether a node is to vote, by what was said last; if nothing was, whether it does.
  func isWanted(_ node: Int) -> Bool {
    let wanted = nodes.compactMap { $0.fleet?.value.state.voters }.max { $0.number < $1.number }?.all
    let all = wanted ?? latestMembers.map { latest in latest.voters.compactMap { latest[$0] } }
    return all?.contains { $0.node == Self.name(node) } ?? true
  }

  /// Whether what runs on a node, if anything does, goes by the nodes that its file names now.
  func hasItsFile(_ node: Int) -> Bool {
    guard let plan = nodes[node].fleet?.value.plan else { return true }
    return plan.nodes == story.grouping.nodes(nodes[node].side).map(Self.name)
  }

  /// Who doesn't vote though all files name him, or does though none names him; nil if there's nobody.
  var whoVotesWrongly: String? {
    let members = latestMembers
    let silent = story.grouping.after.first { !isVoter($0, among: members) }.map { "n\($0) has no voice" }
    return silent ?? story.grouping.leaving.first { !isVotedOut($0) }.map { "n\($0) votes still" }
  }

  /// Some who may be away for good, as the others are more than half of all who count, or may soon, and of those whom the second file names. Nobody who
  /// is to vote and doesn't yet: nobody goes before all have come.
  func absentees() -> Set<Int> {
    var away: Set<Int> = []
    guard story.changesMembers ? chance.permille(500) : story.leavesSomeAway else { return away }
    let members = latestMembers
    for _ in nodes.indices {
      let node = chance.below(nodes.count)
      guard isVoter(node, among: members) || !isWanted(node) else { continue }
      let gone = away.union([node])
      let left = story.grouping.after.count { !gone.contains($0) }
      if left * 2 > story.grouping.after.count, canGoOn(without: gone) { away = gone }
    }
    return away
  }

  /// Gives all the file that they are to have by now; and whoever leaves ends as soon as it's voted out.
  func giveFiles() {
    let side = sideByNow
    for node in nodes.indices {
      let its = story.grouping.leaving.contains(node) && isVotedOut(node) ? .after : side
      guard nodes[node].side != its else { continue }
      nodes[node].side = its
      if !hasItsFile(node) { end(node, withHost: false) }
      if nodes[node].fleet == nil { begin(node) }
    }
  }
}
