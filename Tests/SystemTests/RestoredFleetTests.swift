import Foundation
import Support
import Testing

/// A fleet that has lost more than half of its nodes for good.
extension FleetTests {
  @Test("who is left goes on without those who are lost, if somebody says so; they come in again with nothing")
  func restored() throws {
    let address =
      ", \"addresses\": [{ \"name\": \"web\", \"address\": \"10.9.9.9\", \"action\": \"none\", \"lease\": \"3s\" }]"
    let fleet = try FleetOnMachine(on: NoServers()) { try $0.configure(backend: 9, fleet: address) }
    try fleet.waitUntilAllServe(1)
    #expect(try fleet.ask("lb1", "drain", "web/127.0.0.1:9", "--force", "--reason", "old").exit == .code(0))
    try fleet.waitForOverrides(["drain 127.0.0.1:9"])
    let early = try fleet.ask("lb1", "fleet", "restore", "--accept-loss", "lb2,lb3")
    #expect(early.exit != .code(0) && early.errors.contains("nothing is lost"), "\(early)")

    let files = FileManager.default
    for name in ["lb2", "lb3"] { fleet.kill(name) }
    try files.moveItem(atPath: fleet.data(of: "lb2"), toPath: "\(fleet.folder.path)/lb2/old")
    try files.removeItem(atPath: fleet.data(of: "lb3"))
    try fleet.waitUntil("it's alone", on: "lb1") { !$0.log.live && $0.log.trouble?.contains("no majority") == true }
    #expect(try fleet.ask("lb1", "fleet", "status").output.contains("`martlet fleet restore`"))

    // It tells what would be lost, and does nothing.
    try Support.waitUntil("it's known to be alone", limit: .seconds(10)) {
      try fleet.ask("lb1", "fleet", "restore").errors.contains("--accept-loss lb2,lb3")
    }
    let told = try fleet.ask("lb1", "fleet", "restore")
    for words in ["nothing has changed", "lb2, lb3: what they knew", "lost for ever", "two fleets"] {
      #expect(told.exit != .code(0) && told.errors.contains(words), "\(told)")
    }
    let other = try fleet.ask("lb1", "fleet", "restore", "--accept-loss", "lb3")
    #expect(other.exit != .code(0) && other.errors.contains("lb3 was named"), "\(other)")
    #expect(try fleet.ask("lb1", "ready", "web/127.0.0.1:9").exit != .code(0))

    let done = try fleet.ask("lb1", "fleet", "restore", "--accept-loss", "lb2,lb3")
    #expect(done.exit == .code(0) && done.output.contains("goes on from what lb1 has"), "\(done) \(fleet.logs)")
    #expect(
      try eventually(seconds: 20) { try fleet.ask("lb1", "ready", "web/127.0.0.1:9").exit == .code(0) }, "\(fleet.logs)"
    )
    try fleet.waitUntil("the address is its own", on: "lb1") { $0.addresses?.first?.owner == "lb1" }
    #expect(eventually { fleet.log(of: "lb1").contains("without lb2, lb3") })

    // All of it is on its disk.
    fleet.kill("lb1")
    try fleet.start("lb1")
    try fleet.waitUntil("it's back", on: "lb1") { $0.log.live && $0.generation == 1 }

    // One that comes back as it was is told that it's of this fleet no more, and does nothing.
    try files.moveItem(atPath: "\(fleet.folder.path)/lb2/old", toPath: fleet.data(of: "lb2"))
    try fleet.start("lb2")
    try Support.waitUntil("lb2 is told: \(fleet.log(of: "lb2"))", limit: .seconds(20)) {
      fleet.log(of: "lb2").contains("restored without this node")
    }
    let status = try fleet.ask("lb2", "fleet", "status").output
    #expect(status.contains("restored without this node") && status.contains("none"), "\(status)")
    #expect(try fleet.ask("lb2", "drain", "web/127.0.0.1:9", "--force").exit != .code(0))

    for name in ["lb2", "lb3"] {
      fleet.kill(name)
      try? files.removeItem(atPath: fleet.data(of: name))
      try fleet.start(name)
      try Support.waitUntil("\(name) says so: \(fleet.log(of: name))", limit: .seconds(20)) {
        fleet.log(of: name).contains("`martlet fleet replace \(name)`")
      }
      var answer = try fleet.ask("lb1", "fleet", "replace", name)
      #expect(
        try eventually(seconds: 20) {
          if answer.exit != .code(0) { answer = try fleet.ask("lb1", "fleet", "replace", name) }
          return answer.exit == .code(0)
        }, "\(answer) \(fleet.logs)")
      try fleet.waitUntil("\(name) votes", on: name, limit: .seconds(40)) { status in
        status.log.live && status.nodes.contains { $0.name == name && $0.voice == "votes" }
      }
    }
    try fleet.waitUntilAllServe(1)
    fleet.kill("lb1")
    #expect(
      try eventually(seconds: 30) { try fleet.ask("lb2", "drain", "web/127.0.0.1:9", "--force").exit == .code(0) },
      "\(fleet.logs)")
  }
}
