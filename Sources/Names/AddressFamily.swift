import Sockets

/// The two kinds of address that a name can have.
package enum AddressFamily: CaseIterable, Sendable {
  case ipv4
  case ipv6

  init(_ address: SocketAddress) {
    if case .ipv4 = address { self = .ipv4 } else { self = .ipv6 }
  }
}
