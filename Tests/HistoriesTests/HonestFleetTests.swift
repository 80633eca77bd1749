import Histories
import Testing

/// A fleet that does what it should, played at random: one log, nodes that are behind it, lose what isn't stored, and are asked by several clients.
private struct HonestFleet {
  private struct Node {
    var run = 1
    /// How much of the log it shows, and how much it will after its end.
    var shown = 0
    var stored = 0
  }

  private struct Question {
    var change: Int
    var takesEffect: Int64?
    var ends: Int64
    var outcome: History.Change.Outcome = .unknown
  }

  private(set) var history = History(registers: ["a", "b"])
  private var nodes = [Node](repeating: Node(), count: 3)
  private var log: [Int] = []
  private var open: [Question] = []
  private var chance: Chance

  init(seed: UInt64) {
    chance = Chance(seed)
    for now in Int64(0)..<300 {
      for index in nodes.indices { step(index) }
      if chance.once(in: 4) { ask(at: now) }
      if chance.once(in: 3) { look(at: now, isLast: false) }
      for index in open.indices { settle(index, at: now) }
      open.removeAll { $0.ends <= now && ($0.takesEffect ?? now) <= now }
    }
    for index in nodes.indices { (nodes[index].shown, nodes[index].stored) = (log.count, log.count) }
    for _ in 0..<3 { look(at: 1_000, isLast: true) }
  }

  private mutating func step(_ index: Int) {
    var node = nodes[index]
    if chance.once(in: 40) {
      node.run += 1
      node.shown = node.stored
    }
    if chance.once(in: 3) { node.shown = Int.random(in: node.shown...log.count, using: &chance) }
    if chance.once(in: 3) { node.stored = Int.random(in: node.stored...node.shown, using: &chance) }
    nodes[index] = node
  }

  private mutating func ask(at now: Int64) {
    let number = history.changes.count
    let ends = now + Int64.random(in: 0...20, using: &chance)
    let isLost = chance.once(in: 5)
    let effect: Int64? =
      if isLost { chance.once(in: 2) ? nil : now + Int64.random(in: 0...120, using: &chance) } else {
        Int64.random(in: now...ends, using: &chance)
      }
    let deed: History.Change.Deed = chance.once(in: 3) ? .clear : .set(number * 10)
    history.changes.append(
      History.Change(number, node: 0, chance.once(in: 2) ? "a" : "b", deed, now, isLost ? now + 5 : ends, .unknown))
    open.append(Question(change: number, takesEffect: effect, ends: isLost ? .max : ends))
  }

  private mutating func settle(_ index: Int, at now: Int64) {
    var question = open[index]
    defer { open[index] = question }
    let change = history.changes[question.change]
    if question.takesEffect == now {
      if change.deed == .clear, held(at: log.count)[change.register] == nil {
        question.outcome = .nothing
      } else {
        log.append(question.change)
        question.outcome = .taken(at: UInt64(log.count), on: [])
      }
    }
    guard question.ends == now else { return }
    if case .taken(let position, _) = question.outcome {
      let on = nodes.indices.filter { nodes[$0].stored >= position && nodes[$0].shown >= position }
      question.outcome = .taken(at: position, on: Set(on))
    }
    history.changes[question.change].outcome = question.outcome
  }

  private mutating func look(at now: Int64, isLast: Bool) {
    guard let index = nodes.indices.randomElement(using: &chance) else { return }
    history.looks.append(
      History.Look(
        node: index, run: nodes[index].run, now, now, held(at: nodes[index].shown), isLast: isLast))
  }

  /// What the log comes to at a place.
  private func held(at place: Int) -> [String: History.Found] {
    var held: [String: History.Found] = [:]
    for (index, number) in log[..<place].enumerated() {
      let change = history.changes[number]
      if case .set(let value) = change.deed {
        held[change.register] = History.Found(change: number, value: value, position: UInt64(index + 1))
      } else {
        held[change.register] = nil
      }
    }
    return held
  }
}

@Suite struct HonestFleetTests {
  @Test("nothing is held against a fleet that does what it should, as it's played at random")
  func accepted() {
    for seed in 0..<300 {
      let history = HonestFleet(seed: UInt64(seed)).history
      let violations = history.violations
      guard !violations.isEmpty else { continue }
      Issue.record("seed \(seed): \(violations)\n\(history.text)")
      return
    }
  }
}
