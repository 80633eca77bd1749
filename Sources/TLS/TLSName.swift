package import Config
package import Sockets

/// For whom a server's certificate has to be.
package enum TLSName: Hashable, Sendable {
  /// A host's name.
  case host(String)
  /// An IP address: 4 or 16 bytes.
  case address([UInt8])

  /// The name, or the IP address, that a text is.
  package init(_ text: String) {
    self = SocketAddress(ip: text, port: 0).map { Self($0) } ?? .host(Self.withoutDot(text))
  }

  /// What a server is dialled by.
  package init(_ endpoint: Endpoint) {
    switch endpoint {
    case .address(let address): self.init(address)
    case .name(let name, _): self = .host(Self.withoutDot(name))
    case .targets: preconditionFailure("a store's servers are given one by one")
    }
  }

  /// The address without its port. No certificate is for a Unix socket.
  package init(_ address: SocketAddress) {
    self = address.withoutMapping.hostBytes.map { .address($0) } ?? .host(address.host)
  }

  /// The dot behind a name says that it's whole, and no certificate has it.
  private static func withoutDot(_ name: String) -> String {
    name.hasSuffix(".") ? String(name.dropLast()) : name
  }
}

extension TLSName: CustomStringConvertible {
  /// As people write it.
  package var description: String {
    switch self {
    case .host(let name): name
    case .address(let bytes) where bytes.count == 4: bytes.map(String.init).joined(separator: ".")
    case .address(let bytes):
      SocketAddress.ipv6(
        high: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
        low: bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }, scope: 0, port: 0
      ).host
    }
  }
}
