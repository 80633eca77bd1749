/// A node's voice in who owns a name: one instance of Paxos for each generation (Lamport, "Paxos made simple"; its specification among the
/// examples of TLA+), and a lease as in PaxosLease (Trencseni, Gazso and Reinhardt, arXiv:1209.4187).
struct Acceptor {
  /// What is stored.
  private(set) var slot: PaxosSlot
  /// Until when nobody but the holder may have a later generation. A start forgets that; but whoever may have held it is known: who was
  /// accepted last or, as who holds it may be promised the next generation, who was promised last.
  private(set) var lease: (until: Moment, holder: NodeNumber?)
  /// The generation that its owner has given up, and for whom.
  private(set) var released: (generation: UInt64, heir: NodeNumber?)?
  /// Whether somebody may carry the name over from another engine, by the first generation of its members.
  var isOfEra = false
  private let term: Span
  /// When whoever was promised last took another one's promise away, of which nothing had come yet; or tried again after that.
  private var contestedAt: Moment?

  init(_ slot: PaxosSlot, term: Span, at now: Moment, _ mutants: Mutants) {
    self.slot = slot
    self.term = term
    // Whoever has been promised something counts on it by the term of then; by a program of before, that is by this node's file.
    let longest = max(term, slot.term)
    let isFree =
      slot.generation == 0 || mutants.have(.noQuietTimeAfterRestart)
      || slot.isRestored && mutants.have(.restoredWithoutQuiet)
    if !isFree, !mutants.have(.termForgotten) { self.slot.term = longest }
    // Whoever may have had the name is none of the members any more, so nobody is spared the wait.
    if slot.isRestored, !isFree {
      lease = (now + Lease.quiet(after: [Lease(term: longest)], mutants), nil)
      return
    }
    lease = isFree ? (.start, nil) : (now + longest, slot.accepted?.owner ?? slot.promised.node)
  }

  /// How it is, for who asks: whoever holds it himself needn't wait. Once two have got into each other's way others are asked to let the
  /// later one come to something: where disks are slow, none of several would ever get through both phases, as each takes the others' promises away.
  ///
  /// - Parameter span: how long both phases may take.
  func state(
    _ round: UInt64, for node: NodeNumber, leaving span: Span, at now: Moment, _ mutants: Mutants
  ) -> PaxosMessage {
    let heir = released?.generation == slot.generation ? released?.heir : nil
    var until = lease.holder == node ? .start : lease.until
    if let contestedAt, slot.promised.node != node, !mutants.have(.impatient) {
      until = max(until, contestedAt + min(span, term / 2))
    }
    return .state(
      round: round, generation: slot.generation, owner: slot.accepted?.owner, busy: max(until - now, .zero), heir: heir)
  }

  /// What has to be stored before an answer goes out.
  enum Footing {
    /// Nothing: it's a no.
    case nothing
    /// The slot, which may be on its way to the disk.
    case slot
    /// The slot, which has changed by the question.
    case changedSlot
  }

  /// Takes a question of phase 1 or 2.
  mutating func answer(
    _ message: PaxosMessage, of node: NodeNumber, at now: Moment, _ mutants: Mutants
  ) -> (reply: PaxosMessage, Footing)? {
    switch message {
    case .prepare(let generation, let ballot):
      guard admits(generation, ballot, of: node, at: now) else { return (refusal(generation, ballot), .nothing) }
      let isOpen = slot.promised != .zero && slot.accepted?.ballot != slot.promised
      contestedAt = isOpen && (slot.promised.node != node || contestedAt != nil) ? now : nil
      if generation > slot.generation { slot.accepted = nil }
      (slot.generation, slot.promised) = (generation, ballot)
      let accepted = mutants.have(.ownValueOverAccepted) ? nil : slot.accepted
      return (.promise(generation, ballot, accepted: accepted), .changedSlot)
    case .accept(let generation, let ballot, let owner, let theirs):
      guard admits(generation, ballot, of: node, at: now) else { return (refusal(generation, ballot), .nothing) }
      (slot.generation, slot.promised) = (generation, ballot)
      contestedAt = nil
      slot.accepted = PaxosSlot.Accepted(ballot: ballot, owner: owner)
      lend(to: owner, for: theirs, at: now, mutants)
      return (.accepted(generation, ballot), .changedSlot)
    case .renew(let generation, let round, let theirs):
      guard slot.generation == generation, slot.accepted?.owner == node, released?.generation != generation else {
        return (.passed(generation, later: slot.generation), .nothing)
      }
      let before = slot.term
      lend(to: node, for: theirs, at: now, mutants)
      return (.renewed(generation, round: round), slot.term == before ? .slot : .changedSlot)
    default: return nil
    }
  }

  /// Lets nobody but an owner have it from now on for as long as he counts on it, and no shorter than by this node's own file. How long that is
  /// is stored: the next process may have another file.
  private mutating func lend(to owner: NodeNumber, for theirs: Span?, at now: Moment, _ mutants: Mutants) {
    let span = mutants.have(.termOfOnesOwn) ? term : max(term, theirs ?? .zero)
    // Whoever begins anew later than now and waits for so long has waited for all that was promised.
    let isEnough = lease.until <= now + span
    lease = (max(lease.until, now + span), owner)
    if !mutants.have(.termForgotten) { slot.term = isEnough ? span : max(slot.term, span) }
  }

  /// The owner has given it up.
  mutating func release(_ generation: UInt64, _ heir: NodeNumber?, of node: NodeNumber, at now: Moment) {
    // It came to own it when all that this voice had said of earlier generations was over.
    if generation > slot.generation { lease = (min(lease.until, now), nil) }
    guard slot.generation == generation, slot.accepted?.owner == node else { return }
    released = (generation, heir)
    if lease.holder == node { lease = (min(lease.until, now), nil) }
  }

  private func admits(_ generation: UInt64, _ ballot: Ballot, of node: NodeNumber, at now: Moment) -> Bool {
    guard generation >= slot.generation else { return false }
    // What is waited for at the beginning of an era is the end of the lease of who carries the name over.
    let isCarried = isOfEra && lease.holder == nil && generation & 0xFFFF_FFFF == 1
    guard isCarried || now >= lease.until || lease.holder == node else { return false }
    return generation > slot.generation || ballot >= slot.promised
  }

  private func refusal(_ generation: UInt64, _ ballot: Ballot) -> PaxosMessage {
    .refused(generation, ballot, promised: slot.promised.number)
  }
}
