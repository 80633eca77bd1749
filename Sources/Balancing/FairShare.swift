/// Who of a tier's backends has more sessions than its fair share, as after one has come back empty: whom to ask for how
/// many, so that the sessions that end there and come again even the tier out.
package enum FairShare {
  /// What one backend has.
  package struct Holding: Equatable, Sendable {
    /// The effective weight: less than 1 counts as 1.
    package var weight: Int
    /// Its sessions: 0 or more.
    package var active: Int
    /// The most sessions it may have; `Int.max` where there is no limit.
    package var maxSessions: Int

    /// Describes what a backend has.
    package init(weight: Int, active: Int, maxSessions: Int = .max) {
      self.weight = max(weight, 1)
      self.active = max(active, 0)
      self.maxSessions = max(maxSessions, 0)
    }
  }

  /// How many sessions each backend has over its fair share, in the order of the backends.
  ///
  /// Fair shares are whole sessions in proportion to the weights, by largest remainders (Hamilton's method); what one
  /// can't take for its limit is the others'. All excess together is as much as those below their share can take, so
  /// no session ends for nothing, and after that number has moved there is no excess any more.
  package static func excess(of backends: [Holding]) -> [Int] {
    let shares = apportion(
      backends.reduce(0) { $0 + $1.active }, weights: backends.map(\.weight), limits: backends.map(\.maxSessions),
      present: backends.map(\.active))
    let over = zip(backends, shares).map { max($0.active - $1, 0) }
    let room = zip(backends, shares).reduce(0) { $0 + max($1.1 - $1.0.active, 0) }
    // They differ only where the limits don't have room for all sessions that are there.
    guard over.reduce(0, +) > room else { return over }
    return apportion(room, weights: over, limits: over, present: over)
  }

  /// Divides a number in proportion to weights, nobody getting more than its limit: by largest remainders, and of equal
  /// ones first to who has most beyond its whole part already.
  private static func apportion(_ total: Int, weights: [Int], limits: [Int], present: [Int]) -> [Int] {
    var shares = weights.map { _ in 0 }
    var open = weights.indices.filter { weights[$0] > 0 }
    var rest = total
    var sum = 0
    func quota(_ position: Int) -> (quotient: UInt, remainder: UInt) {
      UInt(sum).dividingFullWidth(UInt(weights[position]).multipliedFullWidth(by: UInt(rest)))
    }
    // Who is cut off by its limit leaves more to the others, which may cut off more of them.
    while true {
      sum = open.reduce(0) { $0 + weights[$1] }
      let cutOff = open.filter { quota($0).quotient >= UInt(limits[$0]) }
      if cutOff.isEmpty { break }
      for position in cutOff { shares[position] = limits[position] }
      rest -= cutOff.reduce(0) { $0 + limits[$1] }
      open.removeAll { shares[$0] == limits[$0] }
    }
    for position in open { shares[position] = Int(quota(position).quotient) }
    let order = open.sorted { left, right in
      let (one, other) = (quota(left).remainder, quota(right).remainder)
      guard one == other else { return one > other }
      let (beyond, otherBeyond) = (present[left] - shares[left], present[right] - shares[right])
      return beyond == otherBeyond ? left < right : beyond > otherBeyond
    }
    let left = rest - open.reduce(0) { $0 + shares[$1] }
    for position in order.prefix(left) { shares[position] += 1 }
    return shares
  }
}
