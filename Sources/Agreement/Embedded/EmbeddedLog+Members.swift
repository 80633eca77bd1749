/// How a node comes to know who counts, when its log doesn't say so: it's new, it was away for long, or it has no seat any more.
extension EmbeddedLog {
  /// How often it asks, and for how long what it was told holds.
  static let askingPause = Span.milliseconds(250)
  static let askingPatience = Span.seconds(2)

  /// Another node is new: it's told who counts, or founds the engine with this one.
  mutating func greet(
    _ greeting: Founding.Greeting, of node: NodeName, at now: Moment, into effects: inout [Effect]
  ) {
    if zab != nil { return answer(node, into: &effects) }
    guard !isOutside, let number = nodes.firstIndex(of: node) else { return }
    stepFounding(.greeting(greeting, from: NodeNumber(number)), at: now, into: &effects)
  }

  /// Says who counts, as far as it's agreed on.
  func answer(_ node: NodeName, into effects: inout [Effect]) {
    guard let zab, !isOutlived else { return }
    effects.append(.send(.members(zab.value.agreedMembers, by: me.incarnation), to: node))
  }

  /// Somebody says who counts.
  mutating func hear(_ members: Members, at now: Moment, into effects: inout [Effect]) {
    guard let zab else {
      guard members.lineage >= outlived else { return }
      // Nobody need be left at the next start who could say so again.
      let isNoted = memory.embedded.log.history.foundation != nil
      if !isNoted, members.seat(of: me) != nil { persist(.log(.foundation(members)), into: &effects) }
      return begin(among: members, at: now)
    }
    guard members.lineage == zab.value.lineage, !isOutlived else {
      return hear(ofEngine: members, at: now, into: &effects)
    }
    guard members.number > zab.value.members.number, !zab.value.isCounted else { return }
    switch members.seat(of: me) {
    case zab.value.me: stepZab(.heard(members), at: now, into: &effects)
    case let seat?: sit(at: seat, of: members, at: now, into: &effects)
    // It was let go while it was away.
    case nil: (isOutside, toldAt) = (true, now)
    }
  }

  /// Asks all others who counts, while it has no seat or no leader counts on it.
  mutating func ask(at now: Moment, into effects: inout [Effect]) {
    // If nobody says so any more, it may be that all are new.
    let isNew = memory.embedded.log.history.members == nil && !founding.isFounded
    if isOutside, isNew, !isOutlived, now >= toldAt + Self.askingPatience { isOutside = false }
    guard isOutlived || (zab == nil ? isOutside : zab?.value.isCounted == false), now >= asksAt else { return }
    asksAt = now + Self.askingPause
    for node in nodes where node != me.node { effects.append(.send(.ask(by: me.incarnation), to: node)) }
  }
}
