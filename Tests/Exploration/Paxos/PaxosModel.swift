package import Agreement

/// Who owns a name, decided among three nodes of which the first two, or the first alone, want it: what ships, from nothing known on.
///
/// Time goes by in instants of half a term, for all alike: clocks differ neither in pace nor in when their instants begin. What is due is done in the
/// instant itself, in any order, or any time later, and what is said is heard in any instant from then on. So nodes that freeze, what is
/// late, lost or overtaken is all there; what happens between two instants isn't.
///
/// A look at how it is asks one other node, which answers at once or, so many times, late; an answer after which nothing is tried counts as not heard.
/// The third node never looks.
package struct PaxosModel: Model {
  /// What is looked at.
  package struct Bounds: Sendable {
    /// How many want to own it: the first ones.
    var candidates = 2
    /// How many instants go by.
    var instants = 2
    /// The last generation that anybody tries to own it by.
    var generations: UInt64 = 2
    /// How often somebody tries to own it.
    var tries = 2
    /// How often each process renews it: once at most.
    var renewals = 1
    /// How often a node crashes and starts.
    var crashes = 1
    /// How often a process that owns it makes room for the next one.
    var handOvers = 0
    /// How often it's given up.
    var releases = 0
    /// How fast disks are.
    var disk = Disk.atOnce
    /// How often something is heard twice.
    var doubles = 0
    /// How often what is answered to a look comes late.
    var lateLooks = 0

    init() {}
  }

  /// When what is written is durable.
  package enum Disk: Sendable {
    /// At once, if the node doesn't crash before.
    case atOnce
    /// At any time, in its order.
    case late
  }

  /// A node: its process, its clock, its disk.
  package struct Node {
    let number: NodeNumber
    /// Whether it may own the name.
    let isCandidate: Bool
    var owner: PaxosOwner
    var now: Moment
    var run: UInt32 = 1
    var durable = PaxosSlot()
    var pending: [PaxosSlot] = []
    var synced: UInt64 = 0
    var owned: (generation: UInt64, until: Moment)?
    /// Whether what stands for the name is on its way down, as it's given up.
    var isDropping = false
    /// The renewal that it has made.
    var renewal: Look?
    /// The look that it made last, if it may be answered.
    var asked: Look?
    /// What was answered to a look and isn't there yet, and by whom.
    var late: (answer: PaxosMessage, from: Int)?
    /// How it crashes in the present step, once it writes.
    var trap: Break?
  }

  /// A question that a node has asked, by the number that it goes by there.
  struct Look {
    var round: UInt64
  }

  /// What can happen to a node, beside that it's told something.
  package enum Deed: Hashable {
    /// Something has its time.
    case wake
    /// It looks at how it is, and hears how it is with another node.
    case look(at: Int)
    /// It looks at how it is, and what another node answers is on its way.
    case ask(Int)
    /// What is on its way is there.
    case hearLate
    /// What was written first, of what isn't durable yet, is.
    case stored
    /// The process ends and begins anew, with so much of what was written.
    case crash(kept: Int)
    /// The process leaves all to the next one.
    case handOver
    /// It's to give the name up.
    case release(heir: NodeNumber?)
    /// What stands for the name is gone.
    case dropped
    /// An instant goes by.
    case instant
  }

  /// What the world sees of a step.
  package enum Note: Hashable {
    /// It owns the name for so long, by this generation, as that process; whether it has it from the one before.
    case owns(UInt64, left: Span, run: UInt32, isInherited: Bool)
    /// It doesn't any more.
    case forgets
    /// It doesn't any more, as it gives it up.
    case gives
    /// It tries to.
    case tries(Ballot)
  }

  static let lease = Lease(term: .seconds(1))
  static let instant = lease.term / 2

  let bounds: Bounds
  let mutants: Mutants

  /// All that is within bounds.
  package init(_ bounds: Bounds, mutant: Mutant? = nil) {
    self.bounds = bounds
    mutants = Mutants(mutant)
  }

  package var delivery: Delivery { .inAnyOrder }
  package var breaks: [Break] { bounds.crashes > 0 && bounds.disk == .atOnce ? [Break(kept: 0), Break(kept: 1)] : [] }
  package var idle: Deed? { .wake }
  package var tide: Deed? { .instant }

  /// Answers to what it asks no more: it never asks the same again.
  package func isSpent(_ message: PaxosMessage) -> Bool {
    switch message {
    case .promise, .accepted, .refused, .renewed: true
    default: false
    }
  }

  package func words(for deed: Deed) -> String {
    switch deed {
    case .wake: "does what is due"
    case .look(let other): "looks at how it is, and n\(other) answers"
    case .ask(let other): "looks at how it is, and what n\(other) answers is on its way"
    case .hearLate: "hears what was answered late"
    case .stored: "what was written first is on the disk"
    case .crash(let kept): "crashes with \(kept) of its writes under way on the disk, and starts"
    case .handOver: "leaves all to the next process"
    case .release(let heir): "is to give the name up for \(heir.map { "n\($0)" } ?? "anybody")"
    case .dropped: "has nothing any more that stands for the name"
    case .instant: "half a term goes by"
    }
  }
}
