/// A weighted random draw in constant time: Walker's alias method, with Vose's way to build the table ("A linear
/// algorithm for generating random numbers with a given distribution", 1991).
struct RandomDraw {
  /// A draw hits each column equally often; within it the column's own member has the given share (of 2^64), the
  /// other one the rest.
  private struct Column {
    var share: UInt64
    var other: Int
  }

  private let columns: [Column]

  init(weights: [Int]) {
    let count = weights.count
    let sum = weights.reduce(0, +)
    // Every column holds `sum`, and there are `count` of them: a weight fills weight * count.
    var rests = weights.map { $0 * count }
    var columns = weights.indices.map { Column(share: .max, other: $0) }
    var small = weights.indices.filter { rests[$0] < sum }
    var large = weights.indices.filter { rests[$0] > sum }
    while let poor = small.popLast(), let rich = large.popLast() {
      columns[poor] = Column(
        share: UInt64(sum).dividingFullWidth((high: UInt64(rests[poor]), low: 0)).quotient, other: rich)
      rests[rich] -= sum - rests[poor]
      if rests[rich] < sum { small.append(rich) }
      if rests[rich] > sum { large.append(rich) }
    }
    self.columns = columns
  }

  /// A member's position, whatever its state.
  func position(using generator: inout SplitMix64) -> Int {
    let (column, fraction) = generator.next().multipliedFullWidth(by: UInt64(columns.count))
    let position = Int(truncatingIfNeeded: column)
    return fraction < columns[position].share ? position : columns[position].other
  }

  /// A usable member's position: by the table, or, when that one isn't usable, by a draw among those that are.
  func usable(
    of members: Members, besides taken: Int? = nil, excluding exclusion: borrowing Exclusion, at now: UInt64,
    using generator: inout SplitMix64
  ) -> Int? {
    let drawn = position(using: &generator)
    if drawn != taken, members.isUsable(drawn, excluding: exclusion, at: now) { return drawn }
    return members.drawUsable(besides: taken, excluding: exclusion, at: now, using: &generator)
  }

  /// Takes a slot of a random member.
  func acquire(
    from members: Members, excluding exclusion: borrowing Exclusion, at now: UInt64, using generator: inout SplitMix64
  ) -> Int? {
    // Who looks usable may be full a moment later, through another worker; the next try sees that.
    for _ in members.positions {
      guard let position = usable(of: members, excluding: exclusion, at: now, using: &generator) else { return nil }
      if members.acquire(position, excluding: exclusion, at: now) == .acquired { return position }
    }
    return nil
  }
}

extension Members {
  /// A weighted draw among the usable members alone, in one pass over all.
  func drawUsable(
    besides taken: Int? = nil, excluding exclusion: borrowing Exclusion, at now: UInt64,
    using generator: inout SplitMix64
  ) -> Int? {
    var drawn: Int?
    var sum = 0
    for position in positions where position != taken && isUsable(position, excluding: exclusion, at: now) {
      // Each takes the place of the one before with its share of all so far, so in the end each has its share of all.
      sum += self[position].weight
      if generator.below(sum) < self[position].weight { drawn = position }
    }
    return drawn
  }
}

extension RandomDraw {
  /// How likely each one is: a draw that hits one who isn't usable is drawn again among those that are, so it's the share
  /// of their weight.
  func explain(_ candidates: [CandidateExplanation]) -> Stand {
    let sum = Double(candidates.usableWeight)
    return Stand(
      position: .random(probabilities: candidates.map { $0.state == .usable ? Double($0.weight) / sum : 0 }),
      outcome: candidates.drawn)
  }
}
