import FoundationEssentials
import Glibc
import Network
import Sockets
import Support
import Testing

/// CLOCK_BOOTTIME in nanoseconds.
func bootTime() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_BOOTTIME, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

extension FloatingAddress {
  /// An address that is put on `eth0`, or what else moves it.
  static func at(_ text: String, _ action: Action = .address(interface: "eth0")) -> FloatingAddress {
    guard let host = SocketAddress(ip: text, port: 0), let address = FloatingAddress("of \(text)", host, action) else {
      preconditionFailure("\(text) can't float")
    }
    return address
  }
}

/// The floating addresses of one machine, with the lifetimes that a test says. It's used by one thread at a time.
final class Holder: @unchecked Sendable {
  let floating: FloatingAddresses
  private(set) var news: [AddressNews] = []
  private(set) var companies: [FloatingAddress: LifetimeCompany] = [:]

  /// Starts in that network.
  init(
    _ addresses: [FloatingAddress], in node: NetworkNamespace, keeping: Set<FloatingAddress> = [],
    _ prepare: @escaping @Sendable () -> Void = {}
  ) {
    floating = FloatingAddresses(addresses, commandLimit: .milliseconds(500))
    _ = node.run {
      prepare()
      self.news = self.floating.start(keeping: keeping, at: bootTime())
    }
  }

  /// Holds these, each for so many seconds.
  @discardableResult
  func hold(_ addresses: [FloatingAddress: Int64]) -> [AddressNews] {
    let new = floating.hold(Array(addresses.keys), clock: bootTime) { address, company, _ in
      companies[address] = company
      return addresses[address]
    }
    news += new
    return new
  }

  /// Drops one.
  func drop(_ address: FloatingAddress) {
    news += floating.drop(address, at: bootTime())
  }

  /// Does what has its time.
  func step() {
    news += floating.step(at: bootTime())
  }
}

/// What `ip` says of an address.
struct SeenAddress: Decodable {
  let local: String
  let prefixlen: Int
  let valid_life_time: UInt32
  let preferred_life_time: UInt32
  let nodad: Bool?
}

extension NetworkNamespace {
  /// All addresses of `eth0`, by themselves.
  func seen() throws -> [String: SeenAddress] {
    struct Seen: Decodable { let addr_info: [SeenAddress] }
    let text = try run("ip", "-j", "address", "show", "dev", "eth0")
    let all = try JSONDecoder().decode([Seen].self, from: Data(text.utf8)).flatMap(\.addr_info)
    return Dictionary(all.map { ($0.local, $0) }) { $1 }
  }

  /// The Ethernet address of `eth0`.
  func hardware() throws -> String {
    let text = try run("ip", "-o", "link", "show", "dev", "eth0")
    return try #require(text.firstMatch(of: #/link/ether (\S+)/#).map { String($0.1) })
  }

  /// The Ethernet address that the machine thinks another address to be at.
  func neighbour(_ address: String) throws -> String? {
    try run("ip", "neighbour", "show", address).firstMatch(of: #/lladdr (\S+)/#).map { String($0.1) }
  }
}
