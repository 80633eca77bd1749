import Network
import Sockets
import Support
import Testing

/// A network that nobody else is in.
@Suite(.enabled(if: TestNetwork.obstacle == nil, "\(TestNetwork.obstacle ?? "")"))
struct OwnNetworkTests {
  @Test("what is opened and started in it is there, and what comes after isn't")
  func isolation() throws {
    let network = try OwnNetwork()
    func links() throws -> [Substring] {
      try Subprocess.run("ip", ["-o", "link", "show"]).output.split(separator: "\n")
    }
    let before = try links()
    let within = try network.run { try links() }
    #expect(within.count == 1 && within[0].contains(" lo:"))
    #expect(try links() == before)

    _ = try network.run { try Subprocess.run("ip", ["address", "add", "10.99.0.1/32", "dev", "lo"]) }
    let address: [UInt8] = [10, 99, 0, 1]
    #expect(try network.run { try AddressLook() }.finds(address))
    #expect(try !AddressLook().finds(address))
  }
}
