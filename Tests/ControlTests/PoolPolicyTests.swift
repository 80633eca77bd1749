import Config
import Proxy
import Testing

@testable import Control

/// What a pool's configuration comes to for its sessions.
@Suite struct PoolPolicyTests {
  @Test("what is unlimited never comes")
  func unlimited() throws {
    func policy(_ timeouts: String) throws -> PoolPolicy {
      let configuration = try Configuration.parse(
        "{ listen: ':80', backends: ['10.0.0.1:80'], timeouts: { \(timeouts) } }")
      return PoolPolicy(
        configuration.pools[0], status: PoolStatus(name: "main", cursorStart: 0, workers: 1), patience: .zero)
    }
    let limited = try policy("idle: '2h', maxAge: '1d'")
    #expect(limited.idle == 7_200_000_000_000 && limited.maxAge == 86_400_000_000_000)
    let unlimited = try policy("idle: 'unlimited', maxAge: 'unlimited'")
    #expect(unlimited.idle == .max && unlimited.maxAge == .max)
  }
}
