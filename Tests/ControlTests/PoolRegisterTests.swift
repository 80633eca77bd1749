import Balancing
import Config
import Proxy
import Testing

@testable import Control

@Suite("Pools that come and go")
struct PoolRegisterTests {
  private func pool(_ name: String) throws -> PoolController {
    let configuration = try Configuration.parse(
      "{ listeners: [{ name: 'main', bind: ':0' }], pools: [{ name: '\(name)', backends: ['10.0.0.1:80'] }] }")
    return PoolController(
      configuration.pools[0], status: PoolStatus(name: name, cursorStart: 0, workers: 1), heritage: InheritedPools(),
      patience: .seconds(1))
  }

  @Test("who has gone without sessions is remembered and comes back as the same; the longest gone are forgotten first")
  func gone() throws {
    var register = PoolRegister()
    let pools = try (0...PoolRegister.formerKept + 1).map { try pool("p\($0)") }
    for pool in pools {
      _ = register.replace(by: [pool])
      register.forgetLeft(by: .now + .seconds(1))
    }
    #expect(register.present.map(\.name) == [pools[pools.count - 1].name] && register.leaving.isEmpty)
    #expect(register.former.map(\.name) == pools[1..<pools.count - 1].map(\.name))
    #expect(register.known("p0") == nil)
    #expect(register.known("p7") === pools[7])
    #expect(register.replace(by: [pools[7]]).map(\.name) == [pools[pools.count - 1].name])
    #expect(!register.former.contains { $0 === pools[7] } && register.areAnyLeaving)
  }
}
