/// An address that somebody wants another node to have.
struct Move {
  /// Who shall have it.
  let heir: NodeName
  /// When its owner is told again: the word may get lost, or have gone to who was the owner before.
  var asksAt: Moment
  /// When that is given up.
  let until: Moment

  static let pause = Span.milliseconds(250)
  static let patience = Span.seconds(3)
}

extension FleetNode {
  /// Gives an address up for another node, or tells its owner to.
  mutating func move(_ index: Int, to heir: NodeName, at now: Moment, into effects: inout [Effect]) {
    guard moves.indices.contains(index), !plan.witnesses.contains(heir) else { return }
    moves[index] = Move(heir: heir, asksAt: now, until: now + Move.patience)
    mindMoves(at: now, into: &effects)
  }

  mutating func mindMoves(at now: Moment, into effects: inout [Effect]) {
    for index in moves.indices {
      guard var move = moves[index], now >= move.asksAt else { continue }
      move.asksAt = now + Move.pause
      let owner = owners[index].owner?.node
      moves[index] = owner == move.heir || now >= move.until ? nil : move
      guard moves[index] != nil else { continue }
      if case .owning = owners[index].stance {
        moves[index] = nil
        stepOwner(index, .release(heir: move.heir), at: now, into: &effects)
      } else if let owner, owner != plan.me {
        let (name, generation) = (owners[index].name, owners[index].generation)
        effects.append(.send(.handOn(name: name, generation: generation, heir: move.heir), to: owner))
      }
    }
  }
}
