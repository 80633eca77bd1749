import Foundation
import Support

/// Nodes that begin anew with another program now and then: a former one, and back, one after the other.
struct HistoryUpgrades {
  /// Where the former program is, if there's one: `make fleet-soak-mixed` builds it.
  static let former = ProcessInfo.processInfo.environment["MARTLET_FORMER"]

  /// How often a node went back to the former program, and how often it came from that.
  private(set) var counts = (back: 0, on: 0)
  private var chance: Chance

  init(seed: UInt64) {
    // By a chance of its own, so that the rest of a seed stays what it is.
    chance = Chance(seed ^ 0x5DEE_CE66_D1CE)
  }

  /// A node's process has ended: with two chances of three another program begins next.
  mutating func change(_ name: String, of fleet: HistoryFleet) {
    guard Self.former != nil, !chance.once(in: 3) else { return }
    if fleet.hasFormer(name) { counts.on += 1 } else { counts.back += 1 }
    fleet.changeProgram(of: name)
  }

  /// Lets the later program run on each node.
  static func finish(_ fleet: HistoryFleet) throws {
    for name in fleet.names where fleet.hasFormer(name) {
      fleet.kill(name)
      fleet.changeProgram(of: name)
      try fleet.start(name)
    }
  }
}
