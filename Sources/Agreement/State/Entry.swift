/// What the log holds: one thing that happened to the fleet, once, at one place in the order of all of them.
package struct Entry: Hashable, Sendable {
  /// What makes it this one.
  package var id: EntryID
  /// What happened.
  package var event: Event

  /// With both.
  package init(_ id: EntryID, _ event: Event) {
    self.id = id
    self.event = event
  }

  /// What can happen to a fleet.
  package enum Event: Hashable, Sendable {
    /// A node is there with this memory; what another memory of its says counts no more.
    case join
    /// A rollout begins. Its number is its position in the log.
    case begin(Proposal)
    /// What a node says to a rollout.
    case vote(rollout: UInt64, Vote)
    /// The canary has a rollout's configuration, and looks at how that goes.
    case soak(rollout: UInt64)
    /// A rollout shall end: the time to vote is over, or somebody wants it.
    case abort(rollout: UInt64, reason: String)
    /// A node serves a generation, and will after a crash.
    case applied(generation: UInt64)
    /// A node can't serve a generation, and why; it goes on trying.
    case outOfStep(generation: UInt64, reason: String)
    /// A rollout that was to be confirmed is.
    case confirm(rollout: UInt64)
    /// A rollout that was to be confirmed wasn't in time, or isn't wanted any more.
    case revert(rollout: UInt64, reason: String)
    /// An override holds, in place of the one under the same key.
    case set(key: String, value: [UInt8])
    /// Overrides hold no more, and who wants that.
    case unset(keys: [String], author: String)
    /// The time of an override is over: of the one that was set at this position, if it still holds.
    case expire(key: String, setAt: UInt64)
    /// These shall vote where the nodes agree by themselves, in place of those of the last such entry, the number of which has to be this.
    case voters([Participant], after: UInt64)
    /// Nothing happens, by which it's seen that later forms are waited for: it's of the second one, and nobody says it but who tries that.
    case trial(UInt64)
    /// The log is to be kept by another engine from now on, in an era of this number, if all of these seal.
    case succeed(era: UInt32, engine: String, founders: [Participant])
    /// A node takes nothing any more, and renews nothing, by the engine that this change, of this number, would end.
    case sealed(succession: UInt64)
    /// That change isn't to come about, and why.
    case stay(succession: UInt64, reason: String)
  }
}
