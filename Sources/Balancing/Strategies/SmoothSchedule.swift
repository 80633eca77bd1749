/// The smooth weighted order of nginx (ngx_http_upstream_round_robin.c): in each step every weight is added to its
/// member's credit, the member with the most credit (the first of several) is taken, and the sum of all weights is
/// subtracted from its credit. Weights 5, 1, 1 give a a b a c a a, not a a a a a b c.
enum SmoothSchedule {
  /// The longest schedule, as long as there are no more members than that. Weights with a larger sum are scaled down.
  static let longest = 16_384

  /// Members of the same weight take turns in the order of the list, so it is enough to compare one of each weight:
  /// the next in turn has the most credit, and of several with as much it is the first.
  private struct Group {
    let weight: Int
    var positions: [Int]
    var taken = 0

    var next: Int { positions[taken % positions.count] }

    /// The credit of the next in turn in the given step, counted from 1.
    func credit(step: Int, sum: Int) -> Int {
      weight * step - sum * (taken / positions.count)
    }
  }

  /// One whole round: each position as often as its share, after which the order repeats.
  static func positions(weights: [Int]) -> [UInt32] {
    let weights = reduced(weights)
    let sum = weights.reduce(0, +)
    var groups = Dictionary(grouping: weights.indices) { weights[$0] }.map {
      Group(weight: $0.key, positions: $0.value)
    }
    return (1...sum).map { step in
      var best = 0
      var bestCredit = groups[0].credit(step: step, sum: sum)
      for rival in groups.indices.dropFirst() {
        let credit = groups[rival].credit(step: step, sum: sum)
        if credit > bestCredit || credit == bestCredit && groups[rival].next < groups[best].next {
          best = rival
          bestCredit = credit
        }
      }
      defer { groups[best].taken += 1 }
      return UInt32(groups[best].next)
    }
  }

  /// The smallest weights of the same ratios, or of nearly the same if they would make the schedule too long.
  static func reduced(_ weights: [Int]) -> [Int] {
    let divisor = weights.reduce(0, greatestCommonDivisor)
    let sum = weights.reduce(0, +) / divisor
    guard sum > longest else { return weights.map { $0 / divisor } }
    return weights.map { max(1, $0 / divisor * longest / sum) }
  }

  private static func greatestCommonDivisor(_ left: Int, _ right: Int) -> Int {
    var (left, right) = (left, right)
    while right != 0 { (left, right) = (right, left % right) }
    return left
  }
}
