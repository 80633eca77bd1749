/// The less loaded of two different members drawn at random: nearly as even as the least loaded of all, without the
/// herd that runs to it (Mitzenmacher, "The power of two choices in randomized load balancing", 2001).
struct TwoChoices {
  private let draw: RandomDraw

  init(weights: [Int]) {
    draw = RandomDraw(weights: weights)
  }

  /// Takes a slot of the one with fewer sessions for its weight, the one drawn first if they are equal.
  func acquire(
    from members: Members, excluding exclusion: borrowing Exclusion, at now: UInt64, using generator: inout SplitMix64
  ) -> Int? {
    for _ in members.positions {
      guard let first = draw.usable(of: members, excluding: exclusion, at: now, using: &generator) else { return nil }
      let second = draw.usable(of: members, besides: first, excluding: exclusion, at: now, using: &generator)
      let best = second.map { isLighter(members[$0], than: members[first]) ? $0 : first } ?? first
      if members.acquire(best, excluding: exclusion, at: now) == .acquired { return best }
    }
    return nil
  }

  private func isLighter(_ member: Member, than other: Member) -> Bool {
    member.load.active * other.weight < other.load.active * member.weight
  }
}

extension TwoChoices {
  /// How likely each one is. It's taken if it's drawn first, and second nobody that is lighter; or if it's drawn second,
  /// after one that is heavier. The second is drawn by the weights of all that are usable but the first.
  func explain(_ candidates: [CandidateExplanation]) -> Stand {
    func isLighter(_ left: Int, than right: Int) -> Bool {
      candidates[left].active * candidates[right].weight < candidates[right].active * candidates[left].weight
    }
    let sum = candidates.usableWeight
    /// Being drawn first, over the weight of those that can be second.
    func asFirst(_ position: Int) -> Double {
      Double(candidates[position].weight) / Double(sum) / Double(sum - candidates[position].weight)
    }
    var probabilities = candidates.map { _ in 0.0 }
    let order = candidates.indices.filter { candidates[$0].state == .usable }.sorted(by: isLighter)
    if order.count == 1 { probabilities[order[0]] = 1 }
    // From the lightest to the heaviest, all that are equal at a time.
    var rest = order.count > 1 ? order[...] : []
    var lighter = 0
    var heavier = rest.reduce(0) { $0 + asFirst($1) }
    while let first = rest.first {
      let equals = rest.prefix { !isLighter(first, than: $0) }
      heavier -= equals.reduce(0) { $0 + asFirst($1) }
      for position in equals {
        let weight = candidates[position].weight
        probabilities[position] =
          asFirst(position) * Double(sum - weight - lighter) + Double(weight) * max(heavier, 0)
      }
      lighter += equals.reduce(0) { $0 + candidates[$1].weight }
      rest = rest.dropFirst(equals.count)
    }
    return Stand(position: .twoChoices(probabilities: probabilities), outcome: candidates.drawn)
  }
}
