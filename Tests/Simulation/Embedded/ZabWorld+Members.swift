import Agreement

/// Who counts, and how nodes come to know it.
extension ZabWorld {
  static func participant(_ node: Int, _ incarnation: UInt64) -> Participant {
    Participant(NodeName("n\(node)"), Incarnation(bits: incarnation))
  }

  /// The host of a node with that memory, if it's there still.
  private func host(of participant: Participant) -> Int? {
    hosts.firstIndex { $0.participant == participant }
  }

  /// The host at a seat, as a node sees it.
  func host(of seat: NodeNumber, for node: Int) -> Int? {
    hosts[node].zab?.participant(at: seat).flatMap { host(of: $0) }
  }

  /// The host that leads, as a node sees it.
  func leader(of node: Int) -> Int? {
    guard let leader = hosts[node].zab?.leader else { return nil }
    // Who leads may have no seat any more himself.
    return leader.node == hosts[node].zab?.me ? node : host(of: leader.node, for: node)
  }

  /// Begins with what is on the disk, if there are members of which the node is one.
  func takePart(_ node: Int, among members: Members) {
    let own = hosts[node].durable.history.members
    guard (own?.seat(of: hosts[node].participant) ?? members.seat(of: hosts[node].participant)) != nil else { return }
    hosts[node].zab = Running(
      Zab(
        hosts[node].participant, of: members, memory: hosts[node].durable, run: hosts[node].life, timing: timing,
        mutants: mutants))
    step(node, .wanted(voters))
    step(node, .tick)
  }

  func asks(_ node: Int) {
    queue.put(.ask(node: node, life: hosts[node].life), at: now + milliseconds(130))
  }

  /// Asks each other node in turn for its members, if it doesn't take part; so does who looks for a leader, as it may be none of them any more.
  func ask(_ node: Int) {
    guard hosts[node].zab?.value.isCounted != true else { return }
    let other = Int(now / milliseconds(130)) % hosts.count
    guard other != node, !cuts[node][other], !cuts[other][node], !hosts[other].isFrozen,
      let members = hosts[other].zab?.value.agreedMembers
    else { return }
    let seat = members.seat(of: hosts[node].participant)
    guard let zab = hosts[node].zab else {
      if seat != nil { takePart(node, among: members) }
      return
    }
    guard members.number > zab.value.members.number else { return }
    // It has a seat no more, or another one; or its own is among others that it doesn't know yet.
    if seat != zab.value.me { leave(node, for: members) } else { step(node, .heard(members)) }
  }

  /// Begins anew, as nobody knows it by the seat that it had.
  private func leave(_ node: Int, for members: Members) {
    say("n\(node) has no seat any more, or another one")
    end(node)
    hosts[node].synced = 0
    hosts[node].isSyncing = false
    hosts[node].isReady = false
    let memory = hosts[node].durable
    hosts[node].last = memory.history.last
    hosts[node].accepted = (memory.acceptedEpoch, memory.acceptedLeader)
    hosts[node].current = memory.currentEpoch
    if let wrong = judge.restore(node, memory.history.snapshot, memory.history.state) { fail(wrong) }
    takePart(node, among: members)
    asks(node)
  }

  // MARK: What is done

  /// Whether more than half of all are left whose word counts anywhere, once a node has lost its memory.
  private func canLose(_ node: Int) -> Bool {
    var all = hosts.compactMap { $0.zab?.value.members } + hosts.compactMap(\.durable.history.members)
    all.append(judge.latest ?? founders)
    let isLost = { (participant: Participant?) in
      participant.flatMap { self.host(of: $0) }.map { $0 == node } ?? true
    }
    for members in all {
      var lost = NodeSet()
      for seat in members.seated where isLost(members[seat]) { lost.insert(seat) }
      if !members.isMajority(without: lost) { return false }
    }
    return (hosts.compactMap { $0.zab?.value.wanted } + [voters]).allSatisfy { wanted in
      wanted.filter { !isLost($0) }.count * 2 > wanted.count
    }
  }

  func wipe(_ node: Int, for span: Int64) {
    guard hosts[node].isBorn, canLose(node) else { return }
    end(node)
    let before = hosts[node].participant
    hosts[node].participant = Self.participant(node, before.incarnation.bits + 1)
    hosts[node].durable = ZabMemory()
    judge.forget(node)
    begin(node)
    let after = hosts[node].participant
    if voters.contains(before) { queue.put(.replace(before, after), at: now + span) }
  }

  func replace(_ before: Participant, _ after: Participant) {
    // It may have lost that one as well meanwhile.
    guard let index = voters.firstIndex(of: before), host(of: after) != nil else { return }
    voters[index] = after
    tellWanted()
  }

  func admit(_ node: Int) {
    hosts[node].isBorn = true
    begin(node)
    guard !voters.contains(where: { $0.node == hosts[node].participant.node }) else { return }
    voters.append(hosts[node].participant)
    tellWanted()
  }

  func dismiss(_ node: Int) {
    let others = voters.filter { $0.node != hosts[node].participant.node }
    // Those who are left have to be more than those of them who have lost their memory.
    guard others.count > 1, others.filter({ host(of: $0) != nil }).count * 2 > others.count else { return }
    voters = others
    tellWanted()
  }

  func part(for span: Int64) {
    guard let leader = hosts.indices.first(where: { leader(of: $0) == $0 }) else { return }
    let here = hosts.indices.filter { voters.contains(hosts[$0].participant) && hosts[$0].zab != nil }
    guard here.contains(leader), let other = here.first(where: { $0 != leader }) else { return }
    voters = [hosts[leader].participant, hosts[other].participant]
    tellWanted()
    for one in [leader, other] {
      for another in hosts.indices where another != leader && another != other {
        for (from, to) in [(one, another), (another, one)] {
          perform(.cut(from: from, to: to))
          queue.put(.mending(.mend(from: from, to: to)), at: now + span)
        }
      }
    }
  }

  /// Some hear of it later, or not before they begin again.
  private func tellWanted() {
    say("-- \(voters.map(\.text)) shall vote")
    for node in hosts.indices where isHealed || !hosts[node].isFrozen && chance.permille(800) {
      step(node, .wanted(voters))
    }
  }

  func healMembers() {
    voters = voters.compactMap { wanted in hosts.first { $0.participant.node == wanted.node }?.participant }
    tellWanted()
  }

  /// Whether those count who shall.
  func judgeMembers() -> String? {
    let latest = judge.latest ?? founders
    let names = latest.voters.compactMap { latest[$0]?.text }.sorted()
    guard names == voters.map(\.text).sorted(), latest.former == nil else {
      return "Liveness: the members are \(latest.text), and \(voters.map(\.text)) shall vote"
    }
    return nil
  }
}
