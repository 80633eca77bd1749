import CLinux
import Glibc
import Sockets
import SystemPackage

/// An address that is on an interface.
struct InterfaceAddress: Equatable {
  /// The interface's number.
  let interface: UInt32
  /// 4 or 16 bytes.
  let bytes: [UInt8]
  /// How many bits of it name its network.
  let prefix: UInt8
  /// How long it stays there, rounded up; nil until somebody takes it away.
  let seconds: UInt32?
  /// Whether the kernel looks at it by time: to take it away, or to prefer others from then on.
  let isTimed: Bool

  /// Whether it stands for itself alone, and not for a network.
  var isHost: Bool { Int(prefix) == bytes.count * 8 }
}

extension NetworkTables {
  /// All addresses of the namespace.
  func addresses() throws(Errno) -> [InterfaceAddress] {
    try list(NetlinkRequest(Int(RTM_GETADDR), flags: NLM_F_ROOT | NLM_F_MATCH, ifaddrmsg()))
      .compactMap(InterfaceAddress.init)
  }
}

extension NetlinkRequest {
  /// How an address is put.
  enum Putting {
    /// EEXIST if it's there.
    case new
    /// In place of what is there, if something is.
    case again
  }

  /// Puts an address on an interface for so many seconds, at least 1.
  ///
  /// Nobody on an IPv6 link is asked whether he has it (duplicate address detection, RFC 4862, 5.4): that takes a second, and
  /// the one who had it may still hold on to it. And an IPv6 address is never a preferred one, or the kernel would choose it
  /// for this machine's own connections to its network (the longest prefix, RFC 6724, 5), which wouldn't survive its move.
  static func put(_ address: [UInt8], on interface: UInt32, seconds: UInt32, _ putting: Putting) -> NetlinkRequest {
    let flags = NLM_F_CREATE | (putting == .new ? NLM_F_EXCL : NLM_F_REPLACE)
    var request = about(address, on: interface, Int(RTM_NEWADDR), flags: flags)
    let isIPv6 = address.count == 16
    if isIPv6 { request.add(Int(IFA_FLAGS), of: UInt32(IFA_F_NODAD)) }
    let times = ifa_cacheinfo(ifa_prefered: isIPv6 ? 0 : seconds, ifa_valid: seconds, cstamp: 0, tstamp: 0)
    request.add(Int(IFA_CACHEINFO), of: times)
    return request
  }

  /// Takes an address from an interface; EADDRNOTAVAIL if it isn't there.
  static func remove(_ address: [UInt8], from interface: UInt32) -> NetlinkRequest {
    about(address, on: interface, Int(RTM_DELADDR), flags: 0)
  }

  private static func about(_ address: [UInt8], on interface: UInt32, _ type: Int, flags: Int32) -> NetlinkRequest {
    var header = ifaddrmsg()
    header.ifa_family = UInt8(address.count == 16 ? AF_INET6 : AF_INET)
    header.ifa_prefixlen = UInt8(address.count * 8)
    header.ifa_index = interface
    var request = NetlinkRequest(type, flags: flags | NLM_F_ACK, header)
    request.add(Int(IFA_LOCAL), address)
    request.add(Int(IFA_ADDRESS), address)
    return request
  }
}

extension InterfaceAddress {
  fileprivate init?(_ answer: NetlinkAnswer) {
    let attributes = answer.attributes(behind: ifaddrmsg.self)
    // On a link between two points the other attribute is the far end's.
    guard let header = answer.fixed(ifaddrmsg.self),
      let address = attributes[Int(IFA_LOCAL)] ?? attributes[Int(IFA_ADDRESS)],
      address.count == 4 || address.count == 16
    else { return nil }
    interface = header.ifa_index
    bytes = Array(address)
    prefix = header.ifa_prefixlen
    let times = attributes[Int(IFA_CACHEINFO)].flatMap { NetlinkAnswer.read(ifa_cacheinfo.self, from: $0) }
    let (valid, preferred) = (times?.ifa_valid ?? .max, times?.ifa_prefered ?? .max)
    seconds = valid == .max ? nil : valid
    isTimed = valid != .max || preferred != .max && preferred != 0
  }
}
