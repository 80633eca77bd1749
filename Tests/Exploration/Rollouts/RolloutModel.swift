package import Agreement

/// Rollouts among three nodes that share a log: what ships, from a fleet on that all serve the first generation of.
///
/// The log is one list that all hear in its order, each at its own pace; an entry is in it for good when it's appended. Time goes by for each node by
/// itself, so that a deadline can be over at any moment.
package struct RolloutModel: Model {
  /// What is looked at.
  package struct Bounds: Sendable {
    /// How many rollouts are wanted, each by another node.
    var wishes = 1
    /// How often a node can't have what it's to prepare.
    var refusals = 1
    /// How often a node's deadline is over.
    var deadlines = 1
    /// How often a node crashes, some of the time with the loss of its disk.
    var crashes = 1
    /// How often the answer to an append is lost, so that it's asked again.
    var losses = 1

    init() {}
  }

  /// A node: its process, its disk, and what the process has in hand.
  package struct Node {
    let number: Int
    var me: Participant
    var run: UInt32 = 1
    var sequence: UInt64 = 0
    var rollouts: Rollouts
    /// What the log came to, as far as it was heard.
    var state: FleetState
    /// Whether the log was heard to its end once.
    var isInformed = true
    /// What is to be in the log, in this order.
    var outbox: [Entry] = []
    var now = Moment.start + .seconds(1_000)
    /// What would be served after a crash.
    var stored: FleetState.Committed
    /// For what things are being reserved, or are.
    var preparing: UInt64?
    var reserved: UInt64?
    /// For what it had everything reserved once, with this memory.
    var everReserved: [UInt64] = []
    var activating: Activation?
  }

  struct Activation {
    var target: Rollouts.Target
    var isInForce: Bool
  }

  /// What gets to a node.
  package enum Message: Hashable {
    /// The next entry.
    case entry(Entry)
    /// That was all there was when this run began.
    case end(run: UInt32)
  }

  /// What can happen to a node, beside that it hears more of the log.
  package enum Deed: Hashable {
    /// Somebody wants a rollout.
    case wish
    /// What it wants to say is in the log.
    case append
    /// That, and it doesn't know it.
    case appendUnknowing
    /// It has all that it needs for what it prepares, or can't have it.
    case prepared(Vote)
    /// What it activates is served, and stored.
    case activated
    /// So much time goes by that something has its time.
    case deadline
    /// It ends and begins anew.
    case crash
    /// Its disk is lost as well.
    case wipe
  }

  /// What the world sees of a step.
  package enum Note: Hashable {
    /// An entry is in the log; whether its author has stored that generation, or had all reserved, if that is what it says.
    case appended(Entry, isTrue: Bool)
    /// It has come to that entry, which has decided something for it, or nothing.
    case learned(UInt64, Decision?)
    /// It gives back what it had reserved.
    case givesBack(UInt64, Participant)
    /// It begins to serve something.
    case activates(UInt64)
  }

  /// How a rollout ends.
  package enum Decision: Hashable {
    case committed
    case aborted
  }

  let bounds: Bounds
  let mutants: Mutants

  /// All that is within bounds.
  package init(_ bounds: Bounds, mutant: Mutant? = nil) {
    self.bounds = bounds
    mutants = Mutants(mutant)
  }

  package var delivery: Delivery { .asLogged }
  package var tide: Deed? { nil }
  package var idle: Deed? { nil }
  package var breaks: [Break] { [] }

  package func words(for message: Message) -> String {
    switch message {
    case .entry(let entry): "\(entry.id.author.node.text) says: \(words(for: entry.event))"
    case .end: "that is the end of the log"
    }
  }

  private func words(for event: Entry.Event) -> String {
    switch event {
    case .join: "I'm there"
    case .begin(let proposal): "a rollout of text \(proposal.text[0])"
    case .vote(let rollout, .yes): "yes to rollout \(rollout)"
    case .vote(let rollout, .no): "no to rollout \(rollout)"
    case .abort(let rollout, _): "rollout \(rollout) shall end"
    case .applied(let generation): "I serve generation \(generation)"
    default: "\(event)"
    }
  }

  package func words(for deed: Deed) -> String {
    switch deed {
    case .wish: "is asked for a rollout"
    case .append: "appends the first of what it has to say"
    case .appendUnknowing: "appends the first of what it has to say, and doesn't know that it did"
    case .prepared(.yes): "has reserved all that it needs"
    case .prepared(.no): "can't have what it needs"
    case .activated: "serves what it activates, and has stored it"
    case .deadline: "waits until its time is over"
    case .crash: "crashes and starts"
    case .wipe: "crashes, loses its disk, and starts"
    }
  }
}
