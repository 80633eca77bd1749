import Histories
import Testing

/// The judge of registers beside one that tries everything.
@Suite struct BruteForceTests {
  /// Whether there's an order, by trying each.
  private static func isLinearizable(
    _ operations: [RegisterOperation], taken: Set<Int> = [], state: Int? = nil
  ) -> Bool {
    let open = operations.indices.filter { !taken.contains($0) }
    if open.allSatisfy({ operations[$0].ended == nil }) { return true }
    return open.contains { index in
      let operation = operations[index]
      // Nobody comes after who was asked for after it was answered.
      if open.contains(where: { operations[$0].ended.map { $0 < operation.began } ?? false }) { return false }
      let after: Int?
      switch operation.deed {
      case .write(let value): after = value
      case .read(let value):
        if operation.ended != nil, value != state { return false }
        after = state
      case .clear(let found):
        if operation.ended != nil, let found, found != (state != nil) { return false }
        after = nil
      }
      return isLinearizable(operations, taken: taken.union([index]), state: after)
    }
  }

  private static func random(_ chance: inout Chance) -> [RegisterOperation] {
    let span = Int64.random(in: 4...30, using: &chance)
    let lost = Int.random(in: 2...8, using: &chance)
    return (0..<Int.random(in: 1...7, using: &chance)).map { _ in
      let began = Int64.random(in: 0...span, using: &chance)
      let ended = began + Int64.random(in: 0...8, using: &chance)
      let value = Int.random(in: 1...3, using: &chance)
      let isLost = Int.random(in: 0..<lost, using: &chance) == 0
      let deed: RegisterOperation.Deed =
        switch Int.random(in: 0..<6, using: &chance) {
        case 0, 1: .write(value)
        case 2: .clear(found: isLost || value == 3 ? nil : true)
        case 3: .clear(found: isLost ? nil : false)
        case 4: .read(nil)
        default: .read(value)
        }
      return RegisterOperation(deed, began, isLost ? nil : ended)
    }
  }

  @Test("the judge says what trying everything says")
  func same() {
    var chance = Chance(7)
    var linearizable = 0
    let count = 5_000
    for round in 0..<count {
      let operations = Self.random(&chance)
      let isSo = Self.isLinearizable(operations)
      if isSo { linearizable += 1 }
      guard (RegisterJudge.refusal(of: operations) == nil) != isSo else { continue }
      Issue.record("\(round): \(isSo ? "is" : "isn't") linearizable: \(operations)")
      return
    }
    // Both are found often enough.
    #expect(linearizable > count / 5 && linearizable < count * 4 / 5, "\(linearizable)")
  }

  @Test("a history that isn't linearizable is refused at the first operation for which there's no moment")
  func first() {
    let operations = [
      RegisterOperation(.write(1), 0, 10), RegisterOperation(.read(1), 20, 30), RegisterOperation(.read(2), 40, 50),
      RegisterOperation(.read(nil), 60, 70),
    ]
    let refusal = RegisterJudge.refusal(of: operations)
    #expect(refusal?.operation == 2 && refusal?.states == [1])
  }
}
