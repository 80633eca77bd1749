/// What somebody wants of the whole fleet.
package enum FleetRequest: Equatable, Sendable {
  /// All nodes shall have this configuration, or none.
  case rollout(Wish)
  /// A rollout that waits for it is confirmed.
  case confirm
  /// A rollout that waits to be confirmed is taken back; one that isn't decided is given up.
  case revert(reason: String)
  /// An override holds.
  case set(key: String, value: [UInt8])
  /// Overrides hold no more, and who wants that.
  case unset(keys: [String], author: String)
  /// The time of an override is over that was set at this position.
  case expire(key: String, setAt: UInt64)
  /// A node shall vote with the memory that it has now, in place of the one that it had, or for the first time.
  case seat(NodeName)
  /// A node shall vote no more.
  case unseat(NodeName)
  /// Something of the second form shall be said, by which that is tried.
  case trial(UInt64)
  /// The fleet shall go on from what this node has, with a new memory and as the only voter, without those of whom it's said that they're
  /// lost for good; if nobody is named, it's told who would be. By chance: the memory, and a mark.
  case restore(without: [NodeName]?, as: Incarnation, mark: UInt64)

  /// A configuration that is wanted, and how.
  package struct Wish: Equatable, Sendable {
    /// Whether nodes that are away hold it up.
    package enum Absence: Equatable, Sendable {
      /// They follow when they are back.
      case isNamed
      /// It isn't begun.
      case isRefusal
    }

    /// The configuration.
    package var text: [UInt8]
    /// What the text comes to.
    package var digest: Digest
    /// What nodes that are away mean.
    package var absence: Absence
    /// How long there's time to vote.
    package var patience: Span
    /// Who tries it first.
    package var canary: Proposal.Canary?
    /// How long the way back stays open.
    package var confirmation: Span?
    /// Who wants it.
    package var author: String

    /// With all its parts.
    package init(
      text: [UInt8], digest: Digest, absence: Absence = .isNamed, patience: Span = .seconds(10),
      canary: Proposal.Canary? = nil, confirmation: Span? = nil, author: String
    ) {
      self.text = text
      self.digest = digest
      self.absence = absence
      self.patience = patience
      self.canary = canary
      self.confirmation = confirmation
      self.author = author
    }
  }
}

/// What came of it.
package enum FleetAnswer: Equatable, Sendable {
  /// It's in the log, and what it came to there.
  case said(position: UInt64, FleetState.Outcome)
  /// It's in the log, and what it came to there isn't known: this node was away, and has a snapshot in the place of those entries.
  case passed
  /// It was taken back on its way, as a program is there now that doesn't know it; it may be in the log all the same.
  case takenBack
  /// It wasn't tried: the log can't be reached.
  case logAway
  /// It wasn't tried: these nodes are away.
  case nodesAway([NodeName])
  /// It wasn't tried, as it would be void: why, for people.
  case pointless(String)
  /// It wasn't done: this would be lost.
  case loss(FleetNode.Loss)
  /// The fleet goes on without those.
  case restored(FleetNode.Loss)
}

extension FleetNode {
  mutating func take(_ request: FleetRequest, _ number: UInt64, at now: Moment, into effects: inout [Effect]) {
    if case .restore(let lost, let memory, let mark) = request {
      return restore(without: lost, as: memory, mark, number, at: now, into: &effects)
    }
    // While entries are being read, what is wanted comes behind them.
    guard isInformed, log.isReached(at: now) else {
      effects.append(.answer(number: number, .logAway))
      return
    }
    switch event(for: request, at: now) {
    case .success(let event):
      if let why = obstacle(to: event) {
        effects.append(.answer(number: number, .pointless(why)))
        return
      }
      // Noted before it's said: where nothing has to be waited for, the answer comes within the call.
      requests.append((EntryID(me, run: memory.run, sequence: sequence + 1), event, number))
      append(event, at: now, into: &effects)
    case .failure(let refusal): effects.append(.answer(number: number, refusal.answer))
    }
  }

  struct Refusal: Error {
    var answer: FleetAnswer
  }

  private func event(for request: FleetRequest, at now: Moment) -> Result<Entry.Event, Refusal> {
    switch request {
    case .rollout(let wish): begin(wish, at: now)
    case .confirm: current { .confirm(rollout: $0.number) }
    case .revert(let reason):
      current {
        $0.phase == .voting
          ? .abort(rollout: $0.number, reason: reason) : .revert(rollout: $0.number, reason: reason)
      }
    case .set(let key, let value): .success(.set(key: key, value: value))
    case .unset(let keys, let author): .success(.unset(keys: keys, author: author))
    case .expire(let key, let setAt): .success(.expire(key: key, setAt: setAt))
    case .seat(let node): seat(node, at: now)
    case .unseat(let node): unseat(node)
    case .trial(let number): .success(.trial(number))
    case .restore: .failure(Refusal(answer: .logAway))
    }
  }

  private func current(_ event: (Rollout) -> Entry.Event) -> Result<Entry.Event, Refusal> {
    guard let rollout = state.rollout else {
      return .failure(Refusal(answer: .pointless("no rollout is under way")))
    }
    return .success(event(rollout))
  }

  /// Whether a node is present, with the memory that counts. One with another can't say what the fleet would listen to.
  private func hasVoice(_ node: NodeName, at now: Moment) -> Bool {
    guard let peer = peers.all.first(where: { $0.node == node }), peers.isPresent(peer, at: now) else { return false }
    guard let member = state.member(node) else { return true }
    return peer.status?.incarnation == member.identity.incarnation
  }

  private func begin(_ wish: FleetRequest.Wish, at now: Moment) -> Result<Entry.Event, Refusal> {
    let present = plan.servers.filter { $0 == plan.me || hasVoice($0, at: now) }
    if wish.absence == .isRefusal, present.count < plan.servers.count {
      return .failure(Refusal(answer: .nodesAway(plan.servers.filter { !present.contains($0) })))
    }
    if case .embedded = plan.engine, wish.text.count > EmbeddedLog.largestText {
      let most = EmbeddedLog.largestText
      return .failure(
        Refusal(answer: .pointless("it has \(wish.text.count) bytes, and the embedded engine takes \(most) at most")))
    }
    if let canary = wish.canary, plan.witnesses.contains(canary.node) {
      return .failure(Refusal(answer: .pointless("\(canary.node.text) is a witness, and serves nobody")))
    }
    if let canary = wish.canary, !present.contains(canary.node) {
      return .failure(Refusal(answer: .nodesAway([canary.node])))
    }
    // Who is present and has joined takes part; who hasn't yet comes into step by himself.
    let participants = present.compactMap { node in state.member(node)?.identity }
    return .success(
      .begin(
        Proposal(
          base: state.committed.generation, text: wish.text, digest: wish.digest, participants: participants,
          patience: wish.patience, canary: wish.canary, confirmation: wish.confirmation, author: wish.author)))
  }
}
