extension FleetPlan {
  /// The names of the tables of clients: one for each address, which its owner leads; without addresses one for each node that serves,
  /// which that node leads for ever. A witness has none: nobody asks it about clients.
  package var tableNames: [String] {
    if isWitness { return [] }
    return addresses.isEmpty ? servers.map { "@\($0.text)" } : addresses.map(\.name)
  }
}

/// A generation of a node's own table: later ones are larger, and no two processes of any node have the same.
struct OwnGeneration {
  /// What its order goes by.
  private let count: UInt64
  /// What tells processes apart: 32 bits that all those of the memory and of the run come to.
  private let mark: UInt64

  /// A process's first.
  init(_ memory: FleetMemory, _ mutants: Mutants) {
    count = UInt64(memory.run)
    guard !mutants.have(.ownGenerationWithoutMark) else {
      mark = 0
      return
    }
    let mixed = (memory.incarnation.bits &+ count &* 0x9E37_79B9_7F4A_7C15) &* 0xD6E8_FEB8_6659_FD93
    mark = mixed >> 32
  }

  private init(count: UInt64, mark: UInt64) {
    (self.count, self.mark) = (count, mark)
  }

  /// Its number, as others have it.
  var number: UInt64 { count << 32 | mark }

  /// The next one that is later than what somebody has heard of, of a process before this one that had got further.
  func after(_ fence: UInt64) -> OwnGeneration {
    OwnGeneration(count: max(count, fence >> 32) + 1, mark: mark)
  }
}

extension FleetNode {
  /// Leads the table that is this node's, and does what has its time in all of them.
  mutating func mindTables(at now: Moment, into effects: inout [Effect]) {
    if let own = plan.ownTable, !tables[own].isPrimary {
      stepTable(own, .lead(generation: ownGeneration.number), at: now, into: &effects)
    }
    for index in tables.indices where now >= tables[index].wakesAt { stepTable(index, .tick, at: now, into: &effects) }
  }

  /// Somebody has heard of a later leader of a table. If it's this node's, that was a process before it.
  mutating func reclaim(_ index: Int, over fence: UInt64) {
    if index == plan.ownTable, !mutants.have(.ownTableGivenUp) { ownGeneration = ownGeneration.after(fence) }
  }
}
