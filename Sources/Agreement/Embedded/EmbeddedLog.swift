/// The fleet's log, kept by the nodes themselves: who founds it, Zab among its members, and what this node wants in it.
///
/// Entries of one author are handed to the leader one by one, each until it's delivered. One that got into the log twice is taken up once, as
/// the state knows by its number that it was; so all that is appended is in the log once and in its author's order.
package struct EmbeddedLog {
  /// What it's called with. What is large and rare is indirect, as what is usual would be as large.
  package enum Input {
    /// Something of its own has its time, or the start.
    case tick
    /// An entry is to be appended; those of this node in the order in which they come.
    indirect case append(Entry)
    /// Another node says something about the founding or the log.
    case message(EmbeddedMessage, from: NodeName)
    /// Who shall vote, as the log has it.
    case wanted([Participant])
    /// So many of the records, counted from the start of the process, are durable.
    case persisted(UInt64)
  }

  /// What it wants; again what is large and rare is indirect.
  package enum Effect {
    /// Tell another node.
    case send(EmbeddedMessage, to: NodeName)
    /// Store this after all before. Answered by `persisted`.
    case persist(EmbeddedRecord)
    /// This is the log's next entry.
    indirect case deliver(Entry)
    /// This is the state up to a position, in place of the entries before.
    indirect case restore(FleetState)
    /// The log holds something that can't be read; the node stays behind it. What, for people.
    case damaged(String)
  }

  /// How it minds the time.
  package struct Timing: Equatable, Sendable {
    /// The log's own.
    package var zab = Zab.Timing()
    /// For how long the leader has an entry before it's handed to it again.
    package var patience = Span.milliseconds(500)
    /// How many entries there may be, and of how many bytes, before a snapshot stands for them.
    package var entries = 1_000
    package var bytes = 4 << 20

    /// The usual ones.
    package init() {}
  }

  /// The most bytes of a configuration: what is said of its entry to others has to go into one frame.
  package static let largestText = 1_400_000

  let me: Participant
  let nodes: [NodeName]
  // Large, and needed once for the most part: what asks the log something is not to copy it.
  private let storedMemory: Boxed<FleetMemory>
  /// The era by whose log the node goes; nil if it takes whichever it finds.
  let era: UInt32?
  private var timing: Timing
  let known: Form
  let mutants: Mutants
  /// Who founds it.
  package private(set) var founding: Founding
  /// The log; none before the founding. Boxed, as an optional value this large is copied whenever something of it is asked for.
  package private(set) var zab: Boxed<Zab>?
  /// The position of the last entry that was delivered.
  package private(set) var delivered: UInt64 = 0
  private var outbox: [Entry] = []
  /// Whom the first of the outbox was handed to, of which epoch, and when.
  private var handed: (leader: NodeNumber, epoch: UInt32, at: Moment)?
  /// Whether it can't go on, as what comes next can't be read.
  private var isStalled = false
  /// The form that a program has to know to go on, if it's that.
  package private(set) var needed: Form?
  /// Whether others count, and this node has no seat among them.
  package internal(set) var isOutside = false
  /// The last engine that it heard of, and when it tells others next of its own, if that was restored.
  var outlived: Lineage
  var announcesAt = Moment.start
  /// When it was told so last, and when it asks next who counts, as it has no seat or no leader.
  var toldAt = Moment.start
  var asksAt = Moment.start
  /// Why, if that is so from the start and wasn't said yet.
  private var trouble: String?
  /// What this node's vote goes by.
  private struct Seated: Equatable {
    var among: UInt64?
    var at: NodeNumber?
    var isOutlived: Bool
  }

  private var seated: Seated?
  // As of the last step, as they're asked for in each step of the node: whoever reads them so copies nothing.
  /// Whether this node votes with the memory that it has.
  private(set) var isVoter = false
  /// Whether a leader counts on this node, though there may be entries that it hasn't got yet.
  package private(set) var isReached = false
  /// When it wants to be called with `tick` at the latest.
  package private(set) var wakesAt = Moment.start
  /// The longest term of which this process has heard.
  private(set) var longestTerm = Span.zero
  /// What was delivered since the last snapshot.
  private var entries = 0
  private var bytes = 0
  /// How many records there were, and how many when the standing was stored that is on its way; of the log's own, those after the founding.
  private var written: UInt64 = 0
  private var standingAt: UInt64?
  private var before: UInt64 = 0
  // Reused from step to step.
  private var said: [Zab.Effect] = []

  /// One that begins with what the memory holds.
  package init(
    _ me: NodeName, of nodes: [NodeName], memory: FleetMemory, era: UInt32? = nil, timing: Timing = Timing(),
    knowing known: Form = .latest, mutants: Mutants = Mutants()
  ) {
    self.era = era
    self.me = Participant(me, memory.incarnation)
    (self.nodes, storedMemory, self.timing, self.known, self.mutants) = (nodes, Boxed(memory), timing, known, mutants)
    outlived = memory.embedded.outlived
    founding = Founding(
      NodeNumber(nodes.firstIndex(of: me) ?? 0), of: nodes.count, memory: memory.incarnation,
      roster: StoreOwner.roster(of: nodes), stored: memory.embedded.standing, mutants: mutants)
    // The last ones in its log may not be agreed on.
    if let members = memory.embedded.log.history.foundation ?? founders { begin(among: members, at: .start) }
    if isOutlived { isOutside = true }
    note()
  }

  /// Those who founded it, where that is known by this node's file.
  private var founders: Members? {
    guard founding.isFounded, let memories = founding.standing.memories else { return nil }
    return Members(founders: zip(nodes, memories).map { Participant($0, $1) })
  }

  /// Somebody counts on leases of this term: no former voter is let go before what it has said of them is over.
  mutating func note(_ term: Span) {
    guard term > longestTerm, !mutants.have(.quietForOnesOwnTerm) else { return }
    longestTerm = term
    timing.zab.quiet = max(timing.zab.quiet, Lease.quiet(after: [Lease(term: term)], mutants))
    zab?.value.timing.quiet = timing.zab.quiet
  }

  /// What it began with.
  var memory: FleetMemory { _read { yield storedMemory.value } }

  /// Takes part from now on, with a seat among those who count.
  mutating func begin(among members: Members, at now: Moment) {
    let isSeated = members.seat(of: me) != nil || memory.embedded.log.history.seat(of: me) != nil
    let stranger = mutants.have(.strangersHeard) ? members.seat(of: me.node).flatMap { members[$0] } : nil
    guard zab == nil, let identity = isSeated ? me : stranger else {
      (isOutside, toldAt) = (zab == nil, now)
      return
    }
    isOutside = false
    before = written
    zab = Boxed(
      Zab(identity, of: members, memory: memory.embedded.log, run: memory.run, timing: timing.zab, mutants: mutants))
  }

  /// The state that the snapshot holds with which this process began; to be asked for before the first step.
  mutating func start() -> FleetState {
    defer { note() }
    let bytes = memory.embedded.log.history.state
    guard !bytes.isEmpty else { return FleetState() }
    do throws(DecodingFault) {
      let state = try FleetState(encoded: bytes, knowing: known)
      delivered = state.position
      return state
    } catch {
      isStalled = true
      if case .later(let form) = error { needed = form } else { trouble = "the state in this node's journal: \(error)" }
      return FleetState()
    }
  }

  // MARK: How it is

  /// Who counts, as far as this node has it; nil before the founding, and where this node has never had a seat.
  package var members: Members? { zab?.value.members }

  /// Which members these are: what is asked for at each step, when they themselves would be copied.
  var membersID: UInt64? { zab?.value.membersID }

  /// This node's seat among them.
  package var seat: NodeNumber? { zab?.value.me }

  /// Whether the log is known to its end, so that what is appended is likely to be.
  package var isLive: Bool { isReached && isCaughtUp }

  /// Whether all that is here can be read.
  var canBeRead: Bool { !isStalled }

  /// The node that leads it, once that can be asked for something.
  package var leader: NodeName? {
    guard !isOutlived, let zab, let leader = zab.value.leader, leader.isReady else { return nil }
    return leader.node == zab.value.me ? me.node : zab.value.participant(at: leader.node)?.node
  }

  /// Whether everything was delivered that is in the log as far as this node was told.
  package var isCaughtUp: Bool { !isStalled && zab?.value.isCaughtUp == true }

  /// The end of the log, as far as it's known.
  package var end: UInt64 { isCaughtUp ? delivered : last }

  /// The last entry that is here, whether it's known to be agreed on or not: after a start that isn't known of those behind the snapshot.
  var last: UInt64 {
    guard let zab else { return delivered }
    let place = zab.value.memory.history.index(of: zab.value.delivered)
    let rest = zab.value.memory.history.items[(place.isThere ? place.index + 1 : place.index)...]
    return delivered + UInt64(rest.count { if case .value = $0.entry { true } else { false } })
  }

  /// Entries that wait to be delivered.
  package var waiting: Int { outbox.count }

  private mutating func note() {
    let isOutlived = isOutlived
    let log = zab?.asked { zab in
      (
        among: zab.membersID, seat: zab.me, isCounted: zab.isCounted, isReady: zab.leader?.isReady == true,
        wakesAt: zab.wakesAt
      )
    }
    let seated = Seated(among: log?.among, at: log?.seat, isOutlived: isOutlived)
    if seated != self.seated { (self.seated, isVoter) = (seated, votes) }
    isReached = !isStalled && !isOutlived && log?.isCounted == true
    guard let log, !isOutlived else {
      wakesAt = isOutside || isOutlived ? asksAt : founding.wakesAt
      return
    }
    let speaksAt = !log.isCounted ? asksAt : isRestored ? announcesAt : .never
    wakesAt = min(log.wakesAt, speaksAt)
    if let handed, !outbox.isEmpty, !isStalled, log.isReady { wakesAt = min(wakesAt, handed.at + timing.patience) }
  }

  private var votes: Bool {
    guard !isOutlived, let members = zab?.value.members, let seat = zab?.value.me else { return false }
    return members.voters.contains(seat) && members[seat] == me
  }

  // MARK: Steps

  /// Takes what happened, and says what is to be done. The state is the one of the last entry that was delivered.
  package mutating func step(
    _ input: Input, state: @autoclosure () -> FleetState, at now: Moment, into effects: inout [Effect]
  ) {
    if let trouble = trouble.take() { effects.append(.damaged(trouble)) }
    if zab != nil, !isStalled, entries >= timing.entries || bytes >= timing.bytes {
      (entries, bytes) = (0, 0)
      if let last = zab?.value.delivered { stepZab(.compacted(last, state().encoded), at: now, into: &effects) }
    }
    switch input {
    case .tick: break
    case .append(let entry): outbox.append(entry)
    case .persisted(let count):
      if let at = standingAt, count >= at {
        standingAt = nil
        // Once it takes part it counts the records of the log alone.
        if zab == nil { stepFounding(.persisted, at: now, into: &effects) }
      }
      if zab != nil, count > before { stepZab(.persisted(count - before), at: now, into: &effects) }
    case .message(.greeting(let greeting), let node):
      zab?.value.hear(fromAnew: Participant(node, greeting.memory))
      greet(greeting, of: node, at: now, into: &effects)
    case .message(.ask(let memory), let node):
      zab?.value.hear(fromAnew: Participant(node, memory))
      answer(node, into: &effects)
    case .message(.members(let members, _), _) where !isOfEra(members.lineage): break
    case .message(.members(let members, _), _): hear(members, at: now, into: &effects)
    case .message(.log(let message, let memory, let seat), let node):
      take(message, of: Participant(node, memory), at: seat, in: .first, at: now, into: &effects)
    case .message(.restoredLog(let message, let memory, let seat, let lineage), let node):
      take(message, of: Participant(node, memory), at: seat, in: lineage, at: now, into: &effects)
    case .message(.owner, _): break
    case .wanted(let participants): stepZab(.wanted(participants), at: now, into: &effects)
    }
    if zab == nil, !isOutside, now >= founding.wakesAt { stepFounding(.tick, at: now, into: &effects) }
    ask(at: now, into: &effects)
    announce(at: now, into: &effects)
    if let wakesAt = zab?.value.wakesAt, now >= wakesAt { stepZab(.tick, at: now, into: &effects) }
    handOn(at: now, into: &effects)
    note()
  }

  private mutating func take(
    _ message: ZabMessage, of participant: Participant, at seat: NodeNumber, in lineage: Lineage, at now: Moment,
    into effects: inout [Effect]
  ) {
    guard isOfEra(lineage), isOfTheSame(lineage, participant.node, into: &effects) else { return }
    if case .forward(let bytes) = message {
      // What a node couldn't read would be in everybody's way for ever.
      guard Entry.author(of: bytes, knowing: known) == participant else { return }
    }
    if mutants.have(.strangersHeard), let known = zab?.value.members.seat(of: participant.node) {
      return stepZab(.message(message, from: known), at: now, into: &effects)
    }
    guard zab?.value.note(participant, at: seat) == true else { return }
    stepZab(.message(message, from: seat), at: now, into: &effects)
  }

  /// Hands the first entry of the outbox to whoever leads, unless he has it.
  private mutating func handOn(at now: Moment, into effects: inout [Effect]) {
    while let entry = outbox.first, !isStalled, !isOutlived, let leader = zab?.value.leader, leader.isReady,
      let epoch = zab?.value.memory.currentEpoch
    {
      if let handed, (handed.leader, handed.epoch) == (leader.node, epoch), now < handed.at + timing.patience { return }
      handed = (leader.node, epoch, now)
      stepZab(.append(entry.encoded), at: now, into: &effects)
    }
  }

  /// Lets go of entries that are to be appended no more, and gives those that nobody was handed.
  mutating func withdraw(_ entries: [EntryID]) -> [EntryID] {
    let tried = handed == nil ? nil : outbox.first?.id
    outbox.removeAll { entries.contains($0.id) }
    if outbox.first?.id != tried { handed = nil }
    note()
    return entries.filter { $0 != tried }
  }

  mutating func stepFounding(_ input: Founding.Input, at now: Moment, into effects: inout [Effect]) {
    var said: [Founding.Effect] = []
    founding.step(input, at: now, into: &said)
    for effect in said {
      switch effect {
      case .send(let greeting, let node): effects.append(.send(.greeting(greeting), to: nodes[Int(node)]))
      case .persist(let standing):
        persist(.standing(standing), into: &effects)
        standingAt = written
      case .found:
        guard let founders else { break }
        persist(.log(.foundation(founders)), into: &effects)
        begin(among: founders, at: now)
      }
    }
  }

  mutating func stepZab(_ input: Zab.Input, at now: Moment, into effects: inout [Effect]) {
    var said = self.said.taken()
    // What it remembers counts nowhere any more, so it says nothing of that.
    if !isOutlived { zab?.value.step(input, at: now, into: &said) }
    for place in said.indices {
      switch said.take(at: place, leaving: .restore(.zero, [])) {
      case .send(let message, let seat):
        let others = zab?.asked { (node: $0.participant(at: seat)?.node, own: $0.me, lineage: $0.lineage) }
        guard let others, let node = others.node else { break }
        let (own, lineage) = (others.own, others.lineage)
        effects.append(
          .send(
            lineage == .first
              ? .log(message, by: me.incarnation, seat: own)
              : .restoredLog(message, by: me.incarnation, seat: own, of: lineage), to: node))
      case .persist(let record): persist(.log(record), into: &effects)
      case .deliver(let zxid, let bytes): deliver(zxid, bytes, into: &effects)
      case .restore(let zxid, let bytes): restore(zxid, bytes, into: &effects)
      case .changed: break
      }
    }
    self.said = said
  }

  /// Has another seat from now on.
  mutating func sit(at seat: NodeNumber, of members: Members, at now: Moment, into effects: inout [Effect]) {
    isOutside = false
    // Before it's known of which engine it is from now on.
    zab?.value.hear(of: members)
    stepZab(.seated(seat, of: members), at: now, into: &effects)
  }

  mutating func persist(_ record: EmbeddedRecord, into effects: inout [Effect]) {
    written += 1
    // The log counts its own.
    if zab != nil, case .outlived = record { before += 1 }
    effects.append(.persist(record))
  }

  private mutating func deliver(_ zxid: Zxid, _ bytes: [UInt8], into effects: inout [Effect]) {
    guard !isStalled else { return }
    do throws(DecodingFault) {
      let entry = try Entry(encoded: bytes, knowing: known)
      delivered += 1
      entries += 1
      self.bytes += bytes.count
      if entry.id == outbox.first?.id {
        outbox.removeFirst()
        handed = nil
      }
      effects.append(.deliver(entry))
    } catch .later where mutants.have(.laterFormSkipped) {
      delivered += 1
    } catch .later(let form) {
      (isStalled, needed) = (true, form)
    } catch {
      isStalled = true
      effects.append(.damaged("entry \(zxid.epoch).\(zxid.counter): \(error)"))
    }
  }

  private mutating func restore(_ zxid: Zxid, _ bytes: [UInt8], into effects: inout [Effect]) {
    do throws(DecodingFault) {
      let state = try FleetState(encoded: bytes, knowing: known)
      // A later state is whole, whatever came before it.
      (isStalled, needed) = (false, nil)
      (entries, self.bytes) = (0, 0)
      delivered = state.position
      if let mine = state.member(me.node), mine.identity == me {
        outbox.removeAll { ($0.id.run, $0.id.sequence) <= (mine.run, mine.sequence) }
      }
      handed = nil
      effects.append(.restore(state))
    } catch .later(let form) {
      (isStalled, needed) = (true, form)
    } catch {
      isStalled = true
      effects.append(.damaged("the state after entry \(zxid.epoch).\(zxid.counter): \(error)"))
    }
  }
}
