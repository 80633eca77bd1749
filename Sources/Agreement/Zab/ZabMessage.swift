/// Whom a node would have lead: the one with the most recent history.
package struct ElectionVote: Hashable, Sendable {
  /// The last epoch of which that node has the whole first history.
  package var epoch: UInt32
  /// The last entry that it has.
  package var last: Zxid
  /// Which one.
  package var node: NodeNumber

  /// With all its parts.
  package init(epoch: UInt32, last: Zxid, node: NodeNumber) {
    (self.epoch, self.last, self.node) = (epoch, last, node)
  }
}

/// What nodes of the embedded log say to each other. Any may be lost, come late or twice; what is said in an epoch holds in it only.
package enum ZabMessage: Hashable, Sendable {
  /// What a node does.
  package enum Standing: UInt8, Equatable, Sendable {
    case looking = 1
    case following
    case leading
  }

  /// Which pieces belong together.
  package struct Transfer: Comparable, Hashable, Sendable {
    /// The follower's number for its try to get into step.
    package var attempt: UInt64
    /// The leader's number for what it sends for that.
    package var run: UInt32

    /// With both.
    package init(attempt: UInt64, run: UInt32) {
      (self.attempt, self.run) = (attempt, run)
    }

    /// Whether one was begun before another.
    package static func < (left: Transfer, right: Transfer) -> Bool {
      (left.attempt, left.run) < (right.attempt, right.run)
    }
  }

  /// A piece of what brings a follower into step.
  package enum Part: Hashable, Sendable {
    /// Its entries after that one go.
    case truncate(Zxid)
    /// Who counted when the snapshot was made that follows.
    case members(Members)
    /// The state after an entry, from a byte on, of so many in all; in place of all that it has.
    case snapshot(Zxid, offset: Int, of: Int, [UInt8])
    /// An entry, the next one.
    case entry(Zxid, ZabEntry)
  }

  /// Phase 0: whom I'd have lead, in which round of the election.
  case notice(ElectionVote, round: UInt64, Standing)
  /// Phase 1, to the leader: up to which epoch I've given my word, and to whom.
  case join(accepted: UInt32, leader: NodeNumber?)
  /// Phase 1, to followers: give your word for this epoch.
  case newEpoch(UInt32)
  /// Phase 1, to the leader: given; and what I have.
  case acceptedEpoch(UInt32, current: UInt32, last: Zxid, attempt: UInt64)
  /// Phase 2, to a follower: a piece, of that transfer.
  case part(epoch: UInt32, transfer: Transfer, index: UInt32, Part)
  /// Phase 2, to a follower: those were so many pieces; take them for the first history of the epoch.
  case newLeader(epoch: UInt32, transfer: Transfer, parts: UInt32)
  /// Phase 2, to the leader: taken, to the last entry, durably.
  case acceptedLeader(epoch: UInt32, last: Zxid)
  /// Phase 2, to a follower: all up to here is committed; you're one of us.
  case begin(epoch: UInt32, committed: Zxid)
  /// Phase 3, to followers: the next entry.
  case propose(epoch: UInt32, Zxid, ZabEntry)
  /// Phase 3, to the leader: I have all up to here, durably.
  case acknowledge(epoch: UInt32, Zxid)
  /// Phase 3, to followers: all up to here is committed.
  case commit(epoch: UInt32, Zxid)
  /// The leader is there; what it has proposed and committed last.
  case ping(epoch: UInt32, last: Zxid, committed: Zxid)
  /// To the leader: the follower is there.
  case pong(epoch: UInt32)
  /// To the leader: please propose this.
  case forward([UInt8])
}
