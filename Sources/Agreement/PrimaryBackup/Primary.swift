/// What the primary of a table keeps: its updates of late, and how far each backup is.
struct Primary {
  /// How far another node is.
  private struct Backup {
    var node: NodeName
    /// Whether it has heard of this primary.
    var follows = false
    /// All updates up to this one are there.
    var acknowledged: UInt64 = 0
    /// Updates up to this one were sent.
    var sent: UInt64 = 0
    /// The whole transfer that it gets, if it needs one.
    var transfer: Transfer?
    /// When something is said again that wasn't answered.
    var resendsAt = Moment.start
  }

  private struct Transfer {
    var number: UInt64
    /// The part that is sent next, or was and isn't acknowledged.
    var part = 0
    var isSent = false
    /// Whether the part is the last one.
    var isLast = false
  }

  private struct Pull {
    var node: NodeName
    var round: UInt64
    /// The parts that came, in any order, and how many there are.
    var parts: [Int] = []
    var count: Int?
  }

  let generation: UInt64
  let timing: Replication.Timing
  private(set) var sequence: UInt64 = 0
  private var ring: [StuckUpdate] = []
  /// The sequence number of the first update in the ring.
  private var ringStart: UInt64 = 1
  private var backups: [Backup]
  private var transfers: UInt64 = 0
  private var rounds: UInt64 = 0
  private var pull: Pull?
  private var readyAt: Moment?
  private var flushesAt = Moment.never
  private var remindsAt: Moment
  private var replicated: UInt64 = 0

  init(generation: UInt64, others: [NodeName], timing: Replication.Timing, at now: Moment) {
    self.generation = generation
    self.timing = timing
    backups = others.map { Backup(node: $0) }
    readyAt = now + timing.patience
    remindsAt = now.next(every: timing.reminder)
  }

  var isReady: Bool { readyAt == nil }

  /// How far the others are, in their order.
  var lags: [Lag] {
    backups.map { backup in
      let isWhole = backup.follows && backup.transfer == nil
      return Lag(backup.node, updates: isWhole ? sequence - backup.acknowledged : nil)
    }
  }

  var wakesAt: Moment {
    var at = min(remindsAt, min(flushesAt, readyAt ?? .never))
    // Nothing of the table is sent before it's ready.
    for backup in backups where isOwing(backup) && (readyAt == nil || !backup.follows) {
      at = min(at, backup.resendsAt)
    }
    return at
  }

  private func isOwing(_ backup: Backup) -> Bool {
    !backup.follows || backup.transfer != nil || backup.acknowledged < backup.sent
  }

  mutating func add(_ update: StuckUpdate, to table: inout StuckTable, at now: Moment) {
    sequence += 1
    table.apply(update, Stamp(generation: generation, sequence: sequence), at: now)
    ring.append(update)
    if ring.count > timing.ring * 2 {
      ring.removeFirst(timing.ring)
      ringStart += UInt64(timing.ring)
    }
    if flushesAt == .never { flushesAt = now + timing.gather }
  }

  mutating func flush(at now: Moment) { flushesAt = min(flushesAt, now) }

  // MARK: What is sent

  mutating func goOn(_ table: StuckTable, at now: Moment, into effects: inout [Replication.Effect]) {
    if let readyAt, now >= readyAt {
      self.readyAt = nil
      pull = nil
      effects.append(.ready)
    }
    if now >= remindsAt {
      remindsAt = now.next(every: timing.reminder)
      for backup in backups where backup.follows {
        effects.append(.send(.lead(generation: generation), to: backup.node))
      }
    }
    let flushes = now >= flushesAt
    if flushes { flushesAt = .never }
    for index in backups.indices {
      let isLate = now >= backups[index].resendsAt && isOwing(backups[index])
      if !backups[index].follows {
        guard isLate else { continue }
        backups[index].resendsAt = now + timing.resend
        effects.append(.send(.lead(generation: generation), to: backups[index].node))
        continue
      }
      if isLate {
        backups[index].sent = backups[index].acknowledged
        backups[index].transfer?.isSent = false
      }
      guard readyAt == nil else { continue }
      if flushes || isLate { sendUpdates(to: index, at: now, into: &effects) }
      sendPart(to: index, table, at: now, into: &effects)
    }
  }

  private mutating func sendUpdates(to index: Int, at now: Moment, into effects: inout [Replication.Effect]) {
    let from = backups[index].sent + 1
    guard from <= sequence, backups[index].transfer?.part != 0 else { return }
    guard from >= ringStart else {
      begin(transferTo: index)
      return
    }
    let updates = Array(ring[Int(from - ringStart)...].prefix(timing.part))
    backups[index].sent = from + UInt64(updates.count) - 1
    backups[index].resendsAt = now + timing.resend
    effects.append(.send(.updates(generation: generation, from: from, updates), to: backups[index].node))
    if backups[index].sent < sequence, flushesAt == .never { flushesAt = now }
  }

  private mutating func sendPart(
    to index: Int, _ table: StuckTable, at now: Moment, into effects: inout [Replication.Effect]
  ) {
    guard var transfer = backups[index].transfer, !transfer.isSent else { return }
    if transfer.part > 0, backups[index].sent < sequence {
      // A part is made after all updates, so those go first.
      sendUpdates(to: index, at: now, into: &effects)
      guard backups[index].sent == sequence, backups[index].transfer?.number == transfer.number else { return }
    }
    let start = transfer.part * timing.part
    transfer.isSent = true
    transfer.isLast = start + timing.part >= table.span
    backups[index].transfer = transfer
    if transfer.part == 0 {
      backups[index].sent = sequence
      backups[index].acknowledged = sequence
    }
    backups[index].resendsAt = now + timing.resend
    effects.append(
      .send(
        .part(
          generation: generation, transfer: transfer.number, index: transfer.part, asOf: sequence,
          table.entries(in: min(start, table.span)..<min(start + timing.part, table.span), at: now),
          isLast: transfer.isLast),
        to: backups[index].node))
  }

  private mutating func begin(transferTo index: Int) {
    transfers += 1
    backups[index].transfer = Transfer(number: transfers)
  }

  // MARK: What is heard

  mutating func take(
    _ message: ReplicaMessage, of node: NodeName, _ table: inout StuckTable, _ mutants: Mutants, at now: Moment,
    into effects: inout [Replication.Effect]
  ) {
    guard let index = backups.firstIndex(where: { $0.node == node }) else { return }
    switch message {
    case .follow(generation, let highest):
      guard !backups[index].follows else { return }
      backups[index].follows = true
      begin(transferTo: index)
      if readyAt != nil, pull == nil, highest > table.highest {
        rounds += 1
        pull = Pull(node: node, round: rounds)
        effects.append(.send(.pull(generation: generation, after: table.highest, round: rounds), to: node))
      } else if backups.allSatisfy(\.follows), pull == nil {
        readyAt = readyAt.map { min($0, now) }
      }
    case .give(generation, let round, let part, let entries, let isLast):
      guard var pull, pull.node == node, pull.round == round, !pull.parts.contains(part) else { return }
      for entry in entries {
        let own = table.stamp(of: entry.client) ?? .none
        guard mutants.have(.smallerStampWins) ? entry.stamp < own : entry.stamp > own else { continue }
        add(StuckUpdate(entry.client, backend: entry.backend, idle: entry.idle), to: &table, at: now)
      }
      pull.parts.append(part)
      if isLast { pull.count = part + 1 }
      self.pull = pull
      if pull.parts.count == pull.count {
        self.pull = nil
        readyAt = readyAt.map { min($0, now) }
      }
    case .have(generation, let upTo, let transfer, let parts):
      heard(index, upTo, transfer, parts, into: &effects)
    case .lack(generation, let from):
      if let from, from >= ringStart, backups[index].transfer == nil || from > 0 {
        backups[index].sent = min(backups[index].sent, from - 1)
        backups[index].acknowledged = min(backups[index].acknowledged, from - 1)
        flushesAt = min(flushesAt, now)
      } else if backups[index].transfer == nil {
        begin(transferTo: index)
      }
    default: break
    }
  }

  private mutating func heard(
    _ index: Int, _ upTo: UInt64, _ transfer: UInt64, _ parts: Int, into effects: inout [Replication.Effect]
  ) {
    if let open = backups[index].transfer {
      guard open.number == transfer, parts == open.part + 1 else { return }
      // A part that was sent twice may have been taken up as it was the first time.
      backups[index].acknowledged = min(upTo, sequence)
      backups[index].sent = backups[index].acknowledged
      if open.isLast {
        backups[index].transfer = nil
      } else {
        backups[index].transfer?.part += 1
        backups[index].transfer?.isSent = false
      }
    } else {
      backups[index].acknowledged = max(backups[index].acknowledged, min(upTo, sequence))
    }
    guard backups[index].transfer == nil, backups[index].acknowledged > replicated else { return }
    replicated = backups[index].acknowledged
    effects.append(.replicated(upTo: replicated))
  }
}
