/// The last hour of a process: what its sessions did in steps of 5 s, and what was changed.
///
/// It takes 28 KiB for the process and as much for each pool, of which it keeps 64: 1.8 MiB at most.
package struct Past: Equatable, Sendable {
  /// How many pools are kept at most. Of more only the process's own figures tell.
  package static let mostPools = 64
  /// How many events are kept at most.
  package static let mostEvents = 100

  /// Something that has happened to the whole process.
  package struct Event: Codable, Equatable, Sendable {
    /// What.
    package enum Kind: String, Codable, CaseIterable, Sendable {
      /// The process was started.
      case start
      /// A process took the place of another.
      case upgrade
      /// Another configuration took effect.
      case reload
      /// A reload was refused.
      case refusal
    }

    /// When.
    package var time: Timestamp
    /// What.
    package var kind: Kind
    /// What exactly, for people.
    package var text: String

    /// With all its parts.
    package init(time: Timestamp, kind: Kind, text: String) {
      self.time = time
      self.kind = kind
      self.text = text
    }
  }

  /// The figures of the whole process.
  package private(set) var process = FigureSeries()
  /// The figures of its pools.
  package private(set) var pools: [String: FigureSeries] = [:]
  /// What has happened to it, the latest last.
  package private(set) var events: [Event] = []

  /// Nothing is known yet.
  package init() {}

  /// Notes a step.
  ///
  /// - Parameter pools: the figures of pools, by their names, those first that are to be kept before others.
  package mutating func note(_ figures: Figures, of pools: [(name: String, figures: Figures)], at step: Int) {
    process.note(figures, at: step)
    for name in self.pools.filter({ $0.value.end <= step - FigureSeries.length }).keys { self.pools[name] = nil }
    let present = pools.prefix(Self.mostPools)
    makeRoom(for: Set(present.map(\.name)))
    for (name, figures) in present { self.pools[name, default: FigureSeries()].note(figures, at: step) }
  }

  /// Notes what has happened.
  package mutating func note(_ event: Event) {
    events.append(event)
    events = Array(events.suffix(Self.mostEvents))
  }

  /// Takes what the process before this one has noted of itself, or of a pool. A pool for which there's no room is left out.
  package mutating func fill(_ pool: String?, from older: FigureSeries) {
    guard let pool else { return process.fill(from: older) }
    guard pools[pool] != nil || pools.count < Self.mostPools else { return }
    pools[pool, default: FigureSeries()].fill(from: older)
  }

  /// Takes what has happened to the process before this one.
  package mutating func fill(from older: [Event]) {
    let known = older.filter { !events.contains($0) }
    events = Array((known + events).sorted { $0.time < $1.time }.suffix(Self.mostEvents))
  }

  /// Lets go of pools that aren't there any more, those that went first before the others.
  private mutating func makeRoom(for present: Set<String>) {
    let gone = pools.filter { !present.contains($0.key) }.sorted { $0.value.end < $1.value.end }
    let excess = Set(pools.keys).union(present).count - Self.mostPools
    for (name, _) in gone.prefix(max(excess, 0)) { pools[name] = nil }
  }
}
