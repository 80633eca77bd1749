import CLinux
import Sockets
import SystemPackage

/// A network interface.
struct Interface: Equatable {
  let name: String
  /// Its number, which another one has after it was taken away and made again.
  let index: UInt32
  /// Whether it's switched on.
  let isUp: Bool
  /// Its Ethernet address, 6 bytes; empty where there is none, as with loopback and tunnels.
  let hardware: [UInt8]
  /// The interface of the same namespace on top of which it's a macvlan, by its index.
  let macvlanParent: UInt32?
}

extension NetworkTables {
  /// The interface of that name; nil if there is none.
  func interface(named name: String) throws(Errno) -> Interface? {
    var question = NetlinkRequest(Int(RTM_GETLINK), flags: 0, ifinfomsg())
    question.add(Int(IFLA_IFNAME), Array(name.utf8) + [0])
    return try interface(question)
  }

  /// The name of the interface with that number; nil if there is none.
  func interfaceName(_ index: UInt32) -> String? {
    var header = ifinfomsg()
    header.ifi_index = Int32(bitPattern: index)
    return try? interface(NetlinkRequest(Int(RTM_GETLINK), flags: 0, header))?.name
  }

  private func interface(_ question: NetlinkRequest) throws(Errno) -> Interface? {
    let answer: NetlinkAnswer
    do throws(Errno) {
      answer = try ask(question)
    } catch {
      // A name that is too long for one is out of range.
      if error == .operationNotSupportedByDevice || error == .outOfRange || error == .invalidArgument { return nil }
      throw error
    }
    return Interface(answer)
  }
}

extension Interface {
  fileprivate init?(_ answer: NetlinkAnswer) {
    guard let header = answer.fixed(ifinfomsg.self) else { return nil }
    let attributes = answer.attributes(behind: ifinfomsg.self)
    name = NetlinkAnswer.text(attributes[Int(IFLA_IFNAME)]) ?? "?"
    index = UInt32(bitPattern: header.ifi_index)
    // IFF_UP and ARPHRD_ETHER, netdevice(7).
    isUp = header.ifi_flags & 1 != 0
    let address = attributes[Int(IFLA_ADDRESS)].map(Array.init) ?? []
    hardware = header.ifi_type == 1 && address.count == 6 ? address : []
    let link = attributes[Int(IFLA_LINKINFO)].map { NetlinkAnswer.attributes(in: $0) } ?? [:]
    let isMacvlan = NetlinkAnswer.text(link[Int(IFLA_INFO_KIND)]) == "macvlan"
    let isElsewhere = attributes[Int(IFLA_LINK_NETNSID)] != nil
    let parent = attributes[Int(IFLA_LINK)].flatMap { NetlinkAnswer.read(UInt32.self, from: $0) }
    macvlanParent = isMacvlan && !isElsewhere ? parent : nil
  }
}
