/// The fleet's log, by whichever engine the fleet has.
package enum FleetLog {
  /// In an ordered store that others run.
  case store(Boxed<StoreLog>)
  /// Kept by the nodes themselves.
  case embedded(Boxed<EmbeddedLog>)
  /// While it's stepped, so that nothing of it is copied.
  case stepped

  /// The log's engine, where it's the nodes themselves.
  package var embedded: EmbeddedLog? { if case .embedded(let log) = self { log.value } else { nil } }

  /// Which members these are, where the engine is the nodes themselves.
  package var membersID: UInt64? { if case .embedded(let log) = self { log.value.membersID } else { nil } }

  /// Whether the log is known to its end, so that what is appended is likely to be.
  package func isLive(at now: Moment) -> Bool {
    switch self {
    case .store(let log): log.value.isLive(at: now)
    case .embedded(let log): log.value.isLive
    case .stepped: false
    }
  }

  /// Whether its end is known, though there may be entries before that which aren't here yet.
  package func isReached(at now: Moment) -> Bool {
    switch self {
    case .store(let log): log.value.isReached(at: now)
    case .embedded(let log): log.value.isReached
    case .stepped: false
    }
  }

  /// Whether everything was delivered that the log was known to hold.
  package var isCaughtUp: Bool {
    switch self {
    case .store(let log): log.value.isCaughtUp
    case .embedded(let log): log.value.isCaughtUp
    case .stepped: false
    }
  }

  /// The position of the last entry that was delivered.
  package var delivered: UInt64 {
    switch self {
    case .store(let log): log.value.delivered
    case .embedded(let log): log.value.delivered
    case .stepped: 0
    }
  }

  /// The end of the log, as far as it's known.
  package var end: UInt64 {
    switch self {
    case .store(let log): log.value.end
    case .embedded(let log): log.value.end
    case .stepped: 0
    }
  }

  /// Entries that wait to be in the log.
  package var waiting: Int {
    switch self {
    case .store(let log): log.value.waiting
    case .embedded(let log): log.value.waiting
    case .stepped: 0
    }
  }

  /// The form that a program has to know to read on, if this node's doesn't.
  package var needed: Form? {
    switch self {
    case .store(let log): log.value.needed
    case .embedded(let log): log.value.needed
    case .stepped: nil
    }
  }

  /// Entries that are to be appended no more, if they aren't there yet.
  ///
  /// - Returns: those that were never tried.
  mutating func withdraw(_ entries: [EntryID]) -> [EntryID] {
    switch self {
    case .store(var log):
      self = .stepped
      defer { self = .store(log) }
      return log.value.withdraw(entries)
    case .embedded(var log):
      self = .stepped
      defer { self = .embedded(log) }
      return log.value.withdraw(entries)
    case .stepped: return []
    }
  }

  /// Somebody counts on leases of this term.
  mutating func note(_ term: Span) {
    guard case .embedded(var log) = self else { return }
    self = .stepped
    log.value.note(term)
    self = .embedded(log)
  }

  /// When it wants to be called with a tick at the latest.
  @inline(__always)
  package var wakesAt: Moment {
    switch self {
    case .store(let log): log.value.wakesAt
    case .embedded(let log): log.value.wakesAt
    case .stepped: .never
    }
  }
}
