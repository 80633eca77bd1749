import Agreement

/// Judges whether nodes sleep while nothing is due: one that wants to be called again and again keeps a processor busy.
struct SleepJudge {
  private var spins: [Int]

  init(nodes: Int) {
    spins = Array(repeating: 0, count: nodes)
  }

  /// Takes when a node wants to be called, once it was because of the time; what is wrong with that, if anything.
  mutating func judge(_ node: Int, wakes: Moment, at now: Moment) -> String? {
    // What it has begun may be due at once, a few times.
    spins[node] = wakes <= now ? spins[node] + 1 : 0
    return spins[node] > 20 ? "n\(node) does nothing, and wants to be called again and again" : nil
  }
}
