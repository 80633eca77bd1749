extension StoreOwner {
  /// Takes what came of a question.
  mutating func take(
    _ reply: StoreReply, to question: Question, askedAt: Moment, at now: Moment, into effects: inout [Effect]
  ) {
    switch (question, reply) {
    case (.look, .value(let bytes, let version)), (.lookBeforeClaim, .value(let bytes, let version)):
      // What can't be read is as good as a record of somebody unknown, and is left alone.
      guard let read = try? OwnerRecord(encoded: bytes) else { return }
      let record = read.generation > floor || floor == 0 ? read : nil
      see(record, version, at: now)
      weigh(question, record, askedAt: askedAt, at: now, into: &effects)
    case (.look, .absent), (.lookBeforeClaim, .absent):
      see(nil, nil, at: now)
      weigh(question, nil, askedAt: askedAt, at: now, into: &effects)
    case (.claim(let record), .written(let versions)):
      guard let version = versions.first else { return }
      see(record, version, at: now)
      // Whoever has sealed takes nothing, also what it had asked for before.
      if isSealed { return unresolved = (version, record) }
      begin(countedFrom: askedAt, at: now, into: &effects)
    case (.claim(let record), .unknown):
      unresolved = (seen?.version, record)
      looksAt = now + Self.pause
    case (.claim, _): looksAt = now
    case (.renew(let record), .written(let versions)):
      guard let version = versions.first else { return }
      see(record, version, at: now)
      settle(record)
      isRecorded = true
      count(from: mutants.have(.leaseFromTheAnswer) ? now : askedAt, at: now, into: &effects)
    case (.release(let record), .written(let versions)):
      guard let version = versions.first else { return }
      see(record, version, at: now)
      stance = .watching
      looksAt = now + lease.term / 2
    default:
      // Somebody else was faster, or nobody knows.
      isStale = stance != .watching
      looksAt = reply == .unknown ? now + Self.pause : now
    }
  }

  private mutating func see(_ record: OwnerRecord?, _ version: StoreVersion?, at now: Moment) {
    if let unresolved, unresolved.expecting != version, unresolved.record != record {
      // Something else came to pass on that version, so the claim never will.
      self.unresolved = nil
    }
    if let seen, seen.version == version { return }
    seen = (record, version, seen == nil && mutants.have(.noQuietTimeAfterRestart) ? .start : now)
  }

  /// Decides what a look at the record means.
  private mutating func weigh(
    _ question: Question, _ record: OwnerRecord?, askedAt: Moment, at now: Moment, into effects: inout [Effect]
  ) {
    switch stance {
    case .watching:
      if let unresolved, unresolved.record.generation == record?.generation, record?.owner == me {
        // The claim did come to pass. When, nobody knows: what counts is the next renewal.
        self.unresolved = nil
        claimedGeneration = unresolved.record.generation
        isInherited = false
        stance = .owning(until: .start)
        isRecorded = true
        isStale = false
        renewsAt = now
        return
      }
      if question == .lookBeforeClaim { return claim(over: record, at: now, into: &effects) }
      consider(record, askedAt: askedAt, at: now, into: &effects)
    case .owning where isCarried && record == nil && !isSealed: claim(over: nil, at: now, into: &effects)
    case .owning(let until) where until > now && isBeforeOwn(record):
      // That is how it was once: a server that nobody follows any more answers so as well.
      looksAt = now + Self.pause
    case .owning, .releasing:
      isStale = false
      guard let record, isOwn(record) else {
        let wasOwning = if case .owning = stance { true } else { false }
        stance = .watching
        if wasOwning { effects.append(.drop(.taken(by: record?.owner?.node))) }
        return
      }
      settle(record)
      isRecorded = record.nodes == nodes
      looksAt = now
      renewsAt = now
      if mutants.have(.unknownRenewalCounted), case .owning = stance { count(from: now, at: now, into: &effects) }
    }
  }

  /// Whether a record was there before this node wrote its own.
  private func isBeforeOwn(_ record: OwnerRecord?) -> Bool { (record?.generation ?? 0) < claimedGeneration }

  /// Whether a record is what this node wrote, or the process before it.
  private func isOwn(_ record: OwnerRecord) -> Bool {
    let isNext = isInherited && (record.generation == claimedGeneration + 1 || isCarried)
    return record.owner == me && (isNext || record.generation == claimedGeneration)
  }

  /// Whether it's this node's by a generation of the era before. Nobody else's, so it takes it at once.
  private var isCarried: Bool { isInherited && claimedGeneration <= floor && floor > 0 }

  /// Goes on by a generation of its own, once the record says it.
  private mutating func settle(_ record: OwnerRecord) {
    guard isInherited, record.generation > claimedGeneration else { return }
    claimedGeneration = record.generation
    isInherited = false
  }

  /// Takes the name over if it's free or its owner silent, and this node may and has let others go first.
  private mutating func consider(
    _ record: OwnerRecord?, askedAt: Moment, at now: Moment, into effects: inout [Effect]
  ) {
    guard !isSealed, case .candidate(let delay) = standing, let since = seen?.since else { return }
    if isLeftToOthers, !mutants.have(.takenThoughNotAsked) { return }
    let due: Moment
    if let record, record.owner != nil {
      // The owner counts by its own file.
      due = since + max(lease.term, mutants.have(.silenceForOnesOwnTerm) ? .zero : record.term) + delay
    } else if let heir = record?.heir, heir != me.node {
      due = since + lease.term / 2 + delay
    } else if record == nil, floor > 0, !mutants.have(.eraWithoutQuiet) {
      // Whoever had it by the engine before may have it until then.
      due = since + Lease.quiet(after: [lease]) + delay
    } else {
      due = record?.heir == me.node ? since : since + delay
    }
    // The look has to have been asked for after the term, as the answer tells how it was then.
    let allowed = grants.mayTake(over: record)
    guard askedAt >= due, now >= allowed else {
      looksAt = min(looksAt, max(due, allowed))
      return
    }
    if mutants.have(.silenceFromUnsyncedRead) {
      return ask(.lookBeforeClaim, .read(.owner(name), .linearizable), at: now, into: &effects)
    }
    claim(over: record, at: now, into: &effects)
  }

  private mutating func claim(over record: OwnerRecord?, at now: Moment, into effects: inout [Effect]) {
    let next = claimed(record)
    write(.claim(next), next, over: seen?.version, at: now, into: &effects)
  }

  private mutating func begin(countedFrom sentAt: Moment, at now: Moment, into effects: inout [Effect]) {
    unresolved = nil
    claimedGeneration = seen?.record?.generation ?? 0
    isInherited = false
    isRecorded = true
    stance = .owning(until: .start)
    isStale = false
    renewsAt = lease.end(sentAt: sentAt) > now ? sentAt + lease.beat : now
    count(from: sentAt, at: now, into: &effects)
  }

  /// Counts the lease from when what succeeded was sent.
  mutating func count(from sentAt: Moment, at now: Moment, into effects: inout [Effect]) {
    countedAt = sentAt
    extend(to: lease.end(sentAt: sentAt), at: now, into: &effects)
  }

  /// Moves the end of what this node owns; what comes so late that it's over already changes nothing.
  mutating func extend(to end: Moment, at now: Moment, into effects: inout [Effect]) {
    guard end > now else { return }
    switch stance {
    case .owning(let until):
      stance = .owning(until: max(until, end))
      effects.append(.own(generation: claimedGeneration, until: max(until, end)))
    case .releasing where mutants.have(.renewalAfterRelease):
      effects.append(.own(generation: claimedGeneration, until: end))
    case .releasing, .watching: break
    }
  }
}
