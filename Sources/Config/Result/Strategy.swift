/// How a backend is picked.
package enum Strategy: String, CaseIterable, Sendable {
  case roundRobin = "round-robin"
  case random
  case twoChoices = "two-choices"
  case leastConnections = "least-connections"
  case sourceHash = "source-hash"
}
