/// Judges whether a register was linearizable: whether each operation can have taken effect at one moment between its question and its
/// answer, so that all that was told is right.
///
/// It's the search of Wing and Gong with the memory and the laziness of Lowe ("Testing for linearizability", 2016): it goes through the
/// history in the order of time, and knows all that the register can have come to by then. Nothing takes effect before somebody has to have
/// been answered. What is particular to registers keeps that small:
///
/// - What an operation leaves behind doesn't depend on what was there. So of those that nobody knows about one is needed at most, right before an
///   operation that fits nothing else; and two that leave the same behind are as good as each other.
/// - An operation that changes nothing takes effect as soon as it fits: that can't be in anybody's way.
package struct RegisterJudge {
  /// Why it wasn't linearizable.
  package struct Refusal: Equatable, Sendable {
    /// The first operation, by the order of their ends, for which there's no moment.
    package var operation: Int
    /// What the register can have been by then.
    package var states: [Int?]
  }

  /// What the register can have come to.
  private struct Possibility: Hashable {
    var state: Int?
    /// Those that have taken effect and aren't answered yet.
    var done: Set<Int> = []
    /// How many of those that nobody knows about have taken effect, by what they leave behind.
    var used: [Int?: Int] = [:]
  }

  /// What nobody has read is as good as any other such value.
  private static let unread = Int.min

  private let operations: [RegisterOperation]
  private let values: Set<Int>
  /// Asked for and not answered yet, of those that will be.
  private var pending: Set<Int> = []
  /// How many were asked for of which nobody knows what came of them, by what they leave behind.
  private var available: [Int?: Int] = [:]
  private var possible: Set<Possibility> = [Possibility()]

  private init(_ operations: [RegisterOperation]) {
    self.operations = operations
    values = Set(operations.compactMap { if case .read(let value?) = $0.deed { value } else { nil } })
  }

  /// Gives why a history isn't one of a linearizable register; nil if it is.
  package static func refusal(of operations: [RegisterOperation]) -> Refusal? {
    var judge = RegisterJudge(operations)
    for (_, isEnd, index) in moments(of: operations) {
      if !isEnd {
        judge.begin(index)
      } else if let refusal = judge.end(index) {
        return refusal
      }
    }
    return nil
  }

  /// Questions and answers in the order of time. What happens in one moment happens together, so questions go first.
  private static func moments(of operations: [RegisterOperation]) -> [(at: Int64, isEnd: Bool, index: Int)] {
    let needed = needed(of: operations)
    let begins = needed.map { (at: operations[$0].began, isEnd: false, index: $0) }
    let ends = needed.compactMap { index in operations[index].ended.map { (at: $0, isEnd: true, index: index) } }
    return (begins + ends).sorted { ($0.at, $0.isEnd ? 1 : 0, $0.index) < ($1.at, $1.isEnd ? 1 : 0, $1.index) }
  }

  /// Leaves out what says nothing: a read that nobody answered, and one during which another one was made that gave the same.
  private static func needed(of operations: [RegisterOperation]) -> [Int] {
    var needed: [Int] = []
    var reads: [Int?: [(index: Int, began: Int64, ended: Int64)]] = [:]
    for (index, operation) in operations.enumerated() {
      if case .read(let value) = operation.deed {
        if let ended = operation.ended { reads[value, default: []].append((index, operation.began, ended)) }
      } else {
        needed.append(index)
      }
    }
    for reads in reads.values {
      var earliest = Int64.max
      for read in reads.sorted(by: { ($1.began, $0.ended) < ($0.began, $1.ended) }) where read.ended < earliest {
        earliest = read.ended
        needed.append(read.index)
      }
    }
    return needed
  }

  // MARK: In the order of time

  private mutating func begin(_ index: Int) {
    let operation = operations[index]
    guard operation.ended != nil else {
      available[left(by: operation), default: 0] += 1
      return
    }
    pending.insert(index)
    guard operation.isLook else { return }
    possible = Set(
      possible.map { possibility in
        var possibility = possibility
        if operation.fits(possibility.state) { possibility.done.insert(index) }
        return possibility
      })
  }

  private mutating func end(_ index: Int) -> Refusal? {
    var next: Set<Possibility> = []
    var seen = possible
    var todo = Array(possible)
    while let possibility = todo.popLast() {
      if possibility.done.contains(index) {
        next.insert(possibility)
        continue
      }
      for other in pending where !possibility.done.contains(other) {
        for reached in taking(other, possibility) where seen.insert(reached).inserted { todo.append(reached) }
      }
    }
    pending.remove(index)
    guard !next.isEmpty else { return Refusal(operation: index, states: states) }
    possible = Self.best(
      next.map { possibility in
        var possibility = possibility
        possibility.done.remove(index)
        return possibility
      })
    return nil
  }

  /// What it can come to if an operation takes effect now.
  private func taking(_ index: Int, _ possibility: Possibility) -> [Possibility] {
    let operation = operations[index]
    if operation.fits(possibility.state) { return [after(index, possibility)] }
    return available.keys.compactMap { state in
      guard operation.fits(state), possibility.used[state, default: 0] < available[state, default: 0] else {
        return nil
      }
      var helped = possibility
      helped.used[state, default: 0] += 1
      return after(index, helped)
    }
  }

  private func after(_ index: Int, _ possibility: Possibility) -> Possibility {
    var possibility = possibility
    possibility.done.insert(index)
    look(&possibility, at: operations[index].after)
    return possibility
  }

  /// The register comes to this, and all see it who may.
  private func look(_ possibility: inout Possibility, at state: Int?) {
    possibility.state = state
    for index in pending where operations[index].isLook && operations[index].fits(state) {
      possibility.done.insert(index)
    }
  }

  private func left(by operation: RegisterOperation) -> Int? {
    operation.after.map { values.contains($0) ? $0 : Self.unread }
  }

  /// Leaves out who has only used more of what nobody knows about than another one.
  private static func best(_ possibilities: [Possibility]) -> Set<Possibility> {
    struct Place: Hashable {
      var state: Int?
      var done: Set<Int>
    }
    var best: Set<Possibility> = []
    for (_, alike) in Dictionary(grouping: possibilities, by: { Place(state: $0.state, done: $0.done) }) {
      for one in alike {
        let isBeaten = alike.contains { other in
          other != one && other.used.allSatisfy { $0.value <= one.used[$0.key, default: 0] }
        }
        if !isBeaten { best.insert(one) }
      }
    }
    return best
  }

  private var states: [Int?] {
    Set(possible.map(\.state)).sorted { ($0 ?? .min) < ($1 ?? .min) }
  }
}
