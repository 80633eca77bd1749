import Agreement

/// Judges what those are told who wanted something: once each, and what became of it in the log.
struct AnswerJudge {
  private struct Question {
    var request: FleetRequest
    var node: Int
    /// In which life of the node it was asked.
    var life: UInt32
  }

  /// What isn't answered yet, by its number.
  private var open: [UInt64: Question] = [:]
  /// What was said not to have been tried.
  private var untried: Set<[UInt8]> = []

  /// A node is asked for something.
  mutating func ask(_ request: FleetRequest, _ number: UInt64, of node: Int, life: UInt32) {
    open[number] = Question(request: request, node: node, life: life)
  }

  /// Takes a node's answer; what is wrong with it, if anything.
  mutating func judge(_ answer: FleetAnswer, _ number: UInt64, by node: Int, _ log: LogJudge) -> String? {
    guard let question = open.removeValue(forKey: number), question.node == node else {
      return "\(number) is answered by n\(node), and nobody waits for that"
    }
    switch answer {
    case .said(let position, let result):
      guard let (entry, outcome) = log.entry(at: position) else { return "nobody has learned \(position)" }
      guard entry.id.author.node == World.name(node), entry.event.isSaid(for: question.request) else {
        return "\(number) is said to be \(position), which is \(entry.event) of \(entry.id.author.node.text)"
      }
      return outcome == result ? nil : "\(position) came to \(outcome), and \(number) is answered \(result)"
    case .passed, .takenBack: return nil
    case .logAway, .nodesAway, .pointless:
      guard case .set(_, let value) = question.request else { return nil }
      untried.insert(value)
      return log.hasSet(value) ? "\(number) is said not to have been tried, and was taken up" : nil
    case .loss, .restored:
      if case .restore = question.request { return nil }
      return "\(number) is answered \(answer)"
    }
  }

  /// What is wrong with an entry that is the next one, if anything.
  func judge(_ entry: Entry, _ position: UInt64, _ result: FleetState.Outcome) -> String? {
    guard case .set(_, let value) = entry.event, untried.contains(value), result == .taken else { return nil }
    return "\(position) was said not to have been tried"
  }

  /// What a process was asked for and has said nothing to.
  func waiting(of node: Int, life: UInt32) -> [UInt64] {
    open.lazy.filter { $0.value.node == node && $0.value.life == life }.map(\.key)
  }
}

extension Entry.Event {
  /// Whether it's what somebody wants who asks for this.
  fileprivate func isSaid(for request: FleetRequest) -> Bool {
    switch (request, self) {
    case (.rollout(let wish), .begin(let proposal)): wish.text == proposal.text
    case (.confirm, .confirm), (.revert, .abort), (.revert, .revert): true
    case (.set(let key, let value), .set(let said, let what)): (key, value) == (said, what)
    case (.unset(let keys, _), .unset(let said, _)): keys == said
    case (.expire(let key, let setAt), .expire(let said, let at)): (key, setAt) == (said, at)
    case (.trial(let number), .trial(let said)): number == said
    case (.seat, .voters), (.unseat, .voters): true
    default: false
    }
  }
}

extension World {
  /// Somebody asks a node for something.
  func ask(_ node: Int, _ request: FleetRequest) {
    requests += 1
    if nodes[node].fleet != nil { answers.ask(request, requests, of: node, life: nodes[node].life) }
    step(node, .request(request, number: requests))
  }

  func judgeAnswer(_ answer: FleetAnswer, _ number: UInt64, of node: Int) {
    if let wrong = answers.judge(answer, number, by: node, branches[branch(of: node)].log) {
      fail("who asks is told what became of it", wrong)
    }
  }
}
