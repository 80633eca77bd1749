import Glibc
import Support

/// What happens to a fleet, at random from a seed: processes are killed all the time, and beside that one node after the other is frozen, cut off, or
/// has no room on its disk, or some nodes don't reach some others.
struct HistoryTroubles {
  /// What happens for a while, to one node but for the last ones.
  enum Trouble: Hashable, CustomStringConvertible {
    case frozen
    case cut(TestNetwork.Cut)
    case diskFull
    /// Some nodes and the others don't reach each other.
    case split
    /// This one doesn't reach that one, for some of all pairs.
    case pairs

    var description: String {
      switch self {
      case .frozen: "frozen"
      case .cut(let cut): "cut off \(cut)"
      case .diskFull: "disk full"
      case .split: "split in two"
      case .pairs: "pairs cut off"
      }
    }
  }

  /// How often each thing happened.
  private(set) var counts: [String: Int] = [:]
  /// What processes said that have ended by themselves.
  private(set) var ended: [String] = []

  private let fleet: HistoryFleet
  private let kinds: [Trouble]
  private var upgrades: HistoryUpgrades
  private var chance: Chance
  private var killAt: Int64
  private var troubleAt: Int64
  /// Which nodes are dead, and when each starts again.
  private var startAt: [String: Int64] = [:]
  private var present: (trouble: Trouble, name: String)?
  /// Who doesn't reach whom.
  private var apart: [(from: Int, to: Int)] = []

  init(of fleet: HistoryFleet, seed: UInt64) {
    self.fleet = fleet
    chance = Chance(seed)
    upgrades = HistoryUpgrades(seed: seed)
    kinds = [.frozen, .diskFull, .split, .pairs] + TestNetwork.cuts.map { .cut($0) }
    (killAt, troubleAt) = (bootTime(), bootTime())
    killAt += span(0...10)
    troubleAt += span(0...4)
  }

  /// A time between so many seconds, in nanoseconds.
  private mutating func span(_ seconds: ClosedRange<Double>) -> Int64 {
    Int64(Double.random(in: seconds, using: &chance) * 1e9)
  }

  /// Lets it happen for so long.
  mutating func play(seconds: Int) throws {
    let end = bootTime() + Int64(seconds) * 1_000_000_000
    while bootTime() < end {
      try startDead()
      if bootTime() >= killAt { kill() }
      if bootTime() >= troubleAt { try turn() }
      usleep(20_000)
    }
  }

  /// Mends everything.
  mutating func mend() throws {
    if present != nil { try turn() }
    for name in startAt.keys { startAt[name] = 0 }
    try startDead()
    try HistoryUpgrades.finish(fleet)
    guard HistoryUpgrades.former != nil else { return }
    (counts["to the former program"], counts["from the former program"]) = upgrades.counts
  }

  private mutating func startDead() throws {
    for name in fleet.names where startAt[name] == nil && !fleet.isRunning(name) {
      ended.append("\(name): \(fleet.log(of: name).suffix(2_000))")
      fleet.kill(name)
      startAt[name] = bootTime() + 1_000_000_000
    }
    for (name, at) in startAt where bootTime() >= at {
      try fleet.start(name)
      startAt[name] = nil
    }
  }

  private mutating func kill() {
    killAt = bootTime() + span(0...10)
    guard let name = fleet.names.randomElement(using: &chance), startAt[name] == nil, fleet.isRunning(name) else {
      return
    }
    fleet.kill(name)
    upgrades.change(name, of: fleet)
    counts["killed", default: 0] += 1
    startAt[name] = bootTime() + span(0.05...1.5)
  }

  /// Begins a trouble, or ends the present one.
  private mutating func turn() throws {
    if let (trouble, name) = present {
      try end(trouble, name)
      present = nil
      troubleAt = bootTime() + span(0...4)
    } else {
      guard let kind = kinds.randomElement(using: &chance), let name = fleet.names.randomElement(using: &chance) else {
        return
      }
      try begin(kind, name)
      present = (kind, name)
      counts["\(kind)", default: 0] += 1
      // From 0.2 to 20 s, short ones as often as long ones.
      troubleAt = bootTime() + Int64(2e8 * exp(Double.random(in: 0...log(100), using: &chance)))
    }
  }

  private mutating func begin(_ trouble: Trouble, _ name: String) throws {
    switch trouble {
    case .frozen: fleet.signal(name, SIGSTOP)
    case .cut(let cut): try fleet.network.cut(fleet.names.firstIndex(of: name) ?? 0, cut)
    case .diskFull: try fleet.fillDisk(of: name)
    case .split:
      let side = fleet.names.map { _ in Bool.random(using: &chance) }
      try separate { side[$0] != side[$1] }
    case .pairs:
      let lot = fleet.names.map { _ in fleet.names.map { _ in chance.once(in: 3) } }
      try separate { lot[$0][$1] }
    }
  }

  private mutating func separate(_ isApart: (Int, Int) -> Bool) throws {
    for from in fleet.names.indices {
      for to in fleet.names.indices where from != to && isApart(from, to) {
        try fleet.network.nodes[from].run("ip", "route", "add", "blackhole", "10.77.0.\(to + 1)")
        apart.append((from, to))
      }
    }
  }

  private mutating func end(_ trouble: Trouble, _ name: String) throws {
    switch trouble {
    case .frozen: fleet.signal(name, SIGCONT)
    case .cut(let cut): try fleet.network.mend(fleet.names.firstIndex(of: name) ?? 0, cut)
    case .diskFull: try fleet.emptyDisk(of: name)
    case .split, .pairs:
      for (from, to) in apart {
        try fleet.network.nodes[from].run("ip", "route", "delete", "blackhole", "10.77.0.\(to + 1)")
      }
      apart = []
    }
  }
}
