import Glibc
import Libevent
import Network
import Sockets
import Synchronization
import SystemPackage

/// Looks again and again which of the machines have the floating address on their interface, whatever they say.
final class FleetDemoHolders: Sendable {
  /// What it has seen.
  struct Seen {
    /// How often it has looked at all of them.
    var looks = 0
    /// Who had it at the last look, and it alone.
    var holder: Int?
    /// Who had it last.
    var last: Int?
    /// How often another one than before had it.
    var changes = 0
    /// How often two had it at once.
    var doubles = 0
  }

  private let state = Mutex(Seen())

  /// What it has seen until now.
  var seen: Seen { state.withLock(\.self) }

  init(in network: FleetDemoNetwork) {
    _ = LoopThread(name: "holders") { [self] in
      let looks = network.machines.compactMap { $0.run { try? AddressLook() } }
      guard let address = SocketAddress(ip: FleetDemoNetwork.floating, port: 0)?.hostBytes else { return }
      while true {
        look(looks, for: address)
        usleep(2_000)
      }
    }
  }

  private func look(_ looks: [AddressLook], for address: [UInt8]) {
    func has(_ machine: Int) -> Bool { (try? looks[machine].finds(address)) ?? false }
    var holders = looks.indices.filter(has)
    // It may have gone from one to the other meanwhile: only who has it still has had it together with the other.
    if holders.count > 1 { holders = holders.filter(has) }
    state.withLock { [holders] seen in
      seen.looks += 1
      if holders.count > 1 { seen.doubles += 1 }
      seen.holder = holders.count == 1 ? holders[0] : nil
      if let holder = seen.holder, let last = seen.last, holder != last { seen.changes += 1 }
      seen.last = seen.holder ?? seen.last
    }
  }
}
