/// The less loaded of two different members drawn at random: nearly as even as the least loaded of all, without the
/// herd that runs to it (Mitzenmacher, "The power of two choices in randomized load balancing", 2001).
struct TwoChoices {
  private let draw: RandomDraw

  init(weights: [Int]) {
    draw = RandomDraw(weights: weights)
  }

  /// Takes a slot of the one with fewer sessions for its weight, the one drawn first if they are equal.
  func acquire(
    from members: [Member], excluding exclusion: borrowing Exclusion, using generator: inout SplitMix64
  ) -> Int? {
    for _ in members.indices {
      guard let first = draw.usable(of: members, excluding: exclusion, using: &generator) else { return nil }
      let second = draw.usable(of: members, besides: first, excluding: exclusion, using: &generator)
      let best = second.map { isLighter(members[$0], than: members[first]) ? $0 : first } ?? first
      if members[best].acquire(excluding: exclusion) { return best }
    }
    return nil
  }

  private func isLighter(_ member: Member, than other: Member) -> Bool {
    member.load.active * other.weight < other.load.active * member.weight
  }
}
