import Agreement

/// Who votes, as the log has it, which isn't played here: one change after another, each of which nodes hear of sooner or later, and none is
/// made before enough have the one before it.
extension PaxosWorld {
  func seat(of host: Int, asSeenBy node: Int) -> NodeNumber? {
    hosts[node].members.seat(of: ZabWorld.participant(host, 1))
  }

  func host(at seat: NodeNumber, asSeenBy node: Int) -> Int? {
    let participant = hosts[node].members[seat]
    return hosts.indices.first { ZabWorld.participant($0, 1) == participant }
  }

  /// Makes the next change, if there's one to be made; `Zab.mindMembers` does the same with a real log.
  func mindMembers() {
    let last = members.count - 1
    let current = members[last]
    var having = NodeSet()
    for node in hosts.indices where hosts[node].changes >= last {
      if let seat = current.seat(of: ZabWorld.participant(node, 1)) { having.insert(seat) }
    }
    guard current.isMajority(having) else { return }
    guard current.former == nil else {
      // By whichever clock the leader has.
      let clock = hosts[chance.below(hosts.count)].clock
      return queue.put(
        .quiet(changes: last), at: clock.true(clock.local(now) + Lease.quiet(after: [longest], mutants)))
    }
    guard let wanted else { return }
    let participants = wanted.map { ZabWorld.participant($0, 1) }
    if participants.contains(where: { current.seat(of: $0) == nil }) {
      if let next = current.seating(participants) { change(to: next) }
      return
    }
    self.wanted = nil
    var others = NodeSet()
    for participant in participants { if let seat = current.seat(of: participant) { others.insert(seat) } }
    if others != current.voters { change(to: current.joining(others)) }
  }

  /// Those before the last change have been asked for long enough.
  func settle(_ changes: Int) {
    guard changes == members.count - 1, members[changes].former != nil else { return }
    change(to: members[changes].settled())
  }

  private func change(to next: Members) {
    say("-- the log: \(text(next))")
    members.append(next)
    spread(members.count - 1)
  }

  /// Everybody gets it into its log, some much later.
  func spread(_ changes: Int) {
    guard changes > 0 else { return }
    for node in hosts.indices {
      let isSoon = isHealed || chance.permille(700)
      let delay = isSoon ? chance.within(100_000...milliseconds(50)) : chance.within(0...seconds(8))
      queue.put(.seats(node: node, changes: changes), at: now + delay)
    }
  }

  /// It has it in its log, with all before it.
  func take(_ changes: Int, at node: Int) {
    guard hosts[node].changes < changes else { return }
    guard hosts[node].isRunning else {
      return queue.put(.seats(node: node, changes: changes), at: now + milliseconds(100))
    }
    hosts[node].changes = changes
    say("n\(node) knows of \(text(members[changes]))")
    if let seat = members[changes].seat(of: ZabWorld.participant(node, 1)) {
      hosts[node].members = members[changes]
      if hosts[node].owner == nil { self.seat(node) } else { step(node, .members(members[changes], me: seat)) }
    }
    stand(node)
    mindMembers()
  }

  private func text(_ members: Members) -> String {
    func names(_ seats: NodeSet) -> String {
      seats.map { members[$0]?.node.text ?? "-" }.joined(separator: " ")
    }
    return "\(members.number): \(names(members.voters))" + (members.former.map { " beside \(names($0))" } ?? "")
  }
}
