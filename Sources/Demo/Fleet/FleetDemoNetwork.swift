import Network
import SystemPackage

/// Three machines on one Ethernet: networks of their own on a bridge, at which this process is, with the clients and the backends.
struct FleetDemoNetwork: Sendable {
  /// This process's address there.
  static let hub = "10.77.0.254"
  /// The address that floats between the machines.
  static let floating = "10.77.0.100"

  /// The machines, each with an interface `eth0`.
  let machines: [OwnNetwork]

  /// A machine's own address; the first is 0.
  static func address(of machine: Int) -> String { "10.77.0.\(machine + 1)" }

  /// Makes them, and waits until packets go from one to the other.
  init() throws(FleetDemoProblem) {
    try Self.ip("link set lo up")
    try Self.ip("link add br0 type bridge forward_delay 0 mcast_snooping 0")
    try Self.ip("link set br0 up")
    try Self.ip("address add \(Self.hub)/24 dev br0")
    var machines: [OwnNetwork] = []
    for machine in 0..<3 {
      let network = try Self.network()
      let port = "port\(machine + 1)"
      try Self.ip("link add \(port) type veth peer name eth0 netns /proc/self/fd/3", third: network.descriptor)
      try Self.ip("link set \(port) master br0 up")
      try network.run { () throws(FleetDemoProblem) in
        try Self.ip("link set lo up")
        try Self.ip("link set eth0 up")
        try Self.ip("address add \(Self.address(of: machine))/24 dev eth0")
      }
      machines.append(network)
    }
    self.machines = machines
    // Until then packets are dropped: the kernel takes note of links once a second (operstates.rst among its documents).
    try waitUntil("the links are up") { () throws(FleetDemoProblem) in
      try !Self.ip("-o link show up").contains("state DOWN")
    }
  }

  private static func network() throws(FleetDemoProblem) -> OwnNetwork {
    do throws(Errno) {
      return try OwnNetwork()
    } catch {
      throw .missing("no network of its own for a node: \(error)")
    }
  }

  @discardableResult
  private static func ip(_ words: String, third: Int32? = nil) throws(FleetDemoProblem) -> String {
    do throws(FleetDemoProblem) {
      return try FleetDemoProgram.run("ip", words.split(separator: " ").map(String.init), third: third)
    } catch {
      throw .missing("no network for the nodes: \(error.text)")
    }
  }
}
