import Agreement

/// Judges what nodes learn of the log: the same entries at the same places, and each thing that was wanted once.
struct LogJudge {
  /// The position before its first entry.
  private var base: UInt64 = 0
  private var entries: [Entry] = []
  private var results: [FleetState.Outcome] = []
  private var tokens: Set<[UInt8]> = []

  enum Verdict {
    case first
    case known
    case wrong(String, String)
  }

  mutating func judge(_ entry: Entry, _ position: UInt64, _ result: FleetState.Outcome) -> Verdict {
    guard position > base else { return .wrong("the log has no hole", "\(position) was learned, before the first") }
    let index = Int(position - base) - 1
    if index < entries.count {
      guard entries[index] == entry else {
        return .wrong("all have the same log", "\(position) is \(entry.event), and was \(entries[index].event) before")
      }
      guard results[index] == result else {
        return .wrong("all come to the same", "\(position) comes to \(result), and came to \(results[index]) before")
      }
      return .known
    }
    guard index == entries.count else {
      return .wrong("the log has no hole", "\(position) was learned after \(base + UInt64(entries.count))")
    }
    guard note(entry, result) else { return .wrong("each thing happens once", "\(position) sets something again") }
    return .first
  }

  /// What was learned at a position, and what it came to.
  func entry(at position: UInt64) -> (Entry, FleetState.Outcome)? {
    guard position > base, position - base <= UInt64(entries.count) else { return nil }
    return (entries[Int(position - base) - 1], results[Int(position - base) - 1])
  }

  /// Whether something was set.
  func hasSet(_ value: [UInt8]) -> Bool { tokens.contains(value) }

  /// Takes what came to this, without a look; whether it's the first time that it was set.
  @discardableResult
  mutating func note(_ entry: Entry, _ result: FleetState.Outcome) -> Bool {
    entries.append(entry)
    results.append(result)
    guard case .set(_, let value) = entry.event, result == .taken else { return true }
    return tokens.insert(value).inserted
  }

  /// Forgets what came behind a position; gives all before that, with what it came to.
  mutating func cut(to position: UInt64) -> [(Entry, UInt64, FleetState.Outcome)] {
    let kept = Int(min(max(position, base) - base, UInt64(entries.count)))
    for (entry, result) in zip(entries[kept...], results[kept...]) where result == .taken {
      if case .set(_, let value) = entry.event { tokens.remove(value) }
    }
    entries.removeSubrange(kept...)
    results.removeSubrange(kept...)
    return entries.indices.map { (entries[$0], base + UInt64($0) + 1, results[$0]) }
  }

  /// A log begins with what all up to a position came to; what was set so far was.
  mutating func begin(after position: UInt64) {
    (base, entries, results) = (position, [], [])
  }
}

extension World {
  /// All who have the same log to the same place have come to the same by it, whether they took each entry or a snapshot of some.
  func judgeState(of node: Int) {
    guard let state = nodes[node].fleet?.value.state else { return }
    for other in nodes.indices where other != node && branch(of: other) == branch(of: node) {
      guard let others = nodes[other].fleet?.value.state, others.position == state.position else { continue }
      // Another engine's log begins with what the one before it came to.
      guard others.era == state.era, others != state else { continue }
      fail("all come to the same", "n\(node) and n\(other) have other states at \(state.position)")
    }
  }
}
