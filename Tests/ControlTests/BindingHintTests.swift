import Sockets
import SystemPackage
import Testing

@testable import Control

@Suite("Why an address can't be bound")
struct BindingHintTests {
  @Test("a kernel without IPv6 is told of, with what to write")
  func withoutIPv6() {
    let every = SocketAddress.ipv6(high: 0, low: 0, scope: 0, port: 8000)
    #expect(BindFailure(.addressFamilyNotSupported, at: every).hint?.contains("\"0.0.0.0:8000\"") == true)
    let one = SocketAddress.ipv6(high: 0, low: 1, scope: 0, port: 8000)
    #expect(BindFailure(.addressFamilyNotSupported, at: one).hint?.contains("no IPv6") == true)
  }
}
