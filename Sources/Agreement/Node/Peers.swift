/// What a node knows of the others by what they say themselves. It decides who goes first and who takes part, never what is safe.
package struct Peers {
  /// What is known of one.
  package struct Peer: Sendable {
    /// Which one.
    package var node: NodeName
    /// What it said last.
    package var status: NodeStatus?
    /// When.
    package var heardAt: Moment?
    /// Whether it has ended since, as far as its link tells: nobody need let it go first.
    package var hasEnded = false
    /// What it said last of its engine, and when.
    package var word: (said: FleetNode.EraWord, at: Moment)?
  }

  /// How often a node says how it is.
  package static let beat = Span.milliseconds(250)
  /// After how much silence a node is taken for away.
  package static let patience = Span.seconds(1)

  /// The others, in the order of their names.
  package private(set) var all: [Peer]
  var speaksAt = Moment.start

  init(_ nodes: [NodeName]) {
    all = nodes.map { Peer(node: $0) }
  }

  /// Whether a node was heard a short while ago.
  package func isPresent(_ node: NodeName, at now: Moment) -> Bool {
    all.contains { $0.node == node && isPresent($0, at: now) }
  }

  /// Whether a node was, and hasn't ended since as far as its link tells.
  package func isThere(_ node: NodeName, at now: Moment) -> Bool {
    all.indices.contains { all[$0].node == node && isThere(at: $0, now) }
  }

  /// The same of one by its place among all: it's asked for in each step, so they aren't handed about, as they're large.
  func isThere(at place: Int, _ now: Moment) -> Bool {
    isPresent(at: place, now) && !all[place].hasEnded
  }

  func isPresent(_ peer: Peer, at now: Moment) -> Bool {
    guard let heardAt = peer.heardAt else { return false }
    return now - heardAt <= Self.patience
  }

  /// The same of one by its place among all.
  @inline(__always)
  func isPresent(at place: Int, _ now: Moment) -> Bool {
    guard let heardAt = all[place].heardAt else { return false }
    return now - heardAt <= Self.patience
  }

  mutating func hear(_ status: NodeStatus, of node: NodeName, at now: Moment) {
    guard let index = all.firstIndex(where: { $0.node == node }) else { return }
    all[index].status = status
    all[index].heardAt = now
    all[index].hasEnded = false
  }

  mutating func note(_ word: FleetNode.EraWord, of node: NodeName, at now: Moment) {
    guard let index = all.firstIndex(where: { $0.node == node }) else { return }
    all[index].word = (word, now)
  }

  mutating func end(_ node: NodeName) {
    guard let index = all.firstIndex(where: { $0.node == node }) else { return }
    all[index].hasEnded = true
    // Its next process may have another file, or another program.
    all[index].word = nil
  }
}

extension FleetNode {
  mutating func take(_ message: FleetMessage, of node: NodeName, at now: Moment, into effects: inout [Effect]) {
    switch message {
    case .status(let status):
      peers.hear(status, of: node, at: now)
      if let term = status.term { log.note(term) }
    case .mayGoOn(let request):
      if let index = owners.firstIndex(where: { $0.name == request.name }) {
        stepStoreOwner(index, .asked(request, by: node), at: now, into: &effects)
      } else {
        let answer = GrantAnswer(name: request.name, round: request.round, refusal: .unknownName)
        effects.append(.send(.leave(answer), to: node))
      }
    case .leave(let answer):
      if let index = owners.firstIndex(where: { $0.name == answer.name }) {
        stepStoreOwner(index, .answered(answer, by: node), at: now, into: &effects)
      }
    case .handOn(let name, let generation, let heir):
      guard let index = owners.firstIndex(where: { $0.name == name }), owners[index].generation == generation else {
        return
      }
      stepOwner(index, .release(heir: heir), at: now, into: &effects)
    case .table(let name, let message):
      guard let index = tableNames.firstIndex(of: name) else { return }
      stepTable(index, .message(message, from: node), at: now, into: &effects)
    case .embedded(let message): take(message, of: node, at: now, into: &effects)
    case .era(let word): take(word, of: node, at: now, into: &effects)
    case .ended(let state): take(end: state, into: &effects)
    case .down, .plan, .planned: break
    }
  }

  /// Whether this node may own an address: it serves what is in force, could put it, and isn't cut off.
  package func mayOwn(_ index: Int, at now: Moment) -> Bool {
    isAble[index] && !isolation.isIsolated && couldOwn
  }

  /// Whether it may own addresses that it could put, though it may be cut off from its backends.
  @inline(__always)
  private var couldOwn: Bool {
    isInformed && state.committed.generation > 0 && rollouts.served == state.committed.origin
      && (!plan.isWitness || mutants.have(.witnessServes)) && isVoter && !isBehindForGood && hasJoined
  }

  /// The nodes that are present and may own an address, those first that should rather have it.
  package func candidates(for index: Int, at now: Moment) -> [NodeName] {
    let prefer = plan.addresses[index].prefer
    return plan.servers.filter { node in
      node == plan.me ? mayOwn(index, at: now) : mayOwn(index, node, at: now)
    }.sorted { (prefer.firstIndex(of: $0) ?? prefer.count, $0) < (prefer.firstIndex(of: $1) ?? prefer.count, $1) }
  }

  /// Whether another node is present and says that it may own an address.
  private func mayOwn(_ index: Int, _ node: NodeName, at now: Moment) -> Bool {
    peers.all.indices.contains { peers.all[$0].node == node && mayOwn(index, peer: $0, at: now) }
  }

  /// Whether a peer, by its place among all, is there and says that it may own an address.
  @inline(__always)
  func mayOwn(_ index: Int, peer place: Int, at now: Moment) -> Bool {
    guard peers.isThere(at: place, now), let mayOwn = peers.all[place].status?.mayOwn, mayOwn.indices.contains(index),
      mayOwn[index]
    else { return false }
    return plan.witnesses.isEmpty || !plan.witnesses.contains(peers.all[place].node)
  }

  /// Whether this node has to give up an address that it owns: it couldn't put it, or can't serve what is in force. While it's only about
  /// to, it keeps it.
  private func mustGiveUp(_ index: Int, at now: Moment) -> Bool {
    if isolation.isIsolated, isReplaceable(index, at: now) { return true }
    if case .embedded(let log) = log, log.value.isOutlived { return true }
    if isBehindForGood { return true }
    if case .refused(let origin, _, _) = rollouts.hand, origin == state.committed.origin { return true }
    return !isAble[index]
  }

  mutating func speak(at now: Moment, into effects: inout [Effect]) {
    peers.speaksAt = now.next(every: Peers.beat)
    let term = longestTerm
    if let term { log.note(term) }
    let status = NodeStatus(
      incarnation: me.incarnation, generation: plan.isWitness ? 0 : rollouts.stored.generation, position: log.delivered,
      applied: applied, mayOwn: owners.indices.map { mayOwn($0, at: now) }, stamps: tables.map(\.table.highest),
      pools: pools, own: own, term: term)
    for peer in peers.all { effects.append(.send(.status(status), to: peer.node)) }
    if let word = eraWord { for peer in peers.all { effects.append(.send(.era(word), to: peer.node)) } }
  }

  /// Steps each address: may this node own it, and how long does it let others go first?
  mutating func mindAddresses(at now: Moment, into effects: inout [Effect]) {
    // Nothing that an owner does changes it.
    let couldOwn = couldOwn
    for index in owners.indices {
      let standing: Ownership.Standing =
        if couldOwn, isAble[index], !isolation.isIsolated {
          .candidate(after: .milliseconds(150) * Int64(rank(for: index, at: now)))
        } else if couldOwn, isAble[index], !isReplaceable(index, at: now) {
          // Rather it than nobody.
          .candidate(after: Isolation.patience)
        } else {
          .bystander
        }
      if owners[index].standing != standing {
        stepOwner(index, .standing(standing), at: now, into: &effects)
      } else if now >= owners[index].wakesAt {
        stepOwner(index, .tick, at: now, into: &effects)
      }
      guard case .owning = owners[index].stance else { continue }
      if mustGiveUp(index, at: now) {
        stepOwner(index, .release(heir: nil), at: now, into: &effects)
      } else if let heir = preferred(to: index, at: now) {
        stepOwner(index, .release(heir: heir), at: now, into: &effects)
      }
    }
  }

  /// How long a node has to be there that should rather have an address, before it gets it.
  private static let preferenceAfter = Span.seconds(10)

  /// Who should have an address rather than this node, and has been able to for a while.
  private mutating func preferred(to index: Int, at now: Moment) -> NodeName? {
    let prefer = plan.addresses[index].prefer
    // As a rule nobody is preferred.
    if prefer.isEmpty { return nil }
    let mine = prefer.firstIndex(of: plan.me) ?? prefer.count
    let better = prefer.prefix(mine).first { mayOwn(index, $0, at: now) }
    guard let better else {
      preferredSince[index] = nil
      return nil
    }
    guard let since = preferredSince[index] else {
      preferredSince[index] = (now, log.delivered)
      return nil
    }
    guard now - since.at >= Self.preferenceAfter else { return nil }
    preferredSince[index] = nil
    // One that is there and learns nothing any more, as its disk stores nothing, may not know of those who let it have the address.
    let isInStep = peers.all.contains { $0.node == better && ($0.status?.position ?? 0) >= since.position }
    return isInStep ? better : nil
  }

  /// How many of those who are present come before this node: who has the latest table, then who is preferred, then by name.
  @inline(__always)
  private func rank(for index: Int, at now: Moment) -> Int {
    let stamp = tables[index].table.highest
    return peers.all.indices.count { peer in
      guard mayOwn(index, peer: peer, at: now), let stamps = peers.all[peer].status?.stamps else { return false }
      let other = stamps.indices.contains(index) ? stamps[index] : .none
      return other > stamp || other == stamp && plan.goesFirst[index][peer]
    }
  }
}
