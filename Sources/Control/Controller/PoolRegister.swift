import Balancing

/// The pools of a process: those of the configuration, and those that were and may come back.
package struct PoolRegister {
  /// How many pools that are gone are remembered.
  package static let formerKept = 64

  /// The configuration's, in its order.
  package private(set) var present: [PoolController] = []
  /// Those that were removed and whose backends still have sessions.
  package private(set) var leaving: [PoolController] = []
  /// Those that were removed and have no session any more, should they come back: what they counted goes on then. The
  /// longest gone come first.
  private(set) var former: [PoolController] = []

  /// All of them.
  package var all: [PoolController] { present + leaving + former }

  /// Whether somebody has left whose sessions go on.
  var areAnyLeaving: Bool { !leaving.isEmpty || present.contains { !$0.leaving.isEmpty } }

  /// A pool by its name, also one that is gone.
  func known(_ name: String) -> PoolController? {
    present.first { $0.name == name } ?? leaving.first { $0.name == name } ?? former.first { $0.name == name }
  }

  /// Takes the configuration's pools; gives those that were of it and aren't any more.
  mutating func replace(by pools: [PoolController]) -> [PoolController] {
    let isPresent = { (pool: PoolController) in pools.contains { $0 === pool } }
    let gone = present.filter { !isPresent($0) }
    present = pools
    leaving.removeAll(where: isPresent)
    former.removeAll(where: isPresent)
    leaving += gone
    return gone
  }

  /// Lets go of members that have left by then and whose sessions have ended, and of pools that have no other.
  mutating func forgetLeft(by then: Instant) {
    for pool in present + leaving { pool.forgetLeft(by: then) }
    former += leaving.filter(\.leaving.isEmpty)
    former.removeFirst(max(former.count - Self.formerKept, 0))
    leaving.removeAll { $0.leaving.isEmpty }
  }
}
