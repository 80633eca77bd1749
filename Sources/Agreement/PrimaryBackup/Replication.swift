/// One node's part in keeping a table of stuck clients on several nodes: the primary changes it, backups follow.
///
/// There's no quorum and no disk: what is at risk is the last 20 ms. What can't happen is that an earlier primary that wakes up changes
/// anything: each backup has a fence, the highest generation that it has heard of, and it never falls.
package struct Replication {
  /// What it's called with.
  package enum Input {
    /// Something has its time.
    case tick
    /// This node is the table's primary from now on.
    case lead(generation: UInt64)
    /// It isn't any more.
    case resign
    /// The primary's own table has changed.
    case update(StuckUpdate)
    /// What the primary has gathered is to be sent now: somebody waits.
    case flush
    /// Another node says something.
    case message(ReplicaMessage, from: NodeName)
  }

  /// What it wants.
  package enum Effect {
    /// Tell another node.
    case send(ReplicaMessage, to: NodeName)
    /// The primary has what others had, as far as they said so in time: new sessions needn't wait.
    case ready
    /// Another node has all updates up to this one.
    case replicated(upTo: UInt64)
    /// A later primary was heard of: this node isn't one any more.
    case deposed(by: UInt64)
    /// A backup has taken this up of its primary's table.
    case heard([StuckUpdate])
  }

  /// How it minds the time, and how much it sends at once.
  package struct Timing: Equatable, Sendable {
    /// How long updates are collected.
    package var gather = Span.milliseconds(20)
    /// How long a new primary waits for what others have.
    package var patience = Span.milliseconds(50)
    /// How long it waits for an answer before it says something again.
    package var resend = Span.milliseconds(200)
    /// How often a primary says that it is one, for those who have forgotten it in a restart.
    package var reminder = Span.seconds(1)
    /// How many updates are kept for those who missed some.
    package var ring = 4_096
    /// How many entries are sent at once: 32 bytes and a stamp each, so within 256 KiB.
    package var part = 4_096

    /// The usual ones.
    package init() {}
  }

  enum Role {
    case backup
    // Boxed, as a table is looked at far more often than its primary.
    case primary(Boxed<Primary>)
  }

  /// What a backup knows of its primary's stream.
  struct Following: Equatable {
    /// All updates up to this one were taken up.
    var upTo: UInt64 = 0
    /// The transfer under way or the last one, and how many of its parts were taken up.
    var transfer: UInt64 = 0
    var parts = 0
    /// Whether the table is the primary's, up to `upTo`.
    var isWhole = false
  }

  let others: [NodeName]
  let timing: Timing
  let mutants: Mutants
  /// The table.
  package internal(set) var table = StuckTable()
  /// The highest generation of a primary that this node has heard of, or was itself. It never falls.
  package internal(set) var fence: UInt64 = 0
  var role = Role.backup
  /// When it wants to be called with `tick` at the latest: as of the last step, as it's asked for in each step of the node.
  package private(set) var wakesAt = Moment.never
  var following = Following()

  /// A node's part, with nothing in the table.
  package init(others: [NodeName], timing: Timing = Timing(), mutants: Mutants = Mutants()) {
    self.others = others
    self.timing = timing
    self.mutants = mutants
  }

  // As of the last step, as they're asked for all the time: whoever reads them so copies nothing.
  /// Whether this node is the primary.
  package private(set) var isPrimary = false
  /// The update up to which the table is the same as that primary's was; nil if it isn't known to be.
  package private(set) var prefix: (generation: UInt64, upTo: UInt64)?

  /// Whether this node is the primary, and has what others had.
  package var isReady: Bool {
    if case .primary(let primary) = role { primary.value.isReady } else { false }
  }

  /// Takes what happened, and says what is to be done.
  package mutating func step(_ input: Input, at now: Moment, into effects: inout [Effect]) {
    take(input, at: now, into: &effects)
    guard case .primary(var primary) = role else {
      (isPrimary, prefix) = (false, following.isWhole ? (fence, following.upTo) : nil)
      return wakesAt = .never
    }
    role = .backup
    primary.value.goOn(table, at: now, into: &effects)
    wakesAt = primary.value.wakesAt
    (isPrimary, prefix) = (true, (primary.value.generation, primary.value.sequence))
    role = .primary(primary)
  }

  private mutating func take(_ input: Input, at now: Moment, into effects: inout [Effect]) {
    switch input {
    case .tick: break
    case .lead(let generation): lead(generation, at: now, into: &effects)
    case .resign:
      if case .primary = role {
        role = .backup
        following = Following()
      }
    case .update(let update):
      guard case .primary(var primary) = role else { return }
      role = .backup
      primary.value.add(update, to: &table, at: now)
      role = .primary(primary)
    case .flush:
      guard case .primary(var primary) = role else { return }
      role = .backup
      primary.value.flush(at: now)
      role = .primary(primary)
    case .message(let message, let node): take(message, of: node, at: now, into: &effects)
    }
  }

  private mutating func lead(_ generation: UInt64, at now: Moment, into effects: inout [Effect]) {
    guard generation > fence else { return }
    fence = generation
    role = .primary(Boxed(Primary(generation: generation, others: others, timing: timing, at: now)))
  }

  private mutating func take(
    _ message: ReplicaMessage, of node: NodeName, at now: Moment, into effects: inout [Effect]
  ) {
    switch message {
    case .lead(let generation):
      if heed(generation, of: node, into: &effects) {
        effects.append(.send(.follow(generation: generation, highest: table.highest), to: node))
        if !following.isWhole, following.transfer == 0 {
          effects.append(.send(.lack(generation: generation, from: nil), to: node))
        }
      }
    case .pull(let generation, let after, let round):
      if heed(generation, of: node, into: &effects) { give(after, round, to: node, at: now, into: &effects) }
    case .updates(let generation, let from, let updates):
      if heed(generation, of: node, into: &effects) { take(updates, from, of: node, at: now, into: &effects) }
    case .part(let generation, let transfer, let index, let asOf, let entries, let isLast):
      if heed(generation, of: node, into: &effects) {
        take(entries, transfer, index, asOf, isLast, of: node, at: now, into: &effects)
      }
    case .deposed(let generation):
      guard case .primary(let primary) = role, generation > primary.value.generation else { return }
      fence = max(fence, generation)
      role = .backup
      following = Following()
      effects.append(.deposed(by: fence))
    case .follow, .give, .have, .lack:
      guard case .primary(var primary) = role else { return }
      role = .backup
      primary.value.take(message, of: node, &table, mutants, at: now, into: &effects)
      role = .primary(primary)
    }
  }

  /// Whether a primary's word counts; a later one's makes this node its backup, an earlier one hears that it's deposed.
  private mutating func heed(_ generation: UInt64, of node: NodeName, into effects: inout [Effect]) -> Bool {
    if mutants.have(.oldGenerationAccepted), generation < fence, case .backup = role { return true }
    guard generation >= fence else {
      effects.append(.send(.deposed(by: fence), to: node))
      return false
    }
    if generation > fence {
      fence = generation
      role = .backup
      following = Following()
    }
    if case .backup = role { return true }
    return false
  }

  // MARK: A backup

  private mutating func give(
    _ after: Stamp, _ round: UInt64, to node: NodeName, at now: Moment, into effects: inout [Effect]
  ) {
    var index = 0
    var place = 0
    repeat {
      let end = place + timing.part
      let entries = table.entries(in: place..<min(end, table.span), at: now).filter { $0.stamp > after }
      effects.append(
        .send(
          .give(generation: fence, round: round, index: index, entries, isLast: end >= table.span), to: node))
      index += 1
      place = end
    } while place < table.span
  }

  private mutating func take(
    _ updates: [StuckUpdate], _ from: UInt64, of node: NodeName, at now: Moment, into effects: inout [Effect]
  ) {
    if mutants.have(.wholeSyncDropsDeltas), !following.isWhole, following.transfer > 0 {
      following.upTo = max(following.upTo, from + UInt64(updates.count) - 1)
      return have(node, into: &effects)
    }
    guard following.isWhole || following.transfer > 0 else {
      effects.append(.send(.lack(generation: fence, from: nil), to: node))
      return
    }
    guard from <= following.upTo + 1 || mutants.have(.gapIgnored) else {
      effects.append(.send(.lack(generation: fence, from: following.upTo + 1), to: node))
      return
    }
    for (offset, update) in updates.enumerated() {
      let sequence = from + UInt64(offset)
      guard sequence > following.upTo else { continue }
      table.apply(update, Stamp(generation: fence, sequence: sequence), at: now)
      following.upTo = sequence
    }
    effects.append(.heard(updates))
    have(node, into: &effects)
  }

  private mutating func take(
    _ entries: [StuckEntry], _ transfer: UInt64, _ index: Int, _ asOf: UInt64, _ isLast: Bool, of node: NodeName,
    at now: Moment, into effects: inout [Effect]
  ) {
    if index == 0, transfer > following.transfer {
      following = Following(upTo: asOf, transfer: transfer)
      table.beginTransfer()
    }
    // A part belongs between the updates before which it was made and those after: else what was removed could come back.
    if transfer == following.transfer, index == following.parts, !following.isWhole,
      asOf == following.upTo || mutants.have(.wholeSyncDropsDeltas)
    {
      for entry in entries { table.merge(entry, at: now) }
      effects.append(.heard(entries.map { StuckUpdate($0.client, backend: $0.backend, idle: $0.idle) }))
      following.parts += 1
      if isLast {
        table.endTransfer()
        following.isWhole = true
      }
    }
    have(node, into: &effects)
  }

  private func have(_ node: NodeName, into effects: inout [Effect]) {
    effects.append(
      .send(
        .have(
          generation: fence, upTo: following.upTo, transfer: following.transfer, parts: following.parts), to: node))
  }
}
