package import Config
package import Sockets
package import TLS

/// A server as it's dialled.
package struct StoreServer: Equatable {
  /// Where it is.
  package let address: SocketAddress
  /// Who is meant: the name that was looked up, else the address.
  package let name: TLSName

  /// One that is known by its address.
  package init(_ address: SocketAddress) {
    self.init(address, of: .address(address))
  }

  /// One of those that a name, or an address, stands for.
  package init(_ address: SocketAddress, of endpoint: Endpoint) {
    (self.address, name) = (address, TLSName(endpoint))
  }
}
