import Agreement

/// What has to hold in each state, by rules that share nothing with the fold.
extension RolloutModel {
  /// What is left of what may happen, and what the log's entries come to.
  package struct World: Hashable {
    var wished: [Bool] = [false, false, false]
    var refusals: Int
    var deadlines: Int
    var crashes: Int
    var losses: Int
    var position = RolloutModel.base.position
    /// What each entry since the start has decided.
    var decisions: [Decision?] = []
    /// Whose word counts, and up to which entry it was taken up.
    var authors: [Author]
    /// The rollout under way, if there's one.
    var open: Case?
    var committed = RolloutModel.base.committed.origin
    var generation: UInt64 = 1
    /// What has been in force.
    var everCommitted = [RolloutModel.base.committed.origin]

    struct Author: Hashable {
      var identity: Participant
      var run: UInt32
      var sequence: UInt64
    }

    struct Case: Hashable {
      var number: UInt64
      var participants: [Participant]
      var yes: [Participant] = []
    }
  }

  package var world: World {
    World(
      refusals: bounds.refusals, deadlines: bounds.deadlines, crashes: bounds.crashes, losses: bounds.losses,
      authors: Self.base.members.map { World.Author(identity: $0.identity, run: $0.run, sequence: $0.sequence) })
  }

  package func judge(
    _ cause: Cause<Message, Deed>, of node: Int?, _ notes: [Note], in world: inout World
  ) -> Verdict {
    if case .deed(let deed) = cause, let node {
      switch deed {
      case .wish:
        if world.wished[node] { return .outside }
        world.wished[node] = true
      case .appendUnknowing: world.losses -= 1
      case .prepared(.no): world.refusals -= 1
      case .deadline: world.deadlines -= 1
      case .crash, .wipe: world.crashes -= 1
      case .append, .prepared(.yes), .activated: break
      }
    } else if case .double = cause {
      return .outside
    }
    guard min(world.refusals, world.deadlines, world.crashes, world.losses) >= 0 else { return .outside }
    for note in notes { if let wrong = judge(note, in: &world) { return .wrong(wrong) } }
    return .fine
  }

  private func judge(_ note: Note, in world: inout World) -> String? {
    switch note {
    case .appended(let entry, let isTrue):
      if !isTrue { return "\(entry.id.author.node.text) says what isn't so: \(entry.event)" }
      world.position += 1
      world.decisions.append(world.take(entry))
    case .learned(let position, let decision):
      let due = world.decisions[Int(position - Self.base.position) - 1]
      let (what, other) = (decision.map { "\($0)" } ?? "nothing", due.map { "\($0)" } ?? "nothing")
      if due != decision { return "entry \(position) decides: \(what), where others have: \(other)" }
    case .givesBack(let origin, let who):
      if let open = world.open, open.number == origin, open.yes.contains(who) {
        return "\(who.node.text) gives back what it needs for \(origin), which it said yes to"
      }
    case .activates(let origin):
      if !world.everCommitted.contains(origin) { return "\(origin) is activated and wasn't decided" }
    }
    return nil
  }
}

extension RolloutModel.World {
  /// Takes the next entry of the log; what it decides.
  mutating func take(_ entry: Entry) -> RolloutModel.Decision? {
    let id = entry.id
    guard let place = authors.firstIndex(where: { $0.identity.node == id.author.node }) else { return nil }
    if authors[place].identity != id.author {
      guard case .join = entry.event else { return nil }
      authors[place] = Author(identity: id.author, run: id.run, sequence: id.sequence)
      return nil
    }
    guard (id.run, id.sequence) > (authors[place].run, authors[place].sequence) else { return nil }
    (authors[place].run, authors[place].sequence) = (id.run, id.sequence)
    switch entry.event {
    case .begin(let proposal):
      let areThere = proposal.participants.allSatisfy { who in authors.contains { $0.identity == who } }
      guard open == nil, proposal.base == generation, areThere else { return nil }
      open = Case(number: position, participants: proposal.participants)
    case .vote(let number, let vote):
      guard let voting = open, voting.number == number, voting.participants.contains(id.author) else { return nil }
      guard vote == .yes else { return end(.aborted) }
      if !voting.yes.contains(id.author) { open?.yes.append(id.author) }
      if open?.yes.count == voting.participants.count { return end(.committed) }
    case .abort(let number, _): if open?.number == number { return end(.aborted) }
    default: break
    }
    return nil
  }

  private mutating func end(_ decision: RolloutModel.Decision) -> RolloutModel.Decision {
    if decision == .committed, let number = open?.number {
      committed = number
      generation += 1
      everCommitted.append(number)
    }
    open = nil
    return decision
  }
}
