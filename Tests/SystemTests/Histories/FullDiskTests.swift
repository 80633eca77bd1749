import Histories
import Support
import Testing

/// Nodes that have no room for what they mustn't forget.
@Suite("System/Fleet/FullDisk", .enabled(if: HistoryFleet.obstacle == nil, "\(HistoryFleet.obstacle ?? "")"))
struct FullDiskTests {
  @Test("a process that begins while the disk is full serves and has its voice, and holds what comes once there's room")
  func begins() throws {
    let fleet = try HistoryFleet(nodes: 3)
    try fleet.waitUntilOne(limit: .seconds(40))
    try fleet.fillDisk(of: "lb1")
    fleet.kill("lb1")
    try fleet.start("lb1")
    try fleet.waitUntilOne(limit: .seconds(40))

    // Two of three can agree on something only if this one takes part.
    fleet.kill("lb3")
    let record = HistoryRecord(registers: HistoryDoor.weights)
    let door = HistoryDoor(of: 0, fleet.doors, record)
    try waitUntil("something is agreed on: \(fleet.log(of: "lb1"))", limit: .seconds(40)) {
      guard case .taken(_, let nodes) = door.change(HistoryDoor.weights[0], .set(7)) else { return false }
      return nodes == [1]
    }
    try fleet.emptyDisk(of: "lb1")
    try waitUntil("it holds on both: \(fleet.log(of: "lb1"))", limit: .seconds(40)) {
      guard case .taken(_, let nodes) = door.change(HistoryDoor.weights[0], .set(8)) else { return false }
      return nodes == [0, 1]
    }
  }
}
