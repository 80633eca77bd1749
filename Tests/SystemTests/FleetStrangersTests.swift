import Foundation
import Sockets
import Support
import Testing

@Suite("System/FleetStrangers") struct FleetStrangersTests {
  @Test("ten thousand strangers at a node's port take nothing from it for good, and are worth a few lines")
  func tenThousand() throws {
    let fleet = try FleetOnMachine()
    try fleet.waitUntilAllServe(1)
    let node = try #require(fleet.nodes["lb1"])
    let address = SocketAddress.ipv4(0x7F00_0001, port: fleet.nodePorts[0])
    let descriptors = { try FileManager.default.contentsOfDirectory(atPath: "/proc/\(node.pid)/fd").count }
    let before = try descriptors()
    var resident = 0
    for wave in 0..<10 {
      var strangers: [Peer] = []
      for number in 0..<1_000 {
        let stranger = try Peer.connect(to: address)
        strangers.append(stranger)
        switch number % 4 {
        case 0: try? stranger.send("GET /\(number) HTTP/1.1\r\nHost: lb1\r\n\r\n")
        case 1: try? stranger.send((0..<200).map { UInt8(truncatingIfNeeded: $0 &* number) })
        // What begins as TLS does.
        case 2: try? stranger.send([0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3])
        default: break
        }
      }
      for stranger in strangers { stranger.close() }
      // What the first ones take is needed by any number of them.
      if wave == 0 { resident = try self.resident(node) }
    }
    #expect(try eventually { try descriptors() <= before + 2 }, "from \(before)")
    let more = try self.resident(node) - resident
    if Programs.sanitizer == nil { #expect(more < 16 << 20, "\(more >> 10) KiB more") }
    #expect(eventually { fleet.log(of: "lb1").contains("isn't a node of this fleet") })
    let lines = fleet.log(of: "lb1").split(separator: "\n")
    #expect(1...10 ~= lines.count { $0.contains("isn't a node of this fleet") }, "\(fleet.log(of: "lb1"))")
    #expect(!fleet.logs.contains("can't be reached"), "\(fleet.logs)")
    try fleet.waitUntilAllServe(1)
  }

  private func resident(_ node: Subprocess) throws -> Int {
    let text = try Subprocess.run("cat", ["/proc/\(node.pid)/statm"]).output
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
  }
}
