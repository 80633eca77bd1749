/// What all nodes agree about: the fold of the log's entries up to a position, the same on each of them.
///
/// No clock and no chance has a part in it. A time that is over is an entry, which some node appends when its clock says so.
package struct FleetState: Equatable, Sendable {
  /// A configuration that was decided on.
  package struct Committed: Equatable, Sendable {
    /// Grows by one with each decision to change.
    package var generation: UInt64
    /// The position of the entry that it came with; 0 for none yet.
    package var origin: UInt64
    /// The configuration.
    package var text: [UInt8]
    /// What the text comes to.
    package var digest: Digest

    /// With all its parts.
    package init(generation: UInt64, origin: UInt64, text: [UInt8], digest: Digest) {
      self.generation = generation
      self.origin = origin
      self.text = text
      self.digest = digest
    }

    /// Before the first rollout.
    package static let none = Committed(generation: 0, origin: 0, text: [], digest: Digest(0, 0, 0, 0))
  }

  /// A node that has been there.
  package struct Member: Equatable, Sendable {
    /// The node, and the memory whose word counts.
    package var identity: Participant
    /// The last start of its process that appended something.
    package var run: UInt32
    /// The last entry of that run.
    package var sequence: UInt64
    /// The generation that it serves.
    package var applied: UInt64
    /// Why it doesn't serve the committed one, if it has said so.
    package var complaint: String?
  }

  /// The position of the last entry that was folded in.
  package var position: UInt64 = 0
  /// The configuration in force.
  package var committed = Committed.none
  /// The rollout under way.
  package var rollout: Rollout?
  /// How the last one ended.
  package var last: Rollout.Ended?
  /// The nodes that have been there, in the order of their names.
  package var members: [Member] = []
  /// The overrides that hold, in the order of their keys.
  package var overrides: [Override] = []
  /// Who shall vote where the nodes agree by themselves; nil as long as it's those who founded the engine.
  package var voters: Voters?
  /// The era that this is the log of.
  package var era: UInt32 = 0
  /// The change of the engine that is under way, or has ended this log.
  package var succession: Succession?

  /// The latest form of which something was taken up: what a program has to know that goes on from this state.
  package var needed = Form.first

  /// Who shall vote.
  package struct Voters: Equatable, Sendable {
    /// Counts the changes, from 1 on.
    package var number: UInt64
    /// Those who shall, in the order of their names.
    package var all: [Participant]
  }

  /// An override that holds.
  package struct Override: Equatable, Sendable {
    /// What it's about.
    package var key: String
    /// What it says.
    package var value: [UInt8]
    /// The position at which it was set.
    package var setAt: UInt64

    /// With all its parts.
    package init(key: String, value: [UInt8], setAt: UInt64) {
      self.key = key
      self.value = value
      self.setAt = setAt
    }
  }

  /// Before the first entry.
  package init() {}

  /// What is known of a node.
  package func member(_ name: NodeName) -> Member? {
    // By its place: it's asked for in each step of a node, and none that isn't meant is to be copied.
    members.firstIndex { $0.identity.node == name }.map { members[$0] }
  }
}
