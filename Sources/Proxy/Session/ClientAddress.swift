import Balancing
import Sockets

/// A client's address as sessions are picked, found and shown by it.
extension SocketAddress {
  /// What all of a client's sessions have in common.
  var hostAlone: SocketAddress {
    unmapped.with(port: 0)
  }

  /// The hash of the address without its port, as `source-hash` goes by it; nil for a Unix socket. An IPv4 client has the
  /// same one at an IPv6 socket.
  package var hostHash: UInt64? {
    switch unmapped {
    case .ipv4(let host, _): ClientHash.of(bytes: Self.bytes(of: host))
    case .ipv6(let high, let low, _, _): ClientHash.of(bytes: Self.bytes(of: (UInt128(high) << 64) | UInt128(low)))
    case .unix: nil
    }
  }

  /// The bytes of a number in network order, without memory of their own.
  @inline(__always)
  private static func bytes<Number: FixedWidthInteger>(of number: Number) -> some Sequence<UInt8> {
    stride(from: Number.bitWidth - 8, through: 0, by: -8).lazy.map { UInt8(truncatingIfNeeded: number >> $0) }
  }
}
