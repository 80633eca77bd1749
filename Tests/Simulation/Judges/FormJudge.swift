import Agreement

/// Judges by what each start's program knew for sure whether what is new has waited for all of them.
struct FormJudge {
  private struct Start: Hashable {
    var participant: Participant
    var run: UInt32
  }

  private var programs: [Start: Form] = [:]
  /// The last start of each node of which something was taken up.
  private var last: [NodeName: (start: Start, sequence: UInt64)] = [:]
  private var voters: [Participant]?

  /// A process begins.
  mutating func begins(_ node: NodeName, _ memory: FleetMemory, _ known: Form) {
    programs[Start(participant: Participant(node, memory.incarnation), run: memory.run)] = known
  }

  /// A log begins with a state in which nobody has said anything yet.
  mutating func begin(with state: FleetState) {
    (last, voters) = ([:], state.voters?.all)
  }

  /// Takes the next entry, with what nodes say that it came to; what is wrong with it, if anything.
  mutating func judge(_ entry: Entry, _ position: UInt64, _ result: FleetState.Outcome) -> String? {
    let (author, start) = (entry.id.author, Start(participant: entry.id.author, run: entry.id.run))
    if let before = last[author.node], before.start.participant == author {
      guard (start.run, entry.id.sequence) > (before.start.run, before.sequence) else { return nil }
    } else {
      // Who is to vote no more may say that he's there for the first time after that; it makes his memory none that counts.
      guard entry.event == .join, voters?.contains(author) ?? true else { return nil }
    }
    last[author.node] = (start, entry.id.sequence)
    if case .voters(let all, _) = entry.event, result == .taken { voters = all }
    guard case .trial = entry.event else { return nil }
    let ignorant = self.ignorant
    if let first = ignorant.first, result == .taken {
      return "\(position) is taken up, and \(first.text) doesn't know it"
    }
    if ignorant.isEmpty, result != .taken { return "\(position) came to \(result), and all know it" }
    return nil
  }

  /// The nodes that the log knows whose programs know the first form only, or that haven't said anything.
  private var ignorant: [NodeName] {
    func knows(_ start: Start) -> Bool { programs[start].map { $0 > .first } ?? false }
    guard let voters else { return last.filter { !knows($0.value.start) }.map(\.key) }
    return voters.filter { voter in
      guard let start = last[voter.node]?.start, start.participant == voter else { return true }
      return !knows(start)
    }.map(\.node)
  }
}

extension World {
  /// Whether a node can't read on, as its program is too old.
  func isBehindForGood(_ node: Int) -> Bool { nodes[node].fleet?.value.log.needed != nil }

  /// Who can't read on owns nothing; what a process finds at its start that one before it has left goes at once.
  func judgeBehind(_ node: Int, owning address: Int) {
    // What it asked for before it knew that may still come to it: then it gives it up within the same step.
    guard isBehindForGood(node), nodes[node].begunAt != now, let owners = nodes[node].fleet?.value.owners,
      case .owning = owners[address].stance
    else { return }
    fail("who can't read on owns nothing", "n\(node) owns a\(address), and its program is too old")
  }
}
