import Agreement

/// Judges what nodes learn of the log: the same entries at the same places, and each thing that was wanted once.
struct LogJudge {
  private(set) var entries: [Entry] = []
  private var results: [FleetState.Outcome] = []
  private var tokens: Set<[UInt8]> = []

  enum Verdict {
    case first
    case known
    case wrong(String, String)
  }

  mutating func judge(_ entry: Entry, _ position: UInt64, _ result: FleetState.Outcome) -> Verdict {
    let index = Int(position) - 1
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
      return .wrong("the log has no hole", "\(position) was learned after \(entries.count)")
    }
    entries.append(entry)
    results.append(result)
    if case .set(_, let value) = entry.event, result == .taken, !tokens.insert(value).inserted {
      return .wrong("each thing happens once", "\(position) sets \(value) again")
    }
    return .first
  }
}
