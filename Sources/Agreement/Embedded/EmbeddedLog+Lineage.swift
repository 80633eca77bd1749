/// What becomes of nodes that remember an engine before the one that was restored.
extension EmbeddedLog {
  /// How often those of an engine that was restored tell all others of it: some may have been taken for lost, and go on among themselves.
  static let announcingPause = Span.seconds(1)

  /// Of which engine this node is, or knows to have come after its own.
  @inline(__always)
  var lineage: Lineage { max(zab?.value.lineage ?? .first, outlived) }

  /// Whether the fleet was restored without this node, so that it has no part in anything with what it remembers.
  @inline(__always)
  package var isOutlived: Bool { outlived > .first && outlived > (zab?.value.lineage ?? outlived) }

  /// Whether it was restored from two nodes apart, and goes on by the other's: the numbers here are the same, and stand for something else. So
  /// nothing that is here may come into that one.
  package var isApart: Bool { isOutlived && isApart(from: outlived) }

  private func isApart(from other: Lineage) -> Bool {
    guard let own = zab?.value.memory.history.members?.lineage else { return false }
    return own.count == other.count && own != other
  }

  /// Whether it was restored with it.
  @inline(__always)
  var isRestored: Bool { (zab?.value.lineage.restorations ?? 0) > 0 }

  /// Whether an engine is of the era by whose log this node goes. It hears of others by other ways, as these have no part in a change of the engine.
  func isOfEra(_ other: Lineage) -> Bool {
    guard let era = era ?? zab?.value.lineage.era else { return true }
    return other.era == era
  }

  /// Somebody says who counts in another engine than this node's, or in the one that has outlived it.
  mutating func hear(ofEngine members: Members, at now: Moment, into effects: inout [Effect]) {
    guard members.lineage >= lineage else { return }
    if let seat = members.seat(of: me), !isApart(from: members.lineage) {
      return sit(at: seat, of: members, at: now, into: &effects)
    }
    (isOutside, toldAt) = (true, now)
    guard members.lineage > outlived else { return }
    // It may be one of more than half of those before. None of them is to begin again as if nothing had been, so this is kept.
    outlived = members.lineage
    persist(.outlived(outlived), into: &effects)
  }

  /// Whether what somebody says of the log is of this node's engine. Whoever is of one before is told of this one; whoever is of a later one is
  /// asked for it.
  func isOfTheSame(_ other: Lineage, _ node: NodeName, into effects: inout [Effect]) -> Bool {
    if other == lineage, !isOutlived { return true }
    if other < lineage {
      answer(node, into: &effects)
    } else if other > lineage {
      effects.append(.send(.ask(by: me.incarnation), to: node))
    }
    return false
  }

  /// Tells all others of an engine that was restored.
  mutating func announce(at now: Moment, into effects: inout [Effect]) {
    guard isRestored, zab?.value.isCounted == true, now >= announcesAt else { return }
    announcesAt = now + Self.announcingPause
    for node in nodes where node != me.node { answer(node, into: &effects) }
  }
}
