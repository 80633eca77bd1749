import Histories
import Testing

/// A history, written down by hand: of three nodes, and of the registers `a` and `b`.
struct Story: CustomTestStringConvertible, Sendable {
  let testDescription: String
  /// The rule that it breaks; nil if none.
  let broken: Violation.Rule?
  private(set) var history = History(registers: ["a", "b"])

  init(_ name: String, breaks rule: Violation.Rule? = nil, _ tell: (inout Story) -> Void) {
    testDescription = name
    broken = rule
    tell(&self)
  }

  /// Sets a register to 10 times the change's number, at any node.
  mutating func set(
    _ register: String, _ times: ClosedRange<Int64>, _ outcome: History.Change.Outcome, node: Int = 0
  ) {
    let number = history.changes.count
    history.changes.append(
      History.Change(
        number, node: node, register, .set(number * 10), times.lowerBound, times.upperBound, outcome))
  }

  mutating func clear(
    _ register: String, _ times: ClosedRange<Int64>, _ outcome: History.Change.Outcome, node: Int = 0
  ) {
    history.changes.append(
      History.Change(
        history.changes.count, node: node, register, .clear, times.lowerBound, times.upperBound, outcome))
  }

  /// Looks at a node, which shows changes by their numbers at places of the log.
  mutating func look(
    _ node: Int, _ times: ClosedRange<Int64>, a: (Int, UInt64)? = nil, b: (Int, UInt64)? = nil, run: Int = 1,
    isLast: Bool = false
  ) {
    var found: [String: History.Found] = [:]
    for (register, shown) in [("a", a), ("b", b)] {
      found[register] = shown.map { History.Found(change: $0.0, value: $0.0 * 10, position: $0.1) }
    }
    history.looks.append(History.Look(node: node, run: run, times.lowerBound, times.upperBound, found, isLast: isLast))
  }

  mutating func show(_ found: History.Found, _ node: Int, _ times: ClosedRange<Int64>) {
    history.looks.append(History.Look(node: node, run: 1, times.lowerBound, times.upperBound, ["a": found]))
  }

  mutating func learn(_ node: Int, _ entries: (UInt64, Int)..., run: Int = 1) {
    for (position, change) in entries {
      history.learned.append(History.Learned(node: node, run: run, at: position, change: change))
    }
  }
}

extension History.Change.Outcome {
  /// It's that entry of the log, and holds on all three nodes.
  static func everywhere(_ position: UInt64) -> Self { .taken(at: position, on: [0, 1, 2]) }
}
