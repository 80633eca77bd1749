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
    from members: Members, cursor: Cursor, excluding exclusion: borrowing Exclusion, at now: UInt64,
    using generator: inout SplitMix64
  ) -> Int? {
    for _ in 0..<min(schedule.count, Self.mostPlaces) {
      let position = Int(schedule[Int(cursor.next() % UInt64(schedule.count))])
      if members.acquire(position, excluding: exclusion, at: now) == .acquired { return position }
    }
    for _ in members.positions {
      guard let position = members.drawUsable(excluding: exclusion, at: now, using: &generator) else { return nil }
      if members.acquire(position, excluding: exclusion, at: now) == .acquired { return position }
    }
    return nil
  }
}

extension RoundRobin {
  /// Where the rotation stands with the cursor at a place.
  func explain(_ candidates: [CandidateExplanation], place: UInt64) -> Stand {
    func scheduled(_ step: Int) -> CandidateExplanation {
      candidates[Int(schedule[Int((place &+ UInt64(step)) % UInt64(schedule.count))])]
    }
    let places = min(schedule.count, Self.mostPlaces)
    let chosen = (0..<places).first { scheduled($0).state == .usable }
    return Stand(
      position: .roundRobin(
        place: Int(place % UInt64(schedule.count)), length: schedule.count,
        next: (0..<min(schedule.count, StrategyPosition.mostNext)).map { scheduled($0).index }),
      outcome: chosen.map { .exact(scheduled($0).index) } ?? candidates.drawn, places: places)
  }
}
