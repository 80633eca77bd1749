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

  /// The link of a machine, counted from 0, is cut or mended.
  package func setLink(of node: Int, up isUp: Bool) throws {
    try hub.run("ip", "link", "set", "port\(node + 1)", isUp ? "up" : "down")
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
