import Glibc

/// Machines on one Ethernet: network namespaces on a bridge, which stands in a namespace of its own. All of it goes with this
/// object and the processes in it, also when the tests are killed.
package final class TestNetwork: Sendable {
  /// The machines' networks. Each has an interface `eth0` with the address 10.77.0.N/24 and fd77::N/64, N from 1 on.
  package let nodes: [NetworkNamespace]

  /// What they are connected by, with the addresses 10.77.0.254/24 and fd77::254/64: where somebody is whom nothing happens to.
  package let hub: NetworkNamespace

  /// The hub's own address.
  package static let hubAddress = "10.77.0.254"

  /// Why there can be none on this machine; nil if there can.
  package static let obstacle: String? = {
    guard Programs.have("ip", "nsenter") else { return "not installed: iproute2, util-linux" }
    do {
      _ = try TestNetwork(nodes: 1)
      return nil
    } catch {
      return "no network namespaces here: \(error)"
    }
  }()

  /// Makes so many machines that reach each other.
  package init(nodes count: Int) throws {
    guard let bridge = NetworkNamespace() else { throw Failure("unshare isn't allowed") }
    hub = bridge
    try bridge.run("ip", "link", "add", "br0", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0")
    try bridge.run("ip", "link", "set", "br0", "up")
    try bridge.run("ip", "address", "add", "\(Self.hubAddress)/24", "dev", "br0")
    try bridge.run("ip", "address", "add", "fd77::254/64", "dev", "br0", "nodad")
    var nodes: [NetworkNamespace] = []
    for number in 1...count {
      guard let node = NetworkNamespace() else { throw Failure("unshare isn't allowed") }
      try bridge.run(
        "ip", "link", "add", "port\(number)", "type", "veth", "peer", "name", "eth0", "netns", node.path)
      try bridge.run("ip", "link", "set", "port\(number)", "master", "br0", "up")
      // Nobody asks first whether the address is somebody else's: it would be of no use for a second or two.
      try node.run("sysctl", "-qw", "net.ipv6.conf.eth0.accept_dad=0")
      try node.run("ip", "link", "set", "eth0", "up")
      try node.run("ip", "address", "add", "10.77.0.\(number)/24", "dev", "eth0")
      try node.run("ip", "address", "add", "fd77::\(number)/64", "dev", "eth0")
      nodes.append(node)
    }
    self.nodes = nodes
    // Until then packets are dropped: the kernel takes note of links once a second (operstates.rst among its documents).
    for place in [bridge] + nodes {
      try waitUntil("links are up") { try !place.run("ip", "-o", "link", "show", "up").contains("state DOWN") }
    }
  }

  /// What of a machine's link doesn't work.
  package enum Cut: CaseIterable, Sendable {
    /// Nothing goes over it, and both ends notice.
    case wholly
    /// Nothing that the machine says gets out.
    case outwards
    /// Nothing that others say gets in.
    case inwards
  }

  /// In which ways this machine can cut links: for one way alone the kernel has to know locked ports and token buckets.
  package static let cuts: [Cut] = {
    guard let network = try? TestNetwork(nodes: 1) else { return [] }
    return Cut.allCases.filter { cut in
      do {
        try network.cut(0, cut)
        try network.mend(0, cut)
        return true
      } catch {
        print("links aren't cut \(cut): \(error)")
        return false
      }
    }
  }()

  /// Cuts the link of a machine, counted from 0.
  package func cut(_ node: Int, _ cut: Cut) throws {
    let port = "port\(node + 1)"
    switch cut {
    case .wholly: try hub.run("ip", "link", "set", port, "down")
    case .outwards:
      // A locked port lets in only what comes from addresses that were entered for it, and none were.
      try hub.run("bridge", "link", "set", "dev", port, "locked", "on", "learning", "off")
      try hub.run("ip", "link", "set", port, "type", "bridge_slave", "fdb_flush")
    case .inwards:
      // No packet is small enough for such a bucket.
      try hub.run("tc", "qdisc", "add", "dev", port, "root", "tbf", "rate", "8bit", "burst", "10b", "limit", "10b")
    }
  }

  /// Mends a link that was cut so.
  package func mend(_ node: Int, _ cut: Cut) throws {
    let port = "port\(node + 1)"
    switch cut {
    case .wholly: try hub.run("ip", "link", "set", port, "up")
    case .outwards: try hub.run("bridge", "link", "set", "dev", port, "locked", "off", "learning", "on")
    case .inwards: try hub.run("tc", "qdisc", "del", "dev", port, "root")
    }
  }
}

extension NetworkNamespace {
  /// What other programs find it by, as long as this process runs: `nsenter --net=PATH`.
  package var path: String { "/proc/\(getpid())/fd/\(descriptor)" }

  /// Runs a program in it to its end, and gives what it wrote; throws if it doesn't end well.
  @discardableResult
  package func run(_ words: String...) throws -> String {
    let result = try Subprocess.run("nsenter", ["--net=\(path)"] + words)
    guard result.exit == .code(0) else { throw Failure("\(words.joined(separator: " ")): \(result.errors)") }
    return result.output
  }

  /// Whether an address is on one of its interfaces.
  package func has(_ address: String) throws -> Bool {
    try run("ip", "-o", "address", "show").split(separator: "\n").contains { $0.contains(" \(address)/") }
  }
}
