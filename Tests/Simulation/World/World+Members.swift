import Agreement

/// Who counts where the nodes agree by themselves.
extension World {
  /// A node with the memory that it has now.
  private func participant(_ node: Int) -> Participant { Participant(Self.name(node), nodes[node].disk.incarnation) }

  /// The seat of a node, as another one sees it: the last one that it has spoken from; one that nobody has, if it has none.
  func seat(of node: Int, by other: Int) -> NodeNumber {
    guard let zab = nodes[other].fleet?.value.log.embedded?.zab?.value else { return NodeNumber(Members.limit) }
    let leader = zab.memory.acceptedLeader
    if let leader, zab.participant(at: leader)?.node == Self.name(node) { return leader }
    return
      (0..<NodeNumber(Members.limit)).last { zab.participant(at: $0)?.node == Self.name(node) }
      ?? NodeNumber(Members.limit)
  }

  /// Those who counted last for sure; nil before the founding.
  var latestMembers: Members? {
    nodes.compactMap { $0.fleet?.value.log.embedded?.zab?.value.agreedMembers }.max {
      ($0.lineage, $0.number) < ($1.lineage, $1.number)
    }
  }

  /// Whether a node's word counts, among these.
  func isVoter(_ node: Int, among members: Members?) -> Bool {
    guard let members, let seat = members.seat(of: participant(node)) else { return false }
    return members.voters.contains(seat)
  }

  /// Whether a node votes, as far as it knows itself.
  func hasVoice(_ node: Int) -> Bool {
    guard let log = nodes[node].fleet?.value.log.embedded else { return true }
    return log.members.flatMap { members in log.seat.map { members.voters.contains($0) } } ?? false
  }

  /// All who count, or did, as far as anybody knows.
  var knownMembers: [Members] {
    nodes.compactMap { $0.fleet?.value.log.embedded?.members } + nodes.compactMap(\.disk.embedded.log.history.members)
      + [latestMembers].compactMap(\.self)
  }

  /// Whether a node may lose its disk. Where the nodes agree by themselves more than half of all are to be left who count, or may soon.
  func canLose(_ node: Int) -> Bool {
    // A node without memory knows of no engine but the one that its file names.
    if story.changesEngine { return false }
    guard story.engine == .embedded else { return true }
    return !isAlone(node) && !isMajorityLost && canGoOn(without: [node])
  }

  /// Whether more than half of all are left who count, or may soon, if some nodes aren't there.
  func canGoOn(without missing: Set<Int>) -> Bool {
    let isLost = { (participant: Participant?) in
      guard let participant else { return true }
      let index = self.index(of: participant.node)
      return missing.contains(index) || self.nodes[index].disk.incarnation != participant.incarnation
    }
    guard latestMembers != nil, nodes.indices.allSatisfy({ !isUnfounded($0) }) else { return false }
    // Who is down may be the only one of the last lineage.
    let known = knownMembers
    let last = known.map(\.lineage).max()
    for members in known where members.lineage == last {
      var lost = NodeSet()
      for seat in members.seated where isLost(members[seat]) { lost.insert(seat) }
      if !members.isMajority(without: lost) { return false }
    }
    return nodes.compactMap { $0.fleet?.value.log.embedded?.zab?.value.wanted }.allSatisfy { wanted in
      wanted.filter { !isLost($0) }.count * 2 > wanted.count
    }
  }

  /// Whether a node of the first hour doesn't know for sure yet that the others are there.
  func isUnfounded(_ node: Int) -> Bool {
    guard nodes[node].isFounder else { return false }
    if case .founded = nodes[node].disk.embedded.standing { return false }
    return nodes[node].disk.embedded.log.history.members == nil
  }

  /// Whether a node's word in the log counts, as far as it knows itself; as long as it doesn't, it says that somebody else is to be asked.
  private func isHeard(_ node: Int) -> Bool {
    guard let state = nodes[node].fleet?.value.state else { return true }
    if let member = state.member(Self.name(node)) { return member.identity == participant(node) }
    // What it says first comes to nothing where it isn't to vote.
    return state.voters?.all.contains(participant(node)) ?? true
  }

  /// Lets those vote who don't, as somebody would who looks at what all say of themselves.
  func seatAll() {
    if story.isRestored { emptyThoseApart() }
    if story.changesMembers { giveFiles() }
    // One whom the others listen to.
    let members = latestMembers
    let asked = nodes.indices.first { isVoter($0, among: members) && isHeard($0) && !absent.contains($0) }
    guard story.engine == .embedded || story.changesEngine, let asked else { return }
    // One who is to vote no more does so for a while.
    let wanted = nodes[asked].fleet?.value.state.voters?.all
    let there = story.grouping.after.filter { !absent.contains($0) }
    let others = there.filter {
      !isVoter($0, among: members) || wanted?.contains(participant($0)) == false
    }
    let leaving = sideByNow == .before ? story.grouping.leaving.first { isWanted($0) } : nil
    // Others wait for who is to vote, and this one doesn't come.
    let missing = absent.sorted().first { isWanted($0) && !isVoter($0, among: members) }
    let request: FleetRequest
    if let missing, others.isEmpty || requests % 2 == 0 {
      request = .unseat(Self.name(missing))
    } else if !others.isEmpty {
      request = .seat(Self.name(others[Int(requests + 1) % others.count]))
    } else if let leaving {
      request = .unseat(Self.name(leaving))
    } else {
      return
    }
    ask(asked, request)
  }
}
