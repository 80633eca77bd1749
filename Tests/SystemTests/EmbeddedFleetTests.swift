import Foundation
import Support
import Testing

/// Fleets whose nodes agree by themselves.
extension FleetTests {
  @Test("without other servers all agree as long as more than half of the nodes are there, and after all were gone")
  func embedded() throws {
    let fleet = try FleetOnMachine(on: NoServers())
    try fleet.waitUntilAllServe(1)
    for name in fleet.names { #expect(fleet.log(of: name).contains("the embedded engine is a preview")) }
    #expect(try fleet.ask("lb3", "drain", "web/127.0.0.1:9", "--force", "--reason", "new disk").exit == .code(0))
    try fleet.waitForOverrides(["drain 127.0.0.1:9"])

    // Whoever leads is one of them: each is ended once, and the others go on.
    for (turn, name) in fleet.names.enumerated() {
      fleet.kill(name)
      let other = fleet.names[(turn + 1) % 3]
      try fleet.configure(backend: UInt16(20 + turn))
      #expect(
        try eventually(seconds: 30) {
          try fleet.ask(other, "reload", fleet.file).output.contains("generation \(2 + turn) runs")
        }, "\(fleet.logs)")
      try fleet.start(name)
      try fleet.waitUntilAllServe(2 + turn)
    }

    // One alone can't agree on anything, and serves.
    fleet.kill("lb1")
    fleet.kill("lb2")
    try fleet.waitUntil("it's alone", on: "lb3") { !$0.log.live }
    let alone = try fleet.ask("lb3", "ready", "web/127.0.0.1:9")
    #expect(alone.exit != .code(0) && alone.errors.contains("lb1, lb2 can't be reached"), "\(alone)")
    #expect(try fleet.ask("lb3", "fleet", "status").output.contains("lb1, lb2 can't be reached"))

    // All of them lose their memory of what isn't stored, and have what is.
    fleet.kill("lb3")
    for name in fleet.names { try fleet.start(name) }
    try fleet.waitUntilAllServe(4)
    try fleet.waitForOverrides(["drain 127.0.0.1:9"])
    #expect(try fleet.ask("lb1", "ready", "web/127.0.0.1:9").exit == .code(0), "\(fleet.logs)")
    try fleet.waitForOverrides([])
  }

  @Test("who has lost what it promised takes no part, says so, and serves; the others go on")
  func forgetful() throws {
    let fleet = try FleetOnMachine(on: NoServers())
    try fleet.waitUntilAllServe(1)
    for (name, damage) in [("lb2", "its header"), ("lb3", "")] {
      fleet.kill(name)
      let data = "\(fleet.folder.path)/\(name)/data"
      if damage.isEmpty {
        try FileManager.default.removeItem(atPath: data)
      } else {
        // What a disk might make of it.
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: "\(data)/journal/0000000000000001"))
        try file.seek(toOffset: 8)
        try file.write(contentsOf: Data([0xFF, 0xFF, 0xFF, 0xFF]))
        try file.close()
      }
      try fleet.start(name)
      try Support.waitUntil("\(name) says so: \(fleet.log(of: name))", limit: .seconds(20)) {
        fleet.log(of: name).contains(damage.isEmpty ? "by a data folder that is lost" : "it's damaged")
      }
      let refused = try fleet.ask(name, "drain", "web/127.0.0.1:9", "--force")
      #expect(refused.exit != .code(0), "\(refused)")
      // It's as good as away: what is left of the others is a majority once only.
      if name == "lb3" { break }
      #expect(
        try eventually(seconds: 20) { try fleet.ask("lb1", "drain", "web/127.0.0.1:9", "--force").exit == .code(0) },
        "\(fleet.logs)")
      #expect(try fleet.ask("lb3", "ready", "web/127.0.0.1:9").exit == .code(0), "\(fleet.logs)")
    }
  }
}
