/// Which of a fleet's logs a node goes by. Each change of the engine begins another one, with what the one before came to: the numbers of
/// entries and of generations go on.
package struct Era: Equatable, Sendable {
  /// Grows with each change; 0 for the first log.
  package var number: UInt32
  /// What it's kept by, as all nodes call it.
  package var engine: String
  /// What the log before came to; nil for the first.
  package var origin: FleetState?

  /// With all its parts.
  package init(number: UInt32 = 0, engine: String = "", origin: FleetState? = nil) {
    (self.number, self.engine, self.origin) = (number, engine, origin)
  }

  /// The one that comes after a log that has ended; nil if it hasn't.
  package init?(after state: FleetState) {
    guard state.isOver, let succession = state.succession else { return nil }
    self.init(number: succession.era, engine: succession.engine, origin: state)
  }

  /// How many eras there can be: numbers come to an end then.
  static let most: UInt32 = 1 << 15

  /// The number of the first members of an era whose nodes agree by themselves: no earlier era's has come so far.
  static func members(_ era: UInt32) -> UInt32 { era << 12 }

  /// What generations of an era's owners are larger than: none of an earlier era has come so far.
  static func floor(_ era: UInt32) -> UInt64 { UInt64(members(era)) << 32 }
}

extension Lineage {
  /// In which era it began.
  var era: UInt32 { count >> 16 }

  /// How often it was restored since.
  var restorations: UInt32 { count & 0xFFFF }

  /// Whether it came from another engine, so that somebody may carry a name over from that. Who restores a fleet carries nothing over.
  var isFirstOfEra: Bool { era > 0 && restorations == 0 }

  /// The one with which an era begins.
  init(beginning era: UInt32) { self.init(count: era << 16, mark: 0) }
}

extension EmbeddedMemory {
  /// What each node has at the beginning of an era in which they agree by themselves: the same on all of them, as if it were a snapshot that
  /// all have agreed on. Nobody has owned anything in it yet, so whoever doesn't carry an address over waits until those who did before own
  /// it no more.
  package init?(beginning era: Era, names: [String]) {
    guard let state = era.origin, let founders = state.succession?.founders else { return nil }
    self.init()
    var founding = Members(founders: founders)
    founding.begin(era.number)
    for record: ZabRecord in [
      .accepted(epoch: 1, leader: 0), .current(epoch: 1),
      .snapshot(Zxid(epoch: 1, counter: 1), founding, state.begun.encoded),
    ] {
      take(.log(record))
    }
    for name in names { slots[name] = PaxosSlot(restoredTo: founding) }
  }

  /// The era in whose log this node takes part; 0 as well where it takes part in none.
  package var era: UInt32 { log.history.members?.lineage.era ?? 0 }
}
