package import Agreement
import Simulation

/// What has to hold in each state, by the simulation's judge.
extension ZabModel {
  package var world: World {
    start?.world
      ?? World(
        waits: bounds.waits, timeouts: bounds.timeouts, restarts: bounds.restarts, losses: bounds.losses,
        doubles: bounds.doubles)
  }

  package func judge(
    _ cause: Cause<ZabMessage, Deed>, of node: Int?, _ notes: [Note], in world: inout World
  ) -> Verdict {
    guard let node, pay(for: cause, in: &world) else { return .outside }
    for note in notes {
      if let wrong = world.judge.take(note, of: node) { return .wrong(wrong) }
    }
    return .fine
  }

  private func pay(for cause: Cause<ZabMessage, Deed>, in world: inout World) -> Bool {
    switch cause {
    case .message: break
    // The author asks again, and an entry that is wanted twice may be in the log twice.
    case .double(.forward, _): return false
    case .double: world.doubles -= 1
    case .loss: world.losses -= 1
    case .deed(.wake): world.waits -= 1
    case .deed(.timeout): world.timeouts -= 1
    case .deed(.crash): world.restarts -= 1
    case .deed(.wish(let token)):
      guard token == world.wished + 1 else { return false }
      world.wished = token
    case .broken(let cause, _):
      world.restarts -= 1
      return pay(for: cause, in: &world)
    }
    return world.isWithinBounds
  }

  // MARK: Where one leads

  /// What comes of it if nothing goes wrong until all follow one.
  func led() -> (nodes: [Node], world: World) {
    var nodes = (0..<3).map { fresh($0) }
    var world = world
    var queue: [(to: Int, from: Int, message: ZabMessage)] = []
    func happen(_ cause: Cause<ZabMessage, Deed>, to number: Int) {
      var outcome = Result()
      step(&nodes[number], cause, with: nil, into: &outcome)
      queue += outcome.said.map { ($0.to, number, $0.message) }
      for note in outcome.notes { _ = world.judge.take(note, of: number) }
    }
    while !nodes.allSatisfy({ $0.zab.isCounted }) {
      for number in 0..<3 { happen(.deed(.wake), to: number) }
      while !queue.isEmpty {
        let next = queue.removeFirst()
        happen(.message(next.message, from: next.from), to: next.to)
      }
    }
    return (nodes, world)
  }
}

extension ZabJudge {
  fileprivate mutating func take(_ note: ZabModel.Note, of node: Int) -> String? {
    switch note {
    case .starts(let zxid, let state): return restore(node, zxid, state)
    case .writes(let zxid, let entry, let isLeader): return store(node, zxid, entry, isLeader: isLeader)
    case .delivers(let zxid, let bytes): return deliver(node, zxid, bytes)
    case .leads(let epoch): return lead(node, epoch)
    case .restores(let zxid, let state):
      let before = delivered[node]
      if let wrong = restore(node, zxid, state) { return wrong }
      return delivered[node] < before ? "PrefixConsistency: n\(node) goes back" : nil
    }
  }
}
