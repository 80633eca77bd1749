package import Sockets

/// An address that is one node's of several at a time.
package struct FloatingAddress: Hashable, Sendable {
  /// How it comes to be this node's, and ceases to be.
  package enum Action: Hashable, Sendable {
    /// It's on this interface as long as it's this node's.
    case address(interface: String)
    /// A program moves it, such as one that tells a cloud or a router: its path and its arguments, behind which it's told
    /// `claim` or `release`, the name and the address.
    case command([String])
    /// Nobody here moves it: who it belongs to is only shown.
    case none
  }

  /// What operators call it.
  package let name: String
  /// Itself, with port 0.
  package let host: SocketAddress
  /// What moves it.
  package let action: Action

  /// Its 4 or 16 bytes.
  let bytes: [UInt8]

  /// Takes an address with any port; nil if no machine of several could have it in turn: loopback, multicast, all addresses,
  /// those of one link, an IPv4 address in IPv6's clothes, a Unix socket.
  package init?(_ name: String, _ host: SocketAddress, _ action: Action) {
    guard let bytes = host.hostBytes, host.withoutMapping == host, !host.isAny, !host.isLoopback else { return nil }
    if bytes.count == 4 {
      // Multicast and what lies above it (RFC 1112, 4), and addresses of a link (RFC 3927).
      guard bytes[0] < 224, bytes[0] != 0, bytes[0] != 127, bytes[..<2] != [169, 254] else { return nil }
    } else {
      // RFC 4291, 2.7 and 2.5.6.
      guard bytes[0] != 0xFF, bytes[0] != 0xFE || bytes[1] & 0xC0 != 0x80 else { return nil }
    }
    self.name = name
    self.host = host.with(port: 0)
    self.action = action
    self.bytes = bytes
  }

  /// The interface that it's put on, if that is what moves it.
  var interface: String? {
    if case .address(let interface) = action { interface } else { nil }
  }

  /// Which of the kernel's two tables it belongs to.
  var family: Family { bytes.count == 4 ? .ipv4 : .ipv6 }

  /// The kernel keeps the two apart, and looks through each at a time of its own.
  enum Family: CaseIterable {
    case ipv4
    case ipv6
  }
}
