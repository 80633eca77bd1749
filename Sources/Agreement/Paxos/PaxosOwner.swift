/// One node's part in who owns a name, by Paxos among the nodes themselves: an acceptor, and who asks all of them.
///
/// A generation is one instance, which chooses one owner. He counts his lease from when he sent what a majority agreed to; each of those
/// lets nobody else have a later generation for a whole term from when it did.
package struct PaxosOwner {
  /// What it's called with.
  package enum Input {
    /// Something of its own has its time, or the start.
    case tick
    /// Another node says something, among those members: it's heard only if this node knows the same ones.
    case message(PaxosMessage, from: NodeNumber, among: UInt64)
    /// So many of the slots, counted from the start of the process, are stored.
    case persisted(UInt64)
    /// Whether this node may own the name now, and how long it lets others go first.
    case standing(Ownership.Standing)
    /// The name is to be given up, for somebody or for whoever comes.
    case release(heir: NodeNumber?)
    /// The process before this one, which has the same memory, owned it until then and has left it to this one.
    case inherited(generation: UInt64, until: Moment)
    /// What stands for the name is gone from this node.
    case dropped
    /// Whether the name is neither taken nor renewed any more, as the engine changes.
    case sealed(Bool)
    /// These count from now on, and this node's seat among them.
    case members(Members, me: NodeNumber)
  }

  /// What it wants.
  package enum Effect {
    /// Tell another node.
    case send(PaxosMessage, to: NodeNumber)
    /// Store the slot. Answered by `persisted`.
    case persist(PaxosSlot)
    /// This node owns the name until then, by this generation; later calls move the end.
    case own(generation: UInt64, until: Moment)
    /// It doesn't any more, or isn't to be. Answered by `dropped`.
    case drop(Ownership.Cause)
  }

  /// How things are between this node and the name.
  enum Stance: Equatable {
    case watching
    /// It's this node's until then, if that is still to come; by which generation.
    case owning(UInt64, until: Moment)
    /// What stands for it goes, then all are told.
    case releasing(UInt64, heir: NodeNumber?)
  }

  /// A try to become the owner.
  struct Attempt {
    let generation: UInt64
    let ballot: Ballot
    /// Whom it would make the owner: nobody yet in phase 1.
    var owner: NodeNumber?
    var answers = NodeSet()
    var refusals = NodeSet()
    var highest: PaxosSlot.Accepted?
    var sentAt: Moment
  }

  /// A look at how it is.
  struct Look {
    var answers = NodeSet()
    var free = NodeSet()
    var generation: UInt64 = 0
    var hasOwner = false
    var heir: NodeNumber?
  }

  private(set) var me: NodeNumber
  private(set) var members: Members
  let lease: Lease
  let mutants: Mutants
  var acceptor: Acceptor
  var stance = Stance.watching
  var standing = Ownership.Standing.bystander
  var attempt: Attempt?
  /// How long a majority's answer may take: disks may be slow, and have much to store at once.
  var patience = PaxosOwner.shortestPatience
  /// The last try that was given up as too few had answered in that time.
  var timedOut: Ballot?
  var look = Look()
  /// Looks and renewals of this process; those of others before it have smaller numbers, as what they asked may be answered to this one.
  var rounds: UInt64
  /// What others have said last of whose it is.
  var told: (generation: UInt64, owner: NodeNumber?) = (0, nil)
  /// The number of this process's last try, or of another node's that has got in its way.
  var lastTry: UInt64
  private let run: UInt32
  /// Since when nobody has had it, as far as a majority knows.
  var freeSince: Moment?
  var looksAt = Moment.start
  /// Until when it looks often, as the name was given up.
  var isEagerUntil = Moment.start
  var renewsAt = Moment.never
  /// Renewals that are under way.
  var renewals: [(round: UInt64, sentAt: Moment, answers: NodeSet)] = []
  /// Whether the generation is the one of the process before this one.
  package internal(set) var isInherited = false
  /// The generation that couldn't be renewed in time, as long as it may be gone on with, or nobody else is known to have a later one: something
  /// may stand for the name still.
  var lapsed: UInt64?
  /// How often a release is still to be told.
  var releases = 0
  /// Whether the term is stored by which this process waits for what those before it have promised.
  private var isTermStored: Bool
  var written: UInt64 = 0
  var durable: UInt64 = 0
  /// Whether this node neither takes nor renews it, as the engine changes.
  var isSealed = false
  /// Answers that wait until what they say is stored.
  var answers: [(after: UInt64, message: PaxosMessage, node: NodeNumber)] = []

  /// A node that starts with what it has stored.
  ///
  /// - Parameter run: counts the starts of the process; stored before anything is said.
  package init(
    _ me: NodeNumber, of members: Members, lease: Lease, slot: PaxosSlot, run: UInt32, at now: Moment,
    mutants: Mutants = Mutants()
  ) {
    self.me = me
    self.members = members
    self.lease = lease
    self.mutants = mutants
    acceptor = Acceptor(slot, term: lease.term, at: now, mutants)
    isTermStored = acceptor.slot.term == slot.term
    acceptor.isOfEra = members.lineage.isFirstOfEra
    self.run = run
    lastTry = UInt64(run) << 32
    rounds = lastTry
  }

  /// The number of a try after another one's. It ends with the process's own, as an earlier process may have come as far, and what was said to that one
  /// may be heard still.
  func later(thanTry number: UInt64) -> UInt64 {
    mutants.have(.triesNumberedAlike) ? number &+ 1 : (number >> 20 &+ 1) << 20 | UInt64(run & 0xF_FFFF)
  }

  /// When it wants to be called with `tick` at the latest.
  package var wakesAt: Moment {
    if isSealed { return sealedWake }
    // It doesn't look while it tries.
    var at = attempt.map { $0.sentAt + patience } ?? looksAt
    if case .owning(_, let until) = stance { at = min(at, until > .start ? min(until, renewsAt) : renewsAt) }
    return at
  }

  private var sealedWake: Moment {
    switch stance {
    case .watching: .never
    case .owning(_, let until): until > .start ? until : .never
    case .releasing: looksAt
    }
  }

  /// How long a majority's answer may take, as long as none has come later than that.
  static let shortestPatience = Span.milliseconds(300)

  /// The generation by which this node owns the name, if it does.
  package func generation(at now: Moment) -> UInt64? {
    if case .owning(let generation, let until) = stance, now < until { return generation }
    return nil
  }

  /// The last generation that this node knows of, and who owns the name by it or did last.
  package var seen: (generation: UInt64, owner: NodeNumber?) {
    switch stance {
    case .owning(let generation, _), .releasing(let generation, _): return (generation, me)
    case .watching: break
    }
    let slot = acceptor.slot
    let own = acceptor.released?.generation == slot.generation ? nil : slot.accepted?.owner
    if told.generation > slot.generation { return told }
    return (slot.generation, own ?? (told.generation == slot.generation ? told.owner : nil))
  }

  /// Whether all that this node knows is that it had the name itself, which it hasn't: a process before it had, and others may have had it since.
  var isUnsure: Bool { stance == .watching && seen.owner == me }

  /// Takes what happened, and says what is to be done.
  package mutating func step(_ input: Input, at now: Moment, into effects: inout [Effect]) {
    lapse(at: now, into: &effects)
    if !isTermStored { storeSlot(into: &effects) }
    switch input {
    case .tick: break
    case .message(let message, let node, let among):
      guard among == members.id || mutants.have(.otherMembersHeard) else { break }
      take(message, of: node, at: now, into: &effects)
    case .persisted(let count): stored(count, at: now, into: &effects)
    case .standing(let standing): self.standing = standing
    case .release(let heir):
      guard case .owning(let generation, _) = stance else { break }
      stance = .releasing(generation, heir: heir)
      (attempt, lapsed) = (nil, nil)
      effects.append(.drop(.released))
    case .dropped:
      guard case .releasing = stance else { break }
      releases = 3
      looksAt = now
    case .inherited(let generation, let until):
      guard stance == .watching, attempt == nil, until > now else { break }
      stance = .owning(generation, until: mutants.have(.leaseInheritedAnew) ? now + lease.term : until)
      isInherited = true
      renewsAt = now
      effects.append(.own(generation: generation, until: mutants.have(.leaseInheritedAnew) ? now + lease.term : until))
      // What this process tells of the name begins with a generation of its own.
      looksAt = now
    case .sealed(let isSealed):
      self.isSealed = isSealed
      attempt = nil
      (looksAt, renewsAt) = (min(looksAt, now), min(renewsAt, now))
    case .members(let members, let me): change(to: members, as: me, at: now, into: &effects)
    }
    goOn(at: now, into: &effects)
  }

  private mutating func lapse(at now: Moment, into effects: inout [Effect]) {
    guard case .owning(let generation, let until) = stance, until > .start, now >= until else { return }
    stance = .owning(generation, until: .start)
    lapsed = generation
    effects.append(.drop(.lapsed))
  }

  /// Another node owns what this one couldn't renew in time: it goes on with it, so it was chosen.
  mutating func lose(to node: NodeNumber, by generation: UInt64, at now: Moment, into effects: inout [Effect]) {
    guard let lapsed, generation > lapsed, node != me else { return }
    self.lapsed = nil
    if case .owning(lapsed, _) = stance {
      attempt = nil
      watch(from: now)
    }
    effects.append(.drop(.taken(by: members[node]?.node)))
  }

  /// What was begun among others is begun anew: who agreed to it did so among them. An owner goes on to the end of his lease, and may have
  /// made it longer by then; what others counted on they count on as long.
  private mutating func change(to members: Members, as me: NodeNumber, at now: Moment, into effects: inout [Effect]) {
    guard members.id != self.members.id else { return }
    let hasMoved = me != self.me
    (self.members, self.me) = (members, me)
    acceptor.isOfEra = isOfEra
    (attempt, freeSince, renewals, answers) = (nil, nil, [], [])
    // What is said of an earlier look counts for nothing.
    rounds += 1
    (renewsAt, looksAt) = (min(renewsAt, now), min(looksAt, now))
    // With another seat it had none in between, and what was chosen for the one before can't be gone on with. Neither can what has lapsed:
    // others may have had the name since by a later generation that nobody knows who counts now.
    guard case .owning(let generation, let until) = stance,
      !members.voters.contains(me) || hasMoved || until == .start
    else { return }
    stance = .releasing(generation, heir: nil)
    lapsed = nil
    effects.append(.drop(.released))
  }

  /// A generation after another one. Those among later members begin where none can have come to before: nobody who knows them need be left.
  func later(than generation: UInt64, isTaken: Bool = true) -> UInt64 {
    // The very first one of an era's members is for whoever carries the name over.
    max(generation + (isTaken ? 1 : 0), UInt64(members.number) << 32 | (isOfEra ? 2 : 1))
  }

  /// The generation by which what the process before this one had, or this one by another engine, is gone on with. The first one of an era is
  /// nobody else's, as one node at most had it when the former engine came to its end.
  private func own(after generation: UInt64) -> UInt64 {
    let floor = UInt64(members.number) << 32
    return generation < floor ? floor | 1 : later(than: generation)
  }

  /// Whether these members came from another engine, so that somebody may carry the name over from that.
  private var isOfEra: Bool { members.lineage.isFirstOfEra }

  private mutating func goOn(at now: Moment, into effects: inout [Effect]) {
    if let attempt, now >= attempt.sentAt + patience {
      timedOut = attempt.ballot
      fail(at: now, into: &effects)
    }
    if isSealed {
      guard case .releasing = stance else { return }
    }
    switch stance {
    case .watching:
      guard now >= looksAt, attempt == nil else { return }
      looksAt = now + (now < isEagerUntil ? .milliseconds(20) : lease.term / 12)
      guard standing != .bystander else { return }
      rounds += 1
      look = Look()
      say(.probe(round: rounds), at: now, into: &effects)
    case .owning(let generation, _):
      if isInherited, attempt == nil, now >= looksAt { `try`(own(after: generation), at: now, into: &effects) }
      if !isInherited { looksAt = .never }
      guard now >= renewsAt else { return }
      renewsAt = now + lease.beat
      rounds += 1
      renewals.append((rounds, now, NodeSet()))
      if renewals.count > 6 { renewals.removeFirst() }
      say(.renew(generation, round: rounds, term: lease.term), at: now, into: &effects)
    case .releasing(let generation, let heir):
      if mutants.have(.renewalAfterRelease), now >= renewsAt {
        renewsAt = now + lease.beat
        rounds += 1
        renewals.append((rounds, now, NodeSet()))
        say(.renew(generation, round: rounds, term: lease.term), at: now, into: &effects)
      }
      guard releases > 0, now >= looksAt else {
        if releases == 0 { looksAt = .never }
        return
      }
      // What of it is lost costs others the rest of the lease, and no more.
      releases -= 1
      looksAt = now + .milliseconds(40)
      say(.release(generation, heir: heir), at: now, into: &effects)
      guard releases == 0 else { return }
      renewals = []
      watch(from: now + lease.term / 2)
    }
  }

  /// Owns it no more. What was seen before it came to own it counts for nothing: a late answer to that would lead to the generation that it
  /// has had, and may have released.
  mutating func watch(from at: Moment) {
    stance = .watching
    (freeSince, looksAt) = (nil, at)
    guard !mutants.have(.earlierLookKept) else { return }
    look = Look()
    rounds += 1
  }

  /// Says something to all, this node's own acceptor too.
  mutating func say(_ message: PaxosMessage, at now: Moment, into effects: inout [Effect]) {
    for node in members.voting where node != me {
      effects.append(.send(message, to: node))
    }
    if members.voting.contains(me) { take(message, of: me, at: now, into: &effects) }
  }

  mutating func answer(
    _ message: PaxosMessage, to node: NodeNumber, at now: Moment, into effects: inout [Effect]
  ) {
    if node == me { take(message, of: me, at: now, into: &effects) } else { effects.append(.send(message, to: node)) }
  }

  mutating func storeSlot(into effects: inout [Effect]) {
    isTermStored = true
    written += 1
    effects.append(.persist(acceptor.slot))
  }

  private mutating func stored(_ count: UInt64, at now: Moment, into effects: inout [Effect]) {
    durable = max(durable, count)
    while let first = answers.first, first.after <= durable {
      answers.removeFirst()
      answer(first.message, to: first.node, at: now, into: &effects)
    }
  }
}
