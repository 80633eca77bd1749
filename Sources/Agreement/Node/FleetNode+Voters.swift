/// Who votes where the nodes agree by themselves, as people want it.
extension FleetNode {
  /// Those who shall vote: as was said last, or those who do.
  private var wantedVoters: [Participant]? {
    if let voters = state.voters { return voters.all }
    guard let members = log.embedded?.members else { return nil }
    return members.voters.compactMap { members[$0] }
  }

  /// A node shall vote, with the memory that it has now.
  func seat(_ node: NodeName, at now: Moment) -> Result<Entry.Event, Refusal> {
    guard let voters = wantedVoters else { return refusal("the nodes don't agree by themselves") }
    let peer = peers.all.first { $0.node == node && peers.isPresent($0, at: now) }
    guard let incarnation = node == plan.me ? me.incarnation : peer?.status?.incarnation else {
      return .failure(Refusal(answer: .nodesAway([node])))
    }
    let participant = Participant(node, incarnation)
    guard !voters.contains(participant) else { return refusal("\(node.text) votes already") }
    return event(voters.filter { $0.node != node } + [participant])
  }

  /// A node shall vote no more.
  func unseat(_ node: NodeName) -> Result<Entry.Event, Refusal> {
    guard let voters = wantedVoters else { return refusal("the nodes don't agree by themselves") }
    let others = voters.filter { $0.node != node }
    guard others.count < voters.count else { return refusal("\(node.text) doesn't vote") }
    guard !others.isEmpty else { return refusal("nobody else would vote") }
    return event(others)
  }

  private func event(_ voters: [Participant]) -> Result<Entry.Event, Refusal> {
    guard voters.count <= Members.most else { return refusal("\(Members.most) vote already") }
    return .success(.voters(voters.sorted { $0.node < $1.node }, after: state.voters?.number ?? 0))
  }

  private func refusal(_ why: String) -> Result<Entry.Event, Refusal> {
    .failure(Refusal(answer: .pointless(why)))
  }

  /// Tells the log who shall vote, once that is known and when it changes.
  mutating func tellVoters(at now: Moment, into effects: inout [Effect]) {
    guard state.voters?.number != toldVoters, let voters = state.voters, case .embedded(let log) = log,
      log.value.membersID != nil
    else { return }
    toldVoters = voters.number
    stepEmbeddedLog(.wanted(voters.all), at: now, into: &effects)
  }

  /// Whether this node votes, so that it may own something.
  @inline(__always)
  package var isVoter: Bool { if case .embedded(let log) = log { log.value.isVoter } else { true } }
}
