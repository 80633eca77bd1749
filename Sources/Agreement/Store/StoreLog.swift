/// The fleet's log, kept in an ordered store: entries are appended at most once, and delivered in order, each once a start.
///
/// It asks one question at a time. What it doesn't know it reads again, so whatever the store does (late answers, none, writes
/// that come to pass after nobody waits for them) leads back to the head's compare-and-set, which decides.
package struct StoreLog {
  /// What it's called with. What is large and rare is indirect, as what is usual would be as large.
  package enum Input {
    /// Something of its own has its time, or the start.
    case tick
    /// Something of the log may have changed.
    case hint
    /// An entry is to be appended; those of one author in the order in which they come.
    indirect case append(Entry)
    /// What came of a question.
    case reply(CallID, StoreReply)
  }

  /// What it wants; again what is large and rare is indirect.
  package enum Effect {
    /// Ask the store.
    case call(CallID, StoreRequest)
    /// This is the log's next entry.
    indirect case deliver(Entry)
    /// This is the state up to a position, in place of the entries before.
    indirect case restore(FleetState)
    /// The store holds something that can't be read; it's tried again. What, for people.
    case damaged(String)
  }

  /// How it minds the time.
  package struct Timing: Equatable, Sendable {
    /// How often the end of the log is looked at without a hint.
    package var poll = Span.milliseconds(500)
    /// How long it waits after a question whose outcome is unknown.
    package var pause = Span.milliseconds(100)
    /// For how long an answer shows that the log is alive.
    package var freshness = Span.seconds(2)
    /// How many entries there may be before a snapshot stands for them.
    package var entries: UInt64 = 1_000

    /// The usual ones.
    package init() {}
  }

  /// What it's about at the moment.
  enum Activity: Equatable {
    case idle
    case readingHead
    case readingEntry(StoreRequest.Freshness)
    case readingPieces(of: EntryID, Int, so: [[UInt8]])
    case readingSnapshot(StoreHead.Snapshot, so: [[UInt8]])
    case writingPieces(Entry, next: Int, of: Int)
    case appending(Entry, head: StoreHead)
    case compacting(Compaction)
    /// The log begins with what the one of the era before came to: its pieces are written, then its head over what is there of an earlier one.
    case beginning(Beginning)
  }

  /// How far the beginning of an era's log is.
  struct Beginning: Equatable {
    let state: [UInt8]
    let head: StoreHead
    /// What is there of an earlier era.
    let version: StoreVersion?
    var written = 0

    /// Whether all pieces of the state are there.
    var isWritten: Bool { written == head.snapshot?.pieces }

    /// What is to be asked now.
    var next: StoreRequest {
      guard isWritten else {
        return .write([
          StoreWrite(.snapshot(head.last, written), expecting: .nothing, .put(StoredEntry.piece(written, of: state)))
        ])
      }
      return .write([
        StoreWrite(.head, expecting: version.map { .version($0) } ?? .nothing, .put(head.encoded))
      ])
    }
  }

  let timing: Timing
  let known: Form
  /// What the log of the era before came to; nil for the first.
  let origin: FleetState?
  let mutants: Mutants
  /// The form that a program has to know to read on, if this one doesn't.
  package internal(set) var needed: Form?
  /// The position of the last entry that was delivered.
  package internal(set) var delivered: UInt64 = 0
  var outbox: [Entry] = []
  var head: (value: StoreHead, version: StoreVersion?)?
  var activity = Activity.idle
  /// The question whose answer is awaited, and when it was asked.
  var asked: (call: CallID, at: Moment)?
  var questions: UInt64 = 0
  /// The entry of several pieces whose pieces all are there.
  var written: EntryID?
  /// The last entry that was tried to be appended.
  var tried: EntryID?
  var pollsAt = Moment.start
  var pausesUntil = Moment.start
  /// Whether what was delivered last is to be taken up before anything else is done: it may have ended the log.
  var waitsForState = false
  /// Whether the log has ended.
  private(set) var isOver = false
  /// The moment up to which everything was known that had happened before.
  var knownAt: Moment?

  /// One that has delivered nothing yet, but for what its era began with.
  package init(
    timing: Timing = Timing(), origin: FleetState? = nil, knowing known: Form = .latest, mutants: Mutants = Mutants()
  ) {
    self.timing = timing
    self.known = known
    self.origin = origin
    delivered = origin?.position ?? 0
    // Questions of the era before may be answered still.
    questions = UInt64(origin?.era ?? 0) << 40
    self.mutants = mutants
  }

  /// Whether the log was known to its end a short while ago, so that what is appended is likely to be.
  package func isLive(at now: Moment) -> Bool {
    isReached(at: now) && isCaughtUp
  }

  /// Whether its end was known a short while ago, though there may be entries before that which are being read.
  package func isReached(at now: Moment) -> Bool {
    guard needed == nil, let knownAt else { return false }
    return now - knownAt <= timing.freshness
  }

  /// Whether everything was delivered that the log was known to hold.
  package var isCaughtUp: Bool {
    guard let head else { return false }
    return delivered >= head.value.last
  }

  /// The end of the log, as far as it's known.
  package var end: UInt64 { max(delivered, head?.value.last ?? 0) }

  /// Entries that wait to be appended.
  package var waiting: Int { outbox.count }

  /// When it wants to be called with `tick` at the latest.
  package var wakesAt: Moment {
    guard asked == nil, !isOver else { return .never }
    return hasWork ? pausesUntil : max(pausesUntil, pollsAt)
  }

  private var hasWork: Bool {
    guard let head else { return true }
    if waitsForState { return true }
    return delivered < head.value.last || !outbox.isEmpty || activity != .idle
  }

  /// Takes what happened, and says what is to be done. The state is the one of the last entry that was delivered.
  package mutating func step(
    _ input: Input, state: @autoclosure () -> FleetState, isOver: Bool = false, at now: Moment,
    into effects: inout [Effect]
  ) {
    self.isOver = isOver
    waitsForState = false
    switch input {
    case .tick: break
    case .hint: pollsAt = .start
    case .append(let entry): outbox.append(entry)
    case .reply(let call, let reply):
      guard let asked, asked.call == call else { return }
      self.asked = nil
      take(reply, askedAt: asked.at, at: now, into: &effects)
    }
    // What comes behind the end is nobody's, so nothing is put there.
    if asked == nil, !isOver, !waitsForState, now >= pausesUntil { goOn(state, at: now, into: &effects) }
  }

  /// Asks the next question, if there's one.
  private mutating func goOn(_ state: () -> FleetState, at now: Moment, into effects: inout [Effect]) {
    switch activity {
    case .idle: break
    case .readingPieces(let id, _, let parts):
      return ask(.read(.piece(of: id, parts.count), .linearizable), at: now, into: &effects)
    case .readingSnapshot(let snapshot, let parts):
      return ask(.read(.snapshot(snapshot.position, parts.count), .linearizable), at: now, into: &effects)
    case .readingEntry(let freshness):
      return ask(.read(.entry(delivered + 1), freshness), at: now, into: &effects)
    case .writingPieces(let entry, let next, _):
      let write = StoreWrite(
        .piece(of: entry.id, next), expecting: .nothing, .put(StoredEntry.piece(next, of: entry.encoded)))
      return ask(.write([write]), at: now, into: &effects)
    case .compacting(let compaction):
      return ask(compaction.next, at: now, into: &effects)
    case .beginning(let beginning):
      return ask(beginning.next, at: now, into: &effects)
    case .readingHead, .appending: return readHead(at: now, into: &effects)
    }
    guard let head, now < pollsAt else { return readHead(at: now, into: &effects) }
    if delivered < head.value.last { return readOn(head.value, at: now, into: &effects) }
    while let entry = outbox.first {
      guard head.value.has(entry.id) else { return append(entry, to: head, at: now, into: &effects) }
      outbox.removeFirst()
    }
    if head.value.last + 1 >= head.value.first + 2 * timing.entries, let version = head.version {
      let compaction = Compaction(of: state(), behind: head.value, version: version, keeping: timing.entries)
      activity = .compacting(compaction)
      ask(compaction.next, at: now, into: &effects)
    }
  }

  private mutating func readHead(at now: Moment, into effects: inout [Effect]) {
    activity = .readingHead
    ask(.read(.head, .linearizable), at: now, into: &effects)
  }

  private mutating func readOn(_ head: StoreHead, at now: Moment, into effects: inout [Effect]) {
    if delivered + 1 < head.first {
      guard let snapshot = head.snapshot else {
        effects.append(.damaged("entries up to \(head.first - 1) are gone, and nothing stands for them"))
        return rest(at: now)
      }
      activity = .readingSnapshot(snapshot, so: [])
      return ask(.read(.snapshot(snapshot.position, 0), .linearizable), at: now, into: &effects)
    }
    activity = .readingEntry(.any)
    ask(.read(.entry(delivered + 1), .any), at: now, into: &effects)
  }

  private mutating func append(
    _ entry: Entry, to head: (value: StoreHead, version: StoreVersion?), at now: Moment, into effects: inout [Effect]
  ) {
    let bytes = entry.encoded
    let pieces = StoredEntry.pieces(of: bytes)
    if pieces > 1, written != entry.id {
      activity = .writingPieces(entry, next: 0, of: pieces)
      let first = StoreWrite(.piece(of: entry.id, 0), expecting: .nothing, .put(StoredEntry.piece(0, of: bytes)))
      return ask(.write([first]), at: now, into: &effects)
    }
    let next = head.value.appending(entry.id)
    activity = .appending(entry, head: next)
    tried = entry.id
    let stored = pieces > 1 ? StoredEntry.pieces(of: entry.id, pieces) : .whole(bytes)
    ask(
      .write([
        StoreWrite(.entry(next.last), expecting: .nothing, .put(stored.encoded)),
        StoreWrite(
          .head, expecting: head.version.map { .version($0) } ?? .nothing, .put(next.encoded)),
      ]), at: now, into: &effects)
  }

  private mutating func ask(_ request: StoreRequest, at now: Moment, into effects: inout [Effect]) {
    questions += 1
    let call = CallID(asker: 0, number: questions)
    asked = (call, now)
    effects.append(.call(call, request))
  }

  /// Lets go of entries that are to be appended no more, and gives those that were never tried.
  mutating func withdraw(_ entries: [EntryID]) -> [EntryID] {
    outbox.removeAll { entries.contains($0.id) }
    if case .writingPieces(let entry, _, _) = activity, entries.contains(entry.id) { activity = .idle }
    return entries.filter { $0 != tried }
  }

  /// Does nothing for a while.
  mutating func rest(at now: Moment) {
    pausesUntil = now + timing.pause
  }
}
