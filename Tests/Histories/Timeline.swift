/// What the log says of one register, as far as its entries are known: between which of its places it holds what.
struct Timeline {
  private let positions: [UInt64]
  private let clears: [Bool]
  /// The first change that may have cleared it at a place that nobody knows: when it was asked for, and behind which place it is then.
  private let doubt: (began: Int64, behind: UInt64)?

  init(_ entries: [(position: UInt64, isClear: Bool)], doubt: (began: Int64, behind: UInt64)?) {
    var sorted = entries.sorted { $0.position < $1.position }
    // Of two at one place, which must not be, one counts.
    for index in sorted.indices.dropFirst().reversed() where sorted[index].position == sorted[index - 1].position {
      sorted.remove(at: index)
    }
    positions = sorted.map(\.position)
    clears = sorted.map(\.isClear)
    self.doubt = doubt
  }

  /// The places at which it can hold what was set at one, up to the one before the next entry.
  func places(ofSet position: UInt64) -> ClosedRange<UInt64> {
    position...end(of: index(behind: position))
  }

  /// The places among others at which it can hold nothing, as far as somebody could see who looked until a moment.
  func emptyPlaces(in range: ClosedRange<UInt64>, until moment: Int64) -> [ClosedRange<UInt64>] {
    var places: [ClosedRange<UInt64>] = []
    var next = index(behind: range.lowerBound)
    // What holds at the range's begin is the entry's before it.
    if next == 0 || clears[next - 1] { places.append(range.lowerBound...min(end(of: next), range.upperBound)) }
    while next < positions.count, positions[next] <= range.upperBound {
      if clears[next] { places.append(positions[next]...min(end(of: next + 1), range.upperBound)) }
      next += 1
    }
    if let doubt, doubt.began <= moment, range.upperBound > doubt.behind {
      places.append(max(doubt.behind + 1, range.lowerBound)...range.upperBound)
    }
    return places
  }

  /// Which entry is the first behind a place.
  private func index(behind position: UInt64) -> Int {
    var (low, high) = (0, positions.count)
    while low < high {
      let middle = (low + high) / 2
      if positions[middle] <= position { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The last place before an entry.
  private func end(of next: Int) -> UInt64 {
    next < positions.count ? positions[next] - 1 : .max
  }
}
