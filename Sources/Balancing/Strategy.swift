/// How a pool chooses a backend for a session. The raw value is the word used in the configuration.
package enum Strategy: String, Sendable, CaseIterable {
  /// Each in turn, in the smooth weighted order; exact over all workers.
  case roundRobin = "round-robin"
  /// A weighted random draw.
  case random
  /// The less loaded of two different random ones.
  case twoChoices = "two-choices"
  /// The one with the fewest sessions for its weight, over all workers.
  case leastConnections = "least-connections"
  /// The same client address, the same backend.
  case sourceHash = "source-hash"
}
