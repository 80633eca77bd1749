package import SystemPackage

/// What stands between this process and an address that it should hold.
package enum AddressProblem: Error, Hashable, Sendable {
  /// The interface isn't there.
  case noInterface(String)
  /// It's there and switched off: the address is put, and nobody reaches it.
  case isDown(interface: String)
  /// Somebody else has put the address there, for good or for a network.
  case occupied(address: String, interface: String)
  /// IPv6 is switched off on the interface.
  case noIPv6(interface: String)
  /// The interface beneath answers for it with an Ethernet address of its own.
  case answeredBelow(interface: String, parent: String)
  /// A capability is missing (capabilities(7)).
  case missing(Capability)
  /// A sandbox forbids sockets of this family.
  case forbidden(family: String)
  /// The program can't be started.
  case noProgram(String, Errno)
  /// The program has ended with this status, or by a signal; or didn't end in time.
  case failed(program: String, how: String)
  /// What the kernel says besides.
  case system(Errno)

  /// What it takes to hold an address.
  package enum Capability: String, Hashable, Sendable {
    /// To put addresses on interfaces.
    case netAdmin = "CAP_NET_ADMIN"
    /// To tell neighbours of them.
    case netRaw = "CAP_NET_RAW"
  }

  /// Whether what an earlier process has put there may be there still, as nobody could look, or take it away.
  package var leavesWhatIsThere: Bool {
    switch self {
    case .missing(.netAdmin), .system: true
    case .forbidden(let family): family != "AF_PACKET"
    case .noInterface, .isDown, .occupied, .noIPv6, .answeredBelow, .missing(.netRaw), .noProgram, .failed: false
    }
  }

  /// Whether the address isn't held then. Otherwise it is, and not everybody may know.
  package var isFatal: Bool {
    switch self {
    case .isDown, .answeredBelow, .missing(.netRaw): false
    case .forbidden(let family): family != "AF_PACKET"
    case .noInterface, .occupied, .noIPv6, .missing(.netAdmin), .noProgram, .failed, .system: true
    }
  }
}

extension AddressProblem: CustomStringConvertible {
  /// What is wrong and what helps: a clause or two.
  package var description: String {
    switch self {
    case .noInterface(let name):
      "there is no interface \(name): \"interface\" is one of those that `ip link` shows"
    case .isDown(let interface):
      "\(interface) is switched off, so nobody reaches it: `ip link set \(interface) up`"
    case .occupied(let address, let interface):
      """
      \(address) is on \(interface), and nobody here has put it there: \
      `ip address del \(address) dev \(interface)`, and whatever sets it at boot, leave it to the fleet
      """
    case .noIPv6(let interface):
      "IPv6 is off on \(interface): `sysctl net.ipv6.conf.\(interface).disable_ipv6=0`"
    case .answeredBelow(let interface, let parent):
      """
      \(interface) is a macvlan of \(parent), which answers for its addresses with its own Ethernet address: \
      name \(parent) instead, or `sysctl net.ipv4.conf.\(parent).arp_ignore=1`
      """
    case .missing(.netAdmin):
      "CAP_NET_ADMIN is missing, which it takes to put an address on an interface: \(Self.dropIn)"
    case .missing(.netRaw):
      "CAP_NET_RAW is missing, so neighbours aren't told where it is now, and find out late: \(Self.dropIn)"
    case .forbidden(let family):
      "sockets of \(family) are forbidden (RestrictAddressFamilies=): \(Self.dropIn)"
    case .noProgram(let program, let error):
      "\(program) can't be started: \(error)"
    case .failed(let program, let how):
      "\(program) \(how)"
    case .system(let error):
      "the kernel refuses: \(error)"
    }
  }

  private static let dropIn = "with systemd, the drop-in addresses.conf among the examples gives it to the unit"
}

extension AddressProblem {
  /// What the kernel has said to an order about an address.
  init(_ error: Errno, on interface: String) {
    self =
      switch error {
      case .notPermitted: .missing(.netAdmin)
      case .operationNotSupportedByDevice: .noInterface(interface)
      case .permissionDenied: .noIPv6(interface: interface)
      case .addressFamilyNotSupported: .forbidden(family: "AF_NETLINK")
      default: .system(error)
      }
  }
}
