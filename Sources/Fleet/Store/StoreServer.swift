import Config
import Sockets
import TLS

/// A server as it's dialled.
struct StoreServer: Equatable {
  /// Where it is.
  let address: SocketAddress
  /// Who is meant: the name that was looked up, else the address.
  let name: TLSName

  /// One that is known by its address.
  init(_ address: SocketAddress) {
    self.init(address, of: .address(address))
  }

  /// One of those that a name, or an address, stands for.
  init(_ address: SocketAddress, of endpoint: Endpoint) {
    (self.address, name) = (address, TLSName(endpoint))
  }
}
