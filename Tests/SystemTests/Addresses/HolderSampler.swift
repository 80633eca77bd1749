import Glibc
import Libevent
import Support
import Synchronization

/// Asks every machine of a network again and again which has an address on its interfaces.
final class HolderSampler: Sendable {
  /// What it has seen.
  struct Seen {
    /// How often it has asked all of them.
    var samples = 0
    /// When two of them had it.
    var doubles: [(at: Int64, nodes: [Int])] = []
    /// Who has it.
    var present: [Int] = []
    /// Who had it, as it changed.
    var holders: [(at: Int64, node: Int?)] = []
    var isStopped = false
  }

  private let state = Mutex(Seen())

  init(of address: String, in network: TestNetwork) {
    _ = LoopThread(name: "sampler") { [self] in
      while !state.withLock(\.isStopped) {
        sample(address, in: network)
        usleep(1_000)
      }
    }
  }

  func stop() {
    state.withLock { $0.isStopped = true }
  }

  /// What it has seen until now.
  var seen: Seen { state.withLock(\.self) }

  private func sample(_ address: String, in network: TestNetwork) {
    func has(_ node: Int) -> Bool {
      network.nodes[node].enter()
      return Self.own().contains(address)
    }
    var holders = network.nodes.indices.filter { has($0) }
    // It may have gone from one to the other meanwhile: only who has it still has had it together with the other.
    if holders.count > 1 { holders = holders.filter { has($0) } }
    let now = bootTime()
    let found = holders
    state.withLock { seen in
      seen.samples += 1
      seen.present = found
      if found.count > 1 { seen.doubles.append((now, found)) }
      if seen.holders.last?.node != found.first || seen.holders.isEmpty { seen.holders.append((now, found.first)) }
    }
  }

  /// The addresses on this thread's network's interfaces.
  private static func own() -> Set<String> {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0 else { return [] }
    defer { freeifaddrs(list) }
    var found: Set<String> = []
    var entry = list
    while let here = entry {
      entry = here.pointee.ifa_next
      guard let address = here.pointee.ifa_addr, Int32(address.pointee.sa_family) == AF_INET else { continue }
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      let size = socklen_t(MemoryLayout<sockaddr_in>.size)
      if getnameinfo(address, size, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 {
        found.insert(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
      }
    }
    return found
  }
}
