/// A rollout under way: what was proposed, and what has been said to it.
package struct Rollout: Equatable, Sendable {
  /// How far it is.
  package enum Phase: Equatable, Sendable {
    /// Votes are awaited.
    case voting
    /// It's decided and in force, and can still be taken back; what was in force before is known.
    case unconfirmed(before: FleetState.Committed)
  }

  /// How a rollout ended.
  package enum Outcome: Equatable, Sendable {
    /// It's in force as this generation.
    case committed(generation: UInt64)
    /// It isn't, and why; the node that said so, if one did.
    case aborted(reason: String, by: NodeName?)
    /// It was in force, and what was before is again, as this generation.
    case reverted(reason: String, generation: UInt64)
  }

  /// One that is over.
  package struct Ended: Equatable, Sendable {
    /// Its number.
    package var number: UInt64
    /// Who wanted it.
    package var author: String
    /// What was said to it.
    package var votes: [Ballot]
    /// How it ended.
    package var outcome: Outcome
  }

  /// What one participant has said.
  package struct Ballot: Equatable, Sendable {
    /// Who.
    package var participant: Participant
    /// What, as soon as it has.
    package var vote: Vote?
  }

  /// The position of the entry that began it.
  package var number: UInt64
  /// What was proposed.
  package var proposal: Proposal
  /// What was said to it, in the order of the participants.
  package var ballots: [Ballot]
  /// Whether the canary has said that it's looking.
  package var isSoaking = false
  /// How far it is.
  package var phase = Phase.voting

  /// One that begins.
  init(number: UInt64, _ proposal: Proposal) {
    self.number = number
    self.proposal = proposal
    ballots = proposal.participants.map { Ballot(participant: $0) }
  }

  /// Whether everybody but this node has said yes.
  func isCarried(butFor node: NodeName? = nil) -> Bool {
    ballots.allSatisfy { $0.vote == .yes || $0.participant.node == node }
  }
}
