/// Which pools turn clients away at present: what has grown in the counts, not what the counts are.
package struct Refusals: Equatable, Sendable {
  /// After so many seconds in which nobody was turned away it's over.
  package static let quiet = 60.0

  private var counts: [String: [String: Int]] = [:]
  private var episodes: [String: Report.Refusing] = [:]

  /// Nothing is known yet.
  package init() {}

  /// What a pool does; nil if it turns nobody away.
  package subscript(pool: String) -> Report.Refusing? { episodes[pool] }

  /// Whether a pool was looked at before.
  package func knows(_ pool: String) -> Bool { counts[pool] != nil }

  /// Takes what a pool has counted by now. What it had counted when it was looked at first is of the past.
  ///
  /// - Parameter new: by cause, without those that are the client's own doing or an operator's.
  package mutating func observe(_ new: [String: Int], of pool: String, at time: Timestamp) {
    let grown = (counts[pool] ?? new).merging(new) { $1 - $0 }.filter { $0.value > 0 }
    counts[pool] = new
    guard !grown.isEmpty else { return end(pool, at: time) }
    var episode = episodes[pool] ?? Report.Refusing(since: time, last: time, causes: [:])
    episode.last = time
    episode.causes.merge(grown, uniquingKeysWith: +)
    episodes[pool] = episode
  }

  /// Nothing was counted of a pool since it was looked at last.
  package mutating func observeNothing(of pool: String, at time: Timestamp) { end(pool, at: time) }

  /// Forgets all pools but these.
  package mutating func keep(_ pools: Set<String>) {
    counts = counts.filter { pools.contains($0.key) }
    episodes = episodes.filter { pools.contains($0.key) }
  }

  private mutating func end(_ pool: String, at time: Timestamp) {
    if let episode = episodes[pool], time.seconds(since: episode.last) >= Self.quiet { episodes[pool] = nil }
  }
}
