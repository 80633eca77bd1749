import Sockets
import SystemPackage

/// What is on the interfaces of this network namespace, as far as it concerns floating addresses.
struct Surroundings {
  /// The interfaces that addresses are put on, by name.
  private(set) var interfaces: [String: Interface] = [:]
  /// The addresses that are where they are put, with a lifetime: by this process or by one before it.
  private(set) var present: [FloatingAddress: InterfaceAddress] = [:]
  /// Those that are on another interface in that manner: the configuration was another one.
  private(set) var strays: [InterfaceAddress] = []
  /// What stands in the way of putting one.
  private(set) var problems: [FloatingAddress: AddressProblem] = [:]
  private var timed: [InterfaceAddress] = []

  /// Nothing at all.
  init() {}

  /// Has a look.
  init(of addresses: [FloatingAddress], in tables: NetworkTables) throws(Errno) {
    for address in addresses {
      guard let name = address.interface, interfaces[name] == nil else { continue }
      interfaces[name] = try tables.interface(named: name)
    }
    let found = try tables.addresses()
    timed = found.filter(\.isTimed)
    for address in addresses {
      guard let name = address.interface else { continue }
      for here in found where here.bytes == address.bytes {
        if !here.isHost || here.seconds == nil {
          let interface = tables.interfaceName(here.interface) ?? name
          problems[address] = .occupied(address: "\(address.host.host)/\(here.prefix)", interface: interface)
        } else if here.interface == interfaces[name]?.index {
          present[address] = here
        } else {
          strays.append(here)
        }
      }
      if problems[address] == nil {
        problems[address] = Self.problem(of: interfaces[name], name, for: address, in: tables)
      }
    }
  }

  private static func problem(
    of interface: Interface?, _ name: String, for address: FloatingAddress, in tables: NetworkTables
  ) -> AddressProblem? {
    guard let interface else { return .noInterface(name) }
    guard interface.isUp else { return .isDown(interface: name) }
    // In IPv6 an interface answers for its own addresses alone.
    guard address.family == .ipv4, let parent = interface.macvlanParent.flatMap(tables.interfaceName) else {
      return nil
    }
    // The larger one of both counts: Documentation/networking/ip-sysctl.rst in the kernel.
    let settings = [parent, "all"].map { SmallFile.read("/proc/sys/net/ipv4/conf/\($0)/arp_ignore") ?? "0" }
    return settings.contains { !$0.hasPrefix("0") } ? nil : .answeredBelow(interface: name, parent: parent)
  }

  /// Whether any address of the family has a lifetime beside these, which this process has put.
  func company(of own: some Sequence<FloatingAddress>, in family: FloatingAddress.Family) -> LifetimeCompany {
    if family == .ipv4, !Self.keepsNamespacesApart { return .shared }
    let ours = own.compactMap { present[$0] }
    let others = timed.contains { address in
      (address.bytes.count == 4) == (family == .ipv4)
        && !ours.contains { $0.bytes == address.bytes && $0.interface == address.interface }
    }
    return others ? .shared : .alone
  }

  /// Whether the kernel looks through the IPv4 addresses of each namespace for themselves, as it does from 6.13 on. Before, a
  /// container's count as well, and can't be seen from here.
  static let keepsNamespacesApart: Bool = {
    let release = SmallFile.read("/proc/sys/kernel/osrelease") ?? ""
    let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
    return numbers.count == 2 && (numbers[0], numbers[1]) >= (6, 13)
  }()
}
