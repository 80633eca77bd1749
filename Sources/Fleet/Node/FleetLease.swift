/// What a process that owned an address leaves to the one that takes its place, which has the same memory and the same clock.
package struct FleetLease: Codable, Equatable, Sendable {
  /// The address's name.
  package var name: String
  /// By which generation it's owned.
  package var generation: UInt64
  /// Until when, in nanoseconds of CLOCK_BOOTTIME.
  package var until: Int64
  /// What the nodes come to that the log's record of it names, if they are those that the process knew.
  package var roster: UInt64?
  /// Whether the program that moves it has yet to claim it; nil for no.
  package var isUnclaimed: Bool?
}

/// All that a process leaves of its addresses.
package struct FleetLeases: Codable, Equatable, Sendable {
  /// Those that it owned.
  package var held: [FleetLease]
  /// Whether the node shall own none.
  package var hasLeft: Bool
  /// Whether the process has said that it takes and renews nothing any more, as the engine changes; nil for no.
  package var isSealed: Bool?

  /// With all its parts.
  package init(held: [FleetLease] = [], hasLeft: Bool = false, isSealed: Bool? = nil) {
    self.held = held
    self.hasLeft = hasLeft
    self.isSealed = isSealed
  }
}
