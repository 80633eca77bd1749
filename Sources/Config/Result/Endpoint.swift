package import Sockets

/// Where a backend is reached.
package enum Endpoint: Hashable, Sendable {
  /// An address.
  case address(SocketAddress)
  /// A host name, in lower case, to be resolved, and a port; each of its addresses becomes a backend.
  case name(String, port: UInt16)

  /// The same endpoint with another port; nil for a Unix socket, which has none.
  package func with(port: UInt16) -> Endpoint? {
    switch self {
    case .address(.unix): nil
    case .address(let address): .address(address.with(port: port))
    case .name(let name, _): .name(name, port: port)
    }
  }
}

extension Endpoint: CustomStringConvertible {
  /// The form in which it is written in the file.
  package var description: String {
    switch self {
    case .address(let address): address.description
    case .name(let name, let port): "\(name):\(port)"
    }
  }
}
