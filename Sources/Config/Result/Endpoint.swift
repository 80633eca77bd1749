package import Sockets

/// Where a backend is reached.
package enum Endpoint: Hashable, Sendable {
  /// An address.
  case address(SocketAddress)
  /// A host name, in lower case, to be resolved, and a port; each of its addresses becomes a backend. Port 0 is the one that each client
  /// asks for, as in an address (`SocketAddress.hasSamePort`).
  case name(String, port: UInt16)
  /// Wherever those are that are found there: each becomes a backend. The port is one for all in place of their own; nil for those.
  case targets(TargetSource, port: UInt16?)

  /// The same endpoint with another port; nil for a Unix socket, which has none.
  package func with(port: UInt16) -> Endpoint? {
    switch self {
    case .address(.unix): nil
    case .address(let address): .address(address.with(port: port))
    case .name(let name, _): .name(name, port: port)
    case .targets(let source, _): .targets(source, port: port)
    }
  }
}

extension Endpoint: CustomStringConvertible {
  /// The form in which it is written in the file.
  package var description: String {
    switch self {
    case .address(let address): address.backendText
    case .name(let name, 0): "\(name):\(SocketAddress.samePort)"
    case .name(let name, let port): "\(name):\(port)"
    case .targets(let source, let port): "\(source)\(port.map { ":\($0)" } ?? "")"
    }
  }
}
