/// Each in turn: the shared cursor walks a schedule that is computed once.
struct RoundRobin {
  /// So many scheduled places are looked at before the rest is left to a draw. A schedule that is mostly one heavy
  /// backend, tried already or full, would otherwise be walked for thousands of steps.
  private static let mostPlaces = 16

  private let schedule: [UInt32]

  init(weights: [Int]) {
    schedule = SmoothSchedule.positions(weights: weights)
  }

  /// Takes a slot of the scheduled member. If that one can't, the *next place* of the cursor is taken, rather than the
  /// neighbour of the place: then what a full backend can't take is shared by all others, not by its neighbour alone.
  func acquire(
    from members: [Member], cursor: Cursor, excluding exclusion: borrowing Exclusion, using generator: inout SplitMix64
  ) -> Int? {
    for _ in 0..<min(schedule.count, Self.mostPlaces) {
      let position = Int(schedule[Int(cursor.next() % UInt64(schedule.count))])
      if members[position].acquire(excluding: exclusion) { return position }
    }
    for _ in members.indices {
      guard let position = members.drawUsable(excluding: exclusion, using: &generator) else { return nil }
      if members[position].acquire(excluding: exclusion) { return position }
    }
    return nil
  }
}
