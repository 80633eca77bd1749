/// The number of a try to decide who owns a name: no two tries have the same.
package struct Ballot: Comparable, Hashable, Sendable {
  /// Which try of the node, over all its starts.
  package var number: UInt64
  /// Whose.
  package var node: NodeNumber

  /// With both.
  package init(number: UInt64, node: NodeNumber) {
    (self.number, self.node) = (number, node)
  }

  /// Before all tries.
  package static let zero = Ballot(number: 0, node: 0)

  /// Whether one comes before another.
  package static func < (left: Ballot, right: Ballot) -> Bool { (left.number, left.node) < (right.number, right.node) }
}

/// What nodes say to each other about who owns a name. Any of it may be lost, come late or twice.
package enum PaxosMessage: Hashable, Sendable {
  /// How is it? Changes nothing.
  case probe(round: UInt64)
  /// So: the last generation that was heard of, its owner, for how long nobody else may have the name, and for whom it was given up.
  case state(round: UInt64, generation: UInt64, owner: NodeNumber?, busy: Span, heir: NodeNumber?)
  /// Promise to accept no earlier try for this generation, nor an earlier generation.
  case prepare(UInt64, Ballot)
  /// Promised; and what was accepted before.
  case promise(UInt64, Ballot, accepted: PaxosSlot.Accepted?)
  /// Accept this owner. For how long whoever says it would own the name from each renewal; nil by a program that doesn't say.
  case accept(UInt64, Ballot, owner: NodeNumber, term: Span? = nil)
  /// Accepted.
  case accepted(UInt64, Ballot)
  /// No: a later generation was promised, or a later try, of this number, or the name is somebody's for a while.
  case refused(UInt64, Ballot, promised: UInt64)
  /// I own it, and go on: for how long from here, if all goes well; nil by a program that doesn't say.
  case renew(UInt64, round: UInt64, term: Span? = nil)
  /// Do.
  case renewed(UInt64, round: UInt64)
  /// You can't, as there is a later generation, or you've given it up.
  case passed(UInt64, later: UInt64)
  /// I've given it up, for somebody or for whoever comes.
  case release(UInt64, heir: NodeNumber?)

  /// The term that it says, if it does.
  var term: Span? {
    switch self {
    case .accept(_, _, _, let term), .renew(_, _, let term): term
    default: nil
    }
  }

  /// The same as a program of before the third form says it.
  var withoutTerm: PaxosMessage {
    switch self {
    case .accept(let generation, let ballot, let owner, _): .accept(generation, ballot, owner: owner)
    case .renew(let generation, let round, _): .renew(generation, round: round)
    default: self
    }
  }
}

/// What a node has promised and accepted of a name, as it's stored: it may never be forgotten.
package struct PaxosSlot: Equatable, Sendable {
  /// An owner that was accepted, and in which try.
  package struct Accepted: Hashable, Sendable {
    /// In which try.
    package var ballot: Ballot
    /// Who.
    package var owner: NodeNumber

    /// With both.
    package init(ballot: Ballot, owner: NodeNumber) {
      (self.ballot, self.owner) = (ballot, owner)
    }
  }

  /// The last generation.
  package var generation: UInt64 = 0
  /// The last try of it that was promised to.
  package var promised = Ballot.zero
  /// What was accepted last in it.
  package var accepted: Accepted?
  /// For how long from when it was promised anything may count that still does; zero if that isn't known.
  package var term = Span.zero

  /// Nothing yet.
  package init() {}

  /// As it's at first among members to whom a fleet was restored: of a generation that nobody can have, so that whoever begins with it waits
  /// for the end of whatever those before may have been promised.
  ///
  /// - Parameter term: for how long at most that was, as far as it's known.
  package init(restoredTo members: Members, term: Span = .zero) {
    generation = UInt64(members.number) << 32
    self.term = term
  }

  /// Whether nobody has been promised anything since the fleet was restored.
  var isRestored: Bool { generation > 0 && generation & 0xFFFF_FFFF == 0 }
}
