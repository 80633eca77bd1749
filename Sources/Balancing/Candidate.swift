/// One eligible backend, as a snapshot of the routing sees it.
package struct Candidate: Sendable {
  /// The place in the pool's list of backends: what a pick answers.
  package let index: Int
  /// The effective weight, already scaled while the backend warms up: 1 to 1,000,000,000.
  package let weight: Int
  /// The lowest tier with a usable candidate serves.
  package let tier: Int
  /// The most sessions at a time over all workers; `Int.max` where there is no limit.
  package let maxSessions: Int
  /// What its guard lets through at present; nil without a guard.
  package let guardRules: GuardRules?
  /// The sessions that are there, shared by all snapshots.
  package let load: BackendLoad
  /// What the backend is for `source-hash`, whatever its place in the list: the text of its address.
  package let hashKey: String

  /// Describes an eligible backend. A weight out of range is moved to the nearest that is in range.
  package init(
    index: Int, weight: Int, tier: Int, maxSessions: Int, guardRules: GuardRules? = nil, load: BackendLoad,
    hashKey: String
  ) {
    self.index = index
    self.weight = min(max(weight, 1), 1_000_000_000)
    self.tier = tier
    self.maxSessions = maxSessions
    self.guardRules = guardRules
    self.load = load
    self.hashKey = hashKey
  }
}
