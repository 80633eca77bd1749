import Agreement

extension World {
  func perform(_ deed: Story.Deed) {
    if tell != nil { say("-- \(deed)") }
    switch deed {
    case .crash(let node, let withHost):
      if nodes[node].fleet != nil { end(node, withHost: withHost) }
    case .start(let node, let wiped):
      guard nodes[node].fleet == nil else { return }
      if wiped, canLose(node) {
        nodes[node].isFounder = false
        nodes[node].disk = FleetMemory(incarnation: Incarnation(bits: chance.next()), run: 0)
        nodes[node].everReserved = []
      }
      begin(node)
    case .freeze(let node): if nodes[node].fleet != nil { nodes[node].isFrozen = true }
    case .freezeOwners(let span):
      for node in nodes.indices where nodes[node].fleet != nil && nodes[node].owned.contains(where: { $0 != nil }) {
        nodes[node].isFrozen = true
        queue.put(.thaw(node: node, life: nodes[node].life), at: now + span)
      }
    case .trap(let node, let trap): nodes[node].trap = trap
    case .handOver(let node):
      if nodes[node].fleet != nil, !nodes[node].isFrozen { handOver(node) }
    case .takeOver(let node):
      if nodes[node].fleet == nil { begin(node, inheriting: nodes[node].left) }
    case .thaw(let node): thaw(node)
    case .cut(let from, let to): cuts[from][to] = from != to
    case .mend(let from, let to): cuts[from][to] = false
    case .cutStore(let node): nodes[node].isStoreCut = true
    case .mendStore(let node): nodes[node].isStoreCut = false
    case .regroup(let node, let side): if mayTake(side, node) { nodes[node].side = side }
    case .program(let node, let known): nodes[node].known = known
    case .lease(let node, let term): nodes[node].lease = Lease(term: term)
    case .file(let node, let engine): nodes[node].file = engine
    case .storeAway: store.isUp = false
    case .storeBack:
      store.isUp = true
      goesAwayOnClaim = false
    case .storeAwayOnClaim: goesAwayOnClaim = true
    case .lag(let node, let span): nodes[node].lag = span
    case .depose(let node, let ago, let span): nodes[node].deposed = (now - ago, now + span)
    case .slow(let permille): slowness = permille
    case .dark: for node in nodes.indices where nodes[node].fleet != nil { end(node, withHost: true) }
    case .light: for node in nodes.indices where nodes[node].fleet == nil { begin(node) }
    case .disk(let node, let time): nodes[node].diskTime = time
    case .loseMost(let choice): loseMost(choice)
    case .strike(let blow, let span): strike(blow, for: span)
    case .ask(let node, let request):
      // A node's entries come one after the other: where disks are slow for good, what was asked for within a second takes half a minute.
      guard !story.keepsDisksSlow || answers.waiting(of: node, life: nodes[node].life).count < 8 else { break }
      ask(node, request)
    case .move(let node, let address, let heir):
      step(node, .move(address: address, to: Self.name(heir)))
    case .ability(let node, let address, let isAble):
      nodes[node].isAble[address] = isAble
      step(node, .ability(address: address, isAble: isAble))
    case .view(let node, let isBroken):
      nodes[node].isBroken = isBroken
      step(node, .view(nodes[node].view))
    }
  }

  func thaw(_ node: Int) {
    if nodes[node].trap == .sprung { nodes[node].isStoreCut = false }
    nodes[node].trap = nil
    guard nodes[node].isFrozen else { return }
    nodes[node].isFrozen = false
    let late = nodes[node].late
    nodes[node].late = []
    // All of it is there at once, in the order in which it came.
    for event in late { queue.put(event, at: now + 1_000) }
    nodes[node].wakesAt = .max
    step(node, .tick)
  }

  /// Mends all that is broken; from here on things have to get well.
  func heal() {
    isHealed = true
    slowness = 0
    store.isUp = true
    goesAwayOnClaim = false
    cuts = cuts.map { $0.map { _ in false } }
    let side = sideByNow
    absent = absentees()
    stuck = story.hangsDisks ? absent : []
    let left = absent.sorted().map { "n\($0)" }.joined(separator: ", ")
    let stays = stuck.isEmpty ? "stays away" : "has a disk that stores nothing more"
    say("-- everything is mended" + (absent.isEmpty ? "" : ", and \(left) \(stays)"))
    for node in absent.subtracting(stuck) where nodes[node].fleet != nil { end(node, withHost: true) }
    for node in nodes.indices {
      nodes[node].isStoreCut = false
      nodes[node].lag = 0
      nodes[node].deposed = nil
      nodes[node].diskTime = milliseconds(story.keepsDisksSlow ? 400 : 2)
      nodes[node].isBroken = false
      thaw(node)
      // After all that has waited for the thaw.
      let soon = now + milliseconds(2)
      for address in 0..<story.addresses {
        nodes[node].isAble[address] = true
        queue.put(.input(node: node, life: nodes[node].life, .ability(address: address, isAble: true)), at: soon)
      }
      queue.put(.input(node: node, life: nodes[node].life, .view(nodes[node].view)), at: soon)
      // The last ones are upgraded.
      nodes[node].known = .latest
      if let plan = nodes[node].fleet?.value.plan, plan.known < .latest { end(node, withHost: false) }
      // What runs by another file than the one that all have in the end begins anew, or not at all.
      nodes[node].side = side
      if !hasItsFile(node) { end(node, withHost: false) }
      nodes[node].file = story.last
      if nodes[node].begunWith != story.last, nodes[node].fleet != nil { end(node, withHost: false) }
      if nodes[node].fleet == nil { begin(node) }
    }
    // Another one is looked for while that node has all that there is, in memory alone.
    if !stuck.isEmpty, let leader {
      end(leader, withHost: false)
      begin(leader)
    }
  }

  /// Wants one rollout more, that has to come to an end.
  func wishLast() {
    lastToken = Story.bytes(of: .max)
    let asked = story.grouping.after.first { !absent.contains($0) } ?? 0
    var wish = FleetRequest.Wish(text: lastToken, digest: Digest(.max, 0, 0, 0), author: "the last one")
    if absent.isEmpty { wish.absence = .isRefusal }
    ask(asked, .rollout(wish))
  }

  /// Looks whether things got well.
  func judgeLiveness(final: Bool) {
    for index in story.grouping.after where !absent.contains(index) {
      let host = nodes[index]
      guard engine(of: index) == story.last else {
        return fail("all come over", "n\(index) goes by era \(host.disk.era.number)")
      }
      guard let fleet = host.fleet else { return fail("all nodes run", "n\(index) doesn't") }
      guard fleet.value.log.isLive(at: host.clock.local(now)) else {
        return fail("the log lives", "n\(index) knows it to \(fleet.value.log.delivered) of \(fleet.value.log.end)")
      }
      // Who can store nothing prepares nothing, and isn't away: it's waited for till the rollout's time is over.
      guard fleet.value.state.rollout == nil || !stuck.isEmpty else {
        return fail("rollouts end", "n\(index) sees \(fleet.value.state.rollout?.number ?? 0) under way")
      }
      let committed = fleet.value.state.committed
      if index == story.witness, final, stuck.isEmpty, committed.text != lastToken {
        return fail("a witness knows what is agreed on", "n\(index) has \(committed.origin)")
      }
      judgeState(of: index)
      if final, let number = answers.waiting(of: index, life: host.life).min() {
        return fail("who asks is told what became of it", "n\(index) has said nothing to \(number)")
      }
      guard index != story.witness else { continue }
      // Where all that was ever agreed on was lost nothing is in force: who serves what was goes on.
      if story.isRestored, !final, committed.generation == 0 { continue }
      guard fleet.value.rollouts.served == committed.origin, host.disk.stored.origin == committed.origin,
        host.disk.stored.text == committed.text
      else {
        return fail(
          "all serve what is in force", "n\(index) serves \(fleet.value.rollouts.served) of \(committed.origin)")
      }
      if final, fleet.value.state.member(Self.name(index))?.applied != committed.generation {
        return fail("all say what they serve", "n\(index) hasn't said that it serves \(committed.generation)")
      }
      if final, stuck.isEmpty, committed.text != lastToken {
        return fail(
          "a rollout is decided in time",
          "n\(index) has \(committed.origin), last: \(String(describing: fleet.value.state.last))")
      }
    }
    if final, story.changesMembers, absent.isEmpty {
      if let wrong = whoVotesWrongly { return fail("those vote whom the files name", wrong) }
      outcome.counts.regrouped += 1
    }
    if final, stuck.isEmpty { for table in tableNames.indices { judgeBackups(of: table) } }
    for address in 0..<story.addresses { judgeHolder(of: address) }
  }

  /// Each address has one holder; one that is moved at this very moment, a second later.
  func judgeHolder(of address: Int, isSecondLook: Bool = false) {
    guard nodes.contains(where: { $0.fleet.map { $0.value.state.committed.generation != 0 } ?? false }) else { return }
    let holders = nodes.indices.filter { nodes[$0].addresses[address] > now }
    guard holders.count != 1 else { return }
    if holders.isEmpty, !isSecondLook, isMoving(address) {
      looksAgain = true
      queue.put(.judgeHolder(address), at: now + grace)
    } else {
      fail("each address has an owner", "a\(address) is held by \(holders)")
    }
  }

  /// Whether an address was given up for another node a moment ago.
  func isMoving(_ address: Int) -> Bool {
    address < story.addresses && now - givenUpAt[address] < grace
  }

  /// For how long an address may be nobody's that is moved.
  var grace: Int64 { seconds(story.keepsDisksSlow ? 8 : 1) }
}
