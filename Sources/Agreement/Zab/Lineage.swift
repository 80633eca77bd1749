/// Which of a fleet's engines this is: one that has lost its majority for good and was restored from what one node had is another one from
/// then on, and comes after the one before.
///
/// Whoever is of an earlier one is a stranger to it, whatever he remembers: he counts nowhere, and stops when he hears of the later one. Two
/// that were restored apart from each other come after each other as well, by their marks, so that in the end there is one.
package struct Lineage: Comparable, Hashable, Sendable {
  /// How often it was restored.
  package var count: UInt32
  /// Drawn when it was restored last.
  package var mark: UInt64

  /// With both.
  package init(count: UInt32, mark: UInt64) {
    (self.count, self.mark) = (count, mark)
  }

  /// The one that was founded.
  package static let first = Lineage(count: 0, mark: 0)
  /// How often one can be restored: numbers come to an end then.
  static let most: UInt32 = 1_000

  /// By how much the number of its members and its epochs are larger than the last ones that are known: those before it may have come to later
  /// ones, and nobody who knows of them need be left.
  static let numbers: UInt32 = 1 << 10
  static let epochs: UInt32 = 1 << 20

  /// Whether one comes before another.
  package static func < (left: Lineage, right: Lineage) -> Bool { (left.count, left.mark) < (right.count, right.mark) }
}

extension Members {
  /// With one voter, who begins anew and has a seat that was nobody's; all others are strangers. Nil if it was restored too often.
  func restored(to participant: Participant, mark: UInt64, after epoch: UInt32) -> Members? {
    let lineage = Lineage(count: self.lineage.count + 1, mark: mark)
    let free = (0..<NodeNumber(Self.limit)).map { (next + $0) % NodeNumber(Self.limit) }
    guard lineage.restorations <= Lineage.most, number < 1 << 29, epoch < 1 << 29 else { return nil }
    guard let seat = free.first(where: { self[$0] == nil }) else { return nil }
    var seats = [Participant?](repeating: nil, count: Self.limit)
    seats[Int(seat)] = participant
    var voters = NodeSet()
    voters.insert(seat)
    return Members(
      number: number + Lineage.numbers, epoch: epoch + Lineage.epochs, seats: seats,
      next: (seat + 1) % NodeNumber(Self.limit), voters: voters, former: nil, lineage: lineage)
  }

  /// Whether these came after others.
  func isLater(than others: Members) -> Bool { (lineage, number) > (others.lineage, others.number) }
}
