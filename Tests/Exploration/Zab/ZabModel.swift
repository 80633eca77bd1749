package import Agreement
import Simulation

/// The log that three nodes keep among themselves: what ships, from nothing on or from a leader on whom both others follow.
///
/// Each node has its own clock, which may be at any time when something has its own; so nothing rests on how long something takes. What one node says to
/// another one comes in its order. What is written is durable at once, if the node doesn't crash before.
package struct ZabModel: Model {
  /// What is looked at.
  package struct Bounds: Sendable {
    /// Whether it begins when one leads already.
    var isLed = false
    /// How often something has its time at some node.
    var waits = 12
    /// How often a node hears nothing for so long that it's too long.
    var timeouts = 1
    /// How often a node crashes and starts.
    var restarts = 1
    /// How many entries are wanted.
    var entries = 1
    /// How often something that was said is lost, or comes twice.
    var losses = 0
    var doubles = 0

    init() {}
  }

  /// A node: its process, its clock, its disk.
  package struct Node {
    var zab: Zab
    var now = Moment.start + .seconds(1_000)
    var run: UInt32 = 1
    var durable = ZabMemory()
    var pending: [ZabRecord] = []
    var synced: UInt64 = 0
    /// The last entry of what was written.
    var last = Zxid.zero
    /// Whether it proposes, as far as was seen.
    var isReady = false
    /// How it crashes in the present step, once it writes.
    var trap: Break?
  }

  /// What can happen to a node, beside that it's told something.
  package enum Deed: Hashable {
    /// So much time goes by that something has its time.
    case wake
    /// So much that all has its time.
    case timeout
    /// The process ends and begins anew.
    case crash
    /// Somebody wants this entry in the log.
    case wish(UInt64)
  }

  /// What the world sees of a step.
  package enum Note: Hashable {
    /// It starts with that state.
    case starts(Zxid, [UInt8])
    /// It writes an entry; whether as the one that proposes it.
    case writes(Zxid, ZabEntry, isLeader: Bool)
    /// It delivers an entry.
    case delivers(Zxid, [UInt8])
    /// It takes over a state.
    case restores(Zxid, [UInt8])
    /// It begins to propose.
    case leads(UInt32)
  }

  /// What is left of what may happen, and what was seen.
  package struct World: Hashable {
    var waits: Int
    var timeouts: Int
    var restarts: Int
    var wished: UInt64 = 0
    var losses: Int
    var doubles: Int
    var judge = ZabJudge(nodes: 3)

    var isWithinBounds: Bool { min(waits, timeouts, restarts, losses, doubles) >= 0 }
  }

  let bounds: Bounds
  let mutants: Mutants
  var start: (nodes: [Node], world: World)?

  /// All that is within bounds.
  package init(_ bounds: Bounds, mutant: Mutant? = nil) {
    self.bounds = bounds
    mutants = Mutants(mutant)
    if bounds.isLed { start = led() }
  }

  package var delivery: Delivery { .inOrder }
  package var tide: Deed? { nil }
  package var idle: Deed? { nil }
  package var breaks: [Break] { bounds.restarts > 0 ? (0..<4).map { Break(kept: $0) } : [] }

  package func words(for deed: Deed) -> String {
    switch deed {
    case .wake: "does what is due next"
    case .timeout: "waits for too long"
    case .crash: "crashes and starts"
    case .wish(let token): "is asked for entry \(token)"
    }
  }
}
