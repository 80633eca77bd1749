/// What sessions did in one step of the past, in the whole process or in a pool.
package struct Figures: Equatable, Sendable {
  /// How many stood at the step's end.
  package var active: UInt32
  /// How many began in it.
  package var sessions: UInt32
  /// How many connects failed in it.
  package var failures: UInt32
  /// How many clients were turned away in it.
  package var refused: UInt32
  /// The bytes that went to backends in it.
  package var toBackend: UInt64
  /// The bytes that went to clients in it.
  package var toClient: UInt64

  /// With all its parts; nothing happened without them.
  package init(
    active: UInt32 = 0, sessions: UInt32 = 0, failures: UInt32 = 0, refused: UInt32 = 0, toBackend: UInt64 = 0,
    toClient: UInt64 = 0
  ) {
    self.active = active
    self.sessions = sessions
    self.failures = failures
    self.refused = refused
    self.toBackend = toBackend
    self.toClient = toClient
  }
}

extension Figures {
  /// What happened in this part of a step and in the one before it.
  func adding(_ before: Figures) -> Figures {
    func sum<Number: FixedWidthInteger>(_ figure: KeyPath<Figures, Number>) -> Number {
      let (sum, isTooMuch) = self[keyPath: figure].addingReportingOverflow(before[keyPath: figure])
      return isTooMuch ? .max : sum
    }
    return Figures(
      active: active, sessions: sum(\.sessions), failures: sum(\.failures), refused: sum(\.refused),
      toBackend: sum(\.toBackend), toClient: sum(\.toClient))
  }
}

/// What has been counted up to a moment, in the whole process or in a pool.
package struct FigureTotals: Equatable, Sendable {
  /// How many sessions stand.
  package var active = 0
  /// How many have begun.
  package var sessions = 0
  /// How many connects have failed.
  package var failures = 0
  /// How many clients were turned away.
  package var refused = 0
  /// The bytes that went to backends.
  package var toBackend = 0
  /// The bytes that went to clients.
  package var toClient = 0

  /// Nothing was counted.
  package init() {}

  /// What has happened since other totals. Where less is counted than before (a pool was taken over, or forgotten) nothing has.
  package func figures(since before: FigureTotals) -> Figures {
    func grown<Number: FixedWidthInteger & UnsignedInteger>(_ count: KeyPath<FigureTotals, Int>) -> Number {
      Number(clamping: max(self[keyPath: count] - before[keyPath: count], 0))
    }
    return Figures(
      active: UInt32(clamping: active), sessions: grown(\.sessions), failures: grown(\.failures),
      refused: grown(\.refused), toBackend: grown(\.toBackend), toClient: grown(\.toClient))
  }

  /// Adds other totals, so many times: 1, or -1 to take them away.
  package mutating func add(_ other: FigureTotals, times factor: Int = 1) {
    active += factor * other.active
    sessions += factor * other.sessions
    failures += factor * other.failures
    refused += factor * other.refused
    toBackend += factor * other.toBackend
    toClient += factor * other.toClient
  }
}
