import Agreement
import Fleet
import Model

extension FleetStatus {
  /// As the admin door says it of the fleet of that name.
  func answer(of name: String) -> AdminAnswer.Fleet {
    AdminAnswer.Fleet(
      name: name, node: me.text, generation: Int(clamping: generation),
      log: .init(
        live: isLogLive, position: Int(clamping: position), end: Int(clamping: end), trouble: logTrouble,
        leader: leader?.text,
        appends: appends),
      nodes: nodes.map {
        .init(
          name: $0.name.text, role: $0.isWitness ? .witness : nil, present: $0.isPresent,
          generation: $0.generation.map { Int(clamping: $0) },
          position: $0.position.map { Int(clamping: $0) }, applied: $0.applied.map { Int(clamping: $0) },
          outOfStep: $0.complaint,
          own: $0.own.answer, voice: $0.voice, form: forms == nil ? nil : Int(clamping: $0.known.number),
          clients: $0.table?.clients, followers: $0.table?.followers)
      },
      rollout: rollout.map(Self.answer), last: last.map(Self.answer),
      addresses: addresses.isEmpty ? nil : addresses.map(\.answer), hasLeft: hasLeft ? true : nil,
      isIsolated: isIsolated ? true : nil,
      forms: forms.map { .init(inUse: Int(clamping: $0.inUse.number), heldBackBy: $0.holders.map(\.text)) })
  }

  private static func answer(_ rollout: Rollout) -> AdminAnswer.Fleet.Rollout {
    let outcome: AdminAnswer.Fleet.Rollout.Outcome =
      switch rollout.phase {
      case .voting: rollout.isSoaking ? .soaking : .voting
      case .unconfirmed: .unconfirmed
      }
    return AdminAnswer.Fleet.Rollout(
      number: Int(clamping: rollout.number), author: rollout.proposal.author, outcome: outcome, generation: nil,
      reason: nil,
      votes: votes(rollout.ballots))
  }

  private static func answer(_ ended: Rollout.Ended) -> AdminAnswer.Fleet.Rollout {
    let (outcome, generation, reason): (AdminAnswer.Fleet.Rollout.Outcome, UInt64?, String?) =
      switch ended.outcome {
      case .committed(let generation): (.committed, generation, nil)
      case .aborted(let reason, _): (.aborted, nil, reason)
      case .reverted(let reason, let generation): (.reverted, generation, reason)
      }
    return AdminAnswer.Fleet.Rollout(
      number: Int(clamping: ended.number), author: ended.author, outcome: outcome,
      generation: generation.map { Int(clamping: $0) },
      reason: reason, votes: votes(ended.votes))
  }

  private static func votes(_ ballots: [Rollout.Ballot]) -> [AdminAnswer.Fleet.Rollout.Vote] {
    ballots.map { ballot in
      switch ballot.vote {
      case .yes: .init(node: ballot.participant.node.text, vote: "yes", reason: nil)
      case .no(let reason): .init(node: ballot.participant.node.text, vote: "no", reason: reason)
      case nil: .init(node: ballot.participant.node.text, vote: nil, reason: nil)
      }
    }
  }
}

extension NodeStatus.Own {
  /// As the admin door says it; nil if there's nothing.
  var answer: AdminAnswer.Fleet.Node.Own? {
    self == Self() ? nil : .init(configuration: hasConfiguration, overrides: Int(clamping: overrides))
  }
}

extension FleetStatus.Table {
  /// How far the other nodes are, as the admin door says it; nil if this node doesn't lead it.
  fileprivate var followers: [AdminAnswer.Fleet.Follower]? {
    lags.isEmpty ? nil : lags.map { .init(node: $0.node.text, behind: $0.updates.map { Int(clamping: $0) }) }
  }
}

extension FleetStatus.Address {
  fileprivate var answer: AdminAnswer.Fleet.Address {
    var (state, until): (AdminAnswer.Fleet.Address.State, Moment?) = (owner == nil ? .nobodys : .elsewhere, nil)
    switch mine {
    case .no: break
    case .owned(let end): (state, until) = (.owned, end)
    case .lapsed: state = .lapsed
    case .kept: state = .kept
    case .leaving: state = .leaving
    }
    return AdminAnswer.Fleet.Address(
      name: name, address: host.host, state: state, owner: owner?.text, generation: Int(clamping: generation),
      since: since.map(Timestamp.init), until: until.map(Timestamp.init), moves: moves,
      candidates: candidates.map(\.text), problem: problem, clients: table.clients,
      followers: table.followers)
  }
}

extension Timestamp {
  /// The time of day of a moment of this machine's clock.
  fileprivate init(_ moment: Moment) {
    let left = moment - BootClock.now()
    self.init(milliseconds: Timestamp.now.milliseconds + Int(left.nanoseconds / 1_000_000))
  }
}
