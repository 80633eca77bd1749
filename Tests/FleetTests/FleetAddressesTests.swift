import Agreement
import Libevent
import Network
import Sockets
import Support
import Testing

@testable import Fleet

/// Addresses that a node owns, on its own machine: what is told of them, and what is done.
@Suite struct FleetAddressesTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// An address of a node, and what was told of it.
  private final class Stage {
    let loop = EventLoop()
    var gone = 0
    var abilities: [Bool] = []
    private(set) var addresses: FleetAddresses?

    init(_ address: FleetAddress, inheriting leases: [FleetLease] = []) {
      addresses = FleetAddresses([address], on: loop) { [unowned self] in
        switch $0 {
        case .gone: gone += 1
        case .ability(_, let isAble): abilities.append(isAble)
        default: break
        }
      }
      addresses?.start(leases, hasLeft: false) { index, lease in own(index, lease.generation) }
    }

    func own(_ index: Int = 0, _ generation: UInt64 = 1, for span: Span = .seconds(8)) {
      addresses?.own(index, generation: generation, until: BootClock.now() + span)
    }

    func release() {
      addresses?.drop(0, .released)
      addresses?.sessionsEnded(0)
    }
  }

  private func address(_ action: FloatingAddress.Action) throws -> FleetAddress {
    let host = try #require(SocketAddress(ip: "10.77.0.100", port: 0))
    return FleetAddress(try #require(FloatingAddress("web", host, action)), lease: Lease(term: .seconds(8)))
  }

  private var said: String { SmallFile.read("\(folder.path)/said") ?? "" }

  private func command(_ script: String) throws -> FleetAddress {
    try address(.command(["/bin/sh", "-c", "echo $0 >>\(folder.path)/said; \(script)"]))
  }

  @Test("a claim that runs as another process takes over is ended, and that one claims the address")
  func handedOver() throws {
    let address = try command("[ $0 = release ] || [ -e \(folder.path)/go ] || exec sleep 60")
    let before = Stage(address)
    #expect(before.loop.wait(seconds: 20) { said == "release\n" })
    before.own()
    #expect(before.loop.wait(seconds: 20) { said == "release\nclaim\n" })
    let leases = try #require(before.addresses).end(handingOver: true)
    #expect(leases.map(\.isUnclaimed) == [true])
    _ = try folder.write("go", "")
    let after = Stage(address, inheriting: leases)
    #expect(after.loop.wait(seconds: 20) { said == "release\nclaim\nclaim\n" })
    #expect(after.addresses?.end(handingOver: false).isEmpty == true)
  }

  @Test("who can't own any more, as its journal is broken, doesn't keep the process that comes after it from that")
  func out() throws {
    let stage = Stage(try address(.none))
    stage.addresses?.stayOut()
    #expect(stage.abilities == [false] && stage.addresses?.hasLeft == false)
  }

  @Test(
    "an address that the kernel doesn't take away isn't said to be gone until it is",
    .enabled(if: TestNetwork.obstacle == nil, "\(TestNetwork.obstacle ?? "")"))
  func refused() throws {
    let network = try TestNetwork(nodes: 1)
    let address = try address(.address(interface: "eth0"))
    let seen = network.nodes[0].run { () -> [Int] in
      Capabilities.keep(1 << 12 | 1 << 13)
      let stage = Stage(address)
      stage.own()
      var seen: [Int] = []
      Capabilities.without {
        stage.release()
        _ = stage.loop.wait(seconds: 0.5) { stage.gone > 0 }
        seen.append(stage.gone)
      }
      _ = stage.loop.wait(seconds: 5) { stage.gone > 0 }
      return seen + [stage.gone]
    }
    #expect(seen == [0, 1])
    #expect(try !network.nodes[0].run("ip", "address", "show").contains("10.77.0.100/32"))
  }
}
