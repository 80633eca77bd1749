/// A question of an owner that can't reach the store, to each other node: will you leave the name to me for a term?
package struct GrantRequest: Equatable, Sendable {
  /// The name.
  package var name: String
  /// By which generation the asker owns it.
  package var generation: UInt64
  /// What the fleet's nodes come to, as the asker knows them.
  package var roster: UInt64
  /// Tells the asker's rounds from each other.
  package var round: UInt64
  /// Whether the asker's time is over, so that somebody may have taken the name over in the meantime.
  package var isLapsed: Bool
  /// For how long the asker would go on from here; nil by a program that doesn't say.
  package var term: Span?

  /// With all its parts.
  package init(
    name: String, generation: UInt64, roster: UInt64, round: UInt64, isLapsed: Bool, term: Span? = nil
  ) {
    self.name = name
    self.generation = generation
    self.roster = roster
    self.round = round
    self.isLapsed = isLapsed
    self.term = term
  }
}

/// The answer.
package struct GrantAnswer: Equatable, Sendable {
  /// The name.
  package var name: String
  /// The round of the question.
  package var round: UInt64
  /// Why not; nil for leave.
  package var refusal: Refusal?

  /// With all its parts.
  package init(name: String, round: UInt64, refusal: Refusal? = nil) {
    self.name = name
    self.round = round
    self.refusal = refusal
  }

  /// Why a node doesn't leave a name to another.
  package enum Refusal: UInt8, Equatable, Sendable {
    /// It has tried to take the name over, and that may have come to pass, or still will.
    case claims = 1
    /// It knows of a later owner.
    case knowsLater
    /// It knows other nodes than the asker.
    case otherRoster
    /// It doesn't know the name.
    case unknownName
    /// It hasn't seen since its start who owns the name, and the asker's time is over.
    case knowsNothing
  }
}

/// What a node has asked of others, and given to them, for one name.
struct Grants {
  let peers: [NodeName]
  var roster: UInt64
  /// Before then this node doesn't take the name from the owner by that generation, since it gave its word.
  private(set) var given = (until: Moment.start, generation: UInt64(0))
  /// The round that is asked for, and who has given leave.
  private(set) var round: (number: UInt64, sentAt: Moment, isLapsed: Bool, given: [NodeName])?
  /// Those of the processes before this one have smaller numbers: what was said to them may still come.
  private var rounds: UInt64
  /// When others are to be asked.
  var asksAt = Moment.never

  init(peers: [NodeName], roster: UInt64, run: UInt32) {
    self.peers = peers
    self.roster = roster
    rounds = UInt64(run) << 32
  }

  /// Gives this node's word to an owner.
  mutating func give(until: Moment, to generation: UInt64) {
    given = (max(given.until, until), max(given.generation, generation))
  }

  /// When this node may take the name, its record being that: an owner who has given it up, or one before it, needs nobody's word any more.
  func mayTake(over record: OwnerRecord?) -> Moment {
    if let record, record.owner == nil, record.generation >= given.generation { return .start }
    return given.until
  }

  mutating func stopAsking() {
    round = nil
    asksAt = .never
  }

  /// Begins a round.
  mutating func ask(at now: Moment, isLapsed: Bool) -> UInt64 {
    rounds += 1
    round = (rounds, now, isLapsed, [])
    return rounds
  }

  /// Takes an answer; when the round was sent, as soon as everybody has given leave.
  ///
  /// - Parameter isLapsed: whether the asker's time is over by now; what others said when it wasn't yet is too little then.
  mutating func take(_ answer: GrantAnswer, of node: NodeName, isLapsed: Bool) -> Moment? {
    guard let round, round.number == answer.round, answer.refusal == nil, peers.contains(node) else { return nil }
    guard round.isLapsed || !isLapsed else { return nil }
    if !round.given.contains(node) { self.round?.given.append(node) }
    guard self.round?.given.count == peers.count else { return nil }
    self.round = nil
    return round.sentAt
  }
}

extension StoreOwner {
  /// Asks everybody else for leave to go on, while the store doesn't answer.
  ///
  /// Nobody else can take the name over then: everybody whom the record names has said that he won't, and others don't. An owner that has lapsed may ask as
  /// well, so that a pause of its own during an outage of the store doesn't cost the address; then others have to know more.
  mutating func askPeers(at now: Moment, into effects: inout [Effect]) {
    let isKnown = isRecorded || mutants.have(.leaveBeforeRecord)
    // Who has only just taken over from the process before it can't know yet what is in force, and serves what that one did.
    let mayGoOn = standing != .bystander || isInherited
    guard case .owning(let until) = stance, !grants.peers.isEmpty, mayGoOn, isKnown else {
      grants.stopAsking()
      return
    }
    let overdue = countedAt + lease.beat + lease.term / 3
    if grants.asksAt == .never || overdue > grants.asksAt { grants.asksAt = overdue }
    guard now >= grants.asksAt else { return }
    grants.asksAt = now + lease.beat
    let isLapsed = until == .start
    let round = grants.ask(at: now, isLapsed: isLapsed)
    let request = GrantRequest(
      name: name, generation: claimedGeneration, roster: grants.roster, round: round, isLapsed: isLapsed,
      term: lease.term)
    for peer in grants.peers { effects.append(.ask(peer, request)) }
  }

  /// Gives a node leave, if this one doesn't want the name itself, and keeps to it for a term.
  mutating func grant(_ request: GrantRequest, at now: Moment) -> GrantAnswer {
    var answer = GrantAnswer(name: name, round: request.round)
    if request.roster != grants.roster {
      answer.refusal = .otherRoster
    } else if mayHaveClaimed, !mutants.have(.grantDespiteClaim) {
      answer.refusal = .claims
    } else if max(generation, claimedGeneration) > request.generation {
      // What it had itself it knows, whatever it has read since.
      answer.refusal = .knowsLater
    } else if request.isLapsed, seen == nil {
      answer.refusal = .knowsNothing
    } else if !mutants.have(.grantForgotten) {
      let theirs = mutants.have(.leaveForOnesOwnTerm) ? .zero : request.term ?? .zero
      grants.give(until: now + max(lease.term, theirs), to: request.generation)
    }
    return answer
  }

  private var mayHaveClaimed: Bool {
    guard stance == .watching, unresolved == nil else { return true }
    switch open?.question {
    case .claim: return true
    default: return false
    }
  }

  /// Takes another node's answer.
  mutating func take(_ answer: GrantAnswer, of node: NodeName, at now: Moment, into effects: inout [Effect]) {
    guard case .owning(let until) = stance else { return }
    guard let sentAt = grants.take(answer, of: node, isLapsed: until == .start) else { return }
    extend(to: lease.end(sentAt: sentAt), at: now, into: &effects)
  }
}
