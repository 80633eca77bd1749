/// The member with the fewest sessions for its weight, over all workers.
struct LeastConnections {
  /// Takes a slot of the member with the least (active + 1) / weight: its load with this session. Among equals the
  /// cursor decides, so that idle members of the same weight take turns.
  func acquire(
    from members: Members, cursor: Cursor, excluding exclusion: borrowing Exclusion, at now: UInt64
  ) -> Int? {
    let start = Int(cursor.next() % UInt64(members.count))
    // Who looks usable may be full a moment later, through another worker; the next try sees that.
    for _ in members.positions {
      guard let position = lightest(of: members, from: start, excluding: exclusion, at: now) else { return nil }
      if members.acquire(position, excluding: exclusion, at: now) == .acquired { return position }
    }
    return nil
  }

  private func lightest(
    of members: Members, from start: Int, excluding exclusion: borrowing Exclusion, at now: UInt64
  ) -> Int? {
    var best: Int?
    var bestLoad = 0
    var bestWeight = 1
    var position = start
    for _ in members.positions {
      if members.isUsable(position, excluding: exclusion, at: now) {
        let load = members[position].load.active + 1
        let weight = members[position].weight
        // Of those that are as light the first in the rotation stays.
        if best == nil || load * bestWeight < bestLoad * weight {
          best = position
          bestLoad = load
          bestWeight = weight
        }
      }
      position += 1
      if position == members.count { position = 0 }
    }
    return best
  }
}

extension LeastConnections {
  /// How heavy each one is, and who is the lightest with the cursor at a place.
  func explain(_ candidates: [CandidateExplanation], place: UInt64) -> Stand {
    let start = Int(place % UInt64(candidates.count))
    let rotation = candidates[start...] + candidates[..<start]
    // Of those that are as light `min` takes the first in the rotation, too.
    let lightest = rotation.filter { $0.state == .usable }
      .min { ($0.active + 1) * $1.weight < ($1.active + 1) * $0.weight }
    return Stand(
      position: .leastConnections(
        loads: candidates.map { Double($0.active + 1) / Double($0.weight) }, lightest: lightest?.index),
      outcome: lightest.map { .exact($0.index) } ?? candidates.drawn, places: 1)
  }
}
