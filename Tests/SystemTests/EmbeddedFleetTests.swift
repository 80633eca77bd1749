import Foundation
import Support
import Testing

/// Fleets whose nodes agree by themselves.
extension FleetTests {
  @Test("without other servers all agree as long as more than half of the nodes are there, and after all were gone")
  func embedded() throws {
    let fleet = try FleetOnMachine(on: NoServers())
    try fleet.waitUntilAllServe(1)
    for name in fleet.names { #expect(eventually { fleet.log(of: name).contains("the embedded engine is a preview") }) }
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
    // It may be known a moment before that nothing can be agreed on.
    try Support.waitUntil("it knows that it's alone: \(fleet.logs)", limit: .seconds(20)) {
      try fleet.ask("lb3", "fleet", "status").output.contains("lb1, lb2 can't be reached")
    }
    let alone = try fleet.ask("lb3", "ready", "web/127.0.0.1:9")
    #expect(alone.exit != .code(0) && alone.errors.contains("lb1, lb2 can't be reached"), "\(alone)")

    // All of them lose their memory of what isn't stored, and have what is.
    fleet.kill("lb3")
    for name in fleet.names { try fleet.start(name) }
    try fleet.waitUntilAllServe(4)
    try fleet.waitForOverrides(["drain 127.0.0.1:9"])
    #expect(try fleet.ask("lb1", "ready", "web/127.0.0.1:9").exit == .code(0), "\(fleet.logs)")
    try fleet.waitForOverrides([])
  }

  @Test("who has lost what it promised takes no part, says so, and serves; the others go on, and let it begin anew")
  func forgetful() throws {
    let fleet = try FleetOnMachine(on: NoServers())
    try fleet.waitUntilAllServe(1)
    let data = "\(fleet.folder.path)/lb2/data"

    // What a disk might make of it.
    fleet.kill("lb2")
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: "\(data)/journal/0000000000000001"))
    try file.seek(toOffset: 8)
    try file.write(contentsOf: Data([0xFF, 0xFF, 0xFF, 0xFF]))
    try file.close()
    try fleet.start("lb2")
    try Support.waitUntil("it says so: \(fleet.log(of: "lb2"))", limit: .seconds(20)) {
      fleet.log(of: "lb2").contains("it's damaged")
    }
    #expect(try fleet.ask("lb2", "drain", "web/127.0.0.1:9", "--force").exit != .code(0))
    #expect(
      try eventually(seconds: 20) { try fleet.ask("lb1", "drain", "web/127.0.0.1:9", "--force").exit == .code(0) },
      "\(fleet.logs)")
    #expect(try fleet.ask("lb3", "ready", "web/127.0.0.1:9").exit == .code(0), "\(fleet.logs)")

    // Without its folder it's new to the others.
    for name in ["lb2", "lb3"] {
      fleet.kill(name)
      try FileManager.default.removeItem(atPath: "\(fleet.folder.path)/\(name)/data")
      try fleet.start(name)
      try Support.waitUntil("\(name) says so: \(fleet.log(of: name))", limit: .seconds(20)) {
        fleet.log(of: name).contains("`martlet fleet replace \(name)`")
      }
      #expect(try fleet.ask(name, "drain", "web/127.0.0.1:9", "--force").exit != .code(0))
      #expect(try fleet.ask("lb1", "fleet", "status").output.contains("none"))
      var answer = try fleet.ask("lb1", "fleet", "replace", name)
      #expect(
        try eventually(seconds: 20) {
          if answer.exit != .code(0) { answer = try fleet.ask("lb1", "fleet", "replace", name) }
          return answer.exit == .code(0)
        }, "\(answer) \(fleet.logs)")
      #expect(answer.output.contains("\(name) is to vote"), "\(answer)")
      let again = try fleet.ask("lb1", "fleet", "replace", name)
      #expect(again.exit != .code(0) && again.errors.contains("\(name) votes already"), "\(again)")
      #expect(
        try eventually(seconds: 30) { try !fleet.ask("lb1", "fleet", "status").output.contains("VOICE") },
        "\(fleet.logs)")
    }

    // Those two are a majority now, and know all that was agreed on before them.
    fleet.kill("lb1")
    #expect(
      try eventually(seconds: 30) { try fleet.ask("lb2", "drain", "web/127.0.0.1:9", "--force").exit == .code(0) },
      "\(fleet.logs)")
    #expect(try fleet.ask("lb3", "fleet", "remove", "lb1").exit == .code(0), "\(fleet.logs)")
    #expect(
      try eventually(seconds: 30) {
        try fleet.ask("lb3", "fleet", "status").output.split(separator: "\n").contains {
          $0.contains("lb1") && $0.contains("none")
        }
      }, "\(fleet.logs)")
    let last = try fleet.ask("lb3", "fleet", "remove", "lb7")
    #expect(last.exit != .code(0) && last.errors.contains("lb7 doesn't vote"), "\(last)")
  }
}
