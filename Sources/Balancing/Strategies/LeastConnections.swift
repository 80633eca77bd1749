/// The member with the fewest sessions for its weight, over all workers.
struct LeastConnections {
  /// Takes a slot of the member with the least (active + 1) / weight: its load with this session. Among equals the
  /// cursor decides, so that idle members of the same weight take turns.
  func acquire(from members: [Member], cursor: Cursor, excluding exclusion: borrowing Exclusion) -> Int? {
    let start = Int(cursor.next() % UInt64(members.count))
    // Who looks usable may be full a moment later, through another worker; the next try sees that.
    for _ in members.indices {
      guard let position = lightest(of: members, from: start, excluding: exclusion) else { return nil }
      if members[position].acquire(excluding: exclusion) { return position }
    }
    return nil
  }

  private func lightest(of members: [Member], from start: Int, excluding exclusion: borrowing Exclusion) -> Int? {
    var best: Int?
    var bestLoad = 0
    var bestWeight = 1
    var position = start
    for _ in members.indices {
      if members[position].isUsable(excluding: exclusion) {
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
