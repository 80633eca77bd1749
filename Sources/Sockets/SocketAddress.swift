import Glibc

/// Where a listener is bound or a backend is reached: an IP address with a port, or a Unix socket's path.
package enum SocketAddress: Hashable, Sendable {
  /// An IPv4 address in host byte order (127.0.0.1 is 0x7F000001) and a port.
  case ipv4(UInt32, port: UInt16)
  /// An IPv6 address as two halves in host byte order, the scope of a link-local one (0 if none), and a port.
  case ipv6(high: UInt64, low: UInt64, scope: UInt32, port: UInt16)
  /// A Unix domain stream socket. An empty path is a peer that isn't bound to any.
  case unix(path: String)

  /// The longest path that a Unix socket address can hold, in bytes, without its closing zero (unix(7)).
  package static let longestUnixPath = 107
}

extension SocketAddress {
  /// Reads an IP address literal without a port, such as `10.0.0.1`, `::1` or `fe80::1%eth0`; nil if it isn't one.
  package init?(ip text: String, port: UInt16) {
    // What is behind a zero isn't seen in C.
    guard !text.utf8.contains(0) else { return nil }
    var ipv4 = in_addr()
    if unsafe inet_pton(AF_INET, text, &ipv4) == 1 {
      self = .ipv4(UInt32(bigEndian: ipv4.s_addr), port: port)
      return
    }
    let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
    var scope: UInt32 = 0
    if parts.count == 2 {
      scope = unsafe UInt32(digits: parts[1]) ?? if_nametoindex(String(parts[1]))
      guard scope != 0 else { return nil }
    }
    var ipv6 = in6_addr()
    guard unsafe inet_pton(AF_INET6, String(parts[0]), &ipv6) == 1 else { return nil }
    let (high, low) = Self.halves(of: ipv6)
    self = .ipv6(high: high, low: low, scope: scope, port: port)
  }

  /// Reads `10.0.0.1:80`, `[::1]:80` or `unix:/path`; nil for anything else, host names too.
  package init?(_ text: String) {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      guard !path.isEmpty, path.utf8.count <= Self.longestUnixPath else { return nil }
      self = .unix(path: path)
      return
    }
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(digits: text[text.index(after: colon)...]) else {
      return nil
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    self.init(ip: String(host), port: port)
  }

  /// The port; nil for a Unix socket.
  package var port: UInt16? {
    switch self {
    case .ipv4(_, let port), .ipv6(_, _, _, let port): port
    case .unix: nil
    }
  }

  /// The same address with another port; a Unix socket stays as it is.
  package func with(port: UInt16) -> SocketAddress {
    switch self {
    case .ipv4(let host, _): .ipv4(host, port: port)
    case .ipv6(let high, let low, let scope, _): .ipv6(high: high, low: low, scope: scope, port: port)
    case .unix: self
    }
  }

  /// The address without its port, as text: what tells hosts apart. A Unix socket's is `unix`.
  package var host: String {
    switch self {
    case .ipv4(let host, _):
      return (0..<4).map { String((host >> (24 - 8 * $0)) & 0xFF) }.joined(separator: ".")
    case .ipv6(let high, let low, let scope, _):
      var address = in6_addr()
      Self.write(high: high, low: low, to: &address)
      let text = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
        let text = unsafe inet_ntop(AF_INET6, &address, buffer.baseAddress, socklen_t(buffer.count))
        return unsafe text.map { unsafe String(cString: $0) } ?? "?"
      }
      return scope == 0 ? text : "\(text)%\(Self.interface(scope) ?? String(scope))"
    case .unix: return "unix"
    }
  }

  /// The name of a scope's interface, as people write it and as it is after a restart; nil if it's gone.
  private static func interface(_ scope: UInt32) -> String? {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(IF_NAMESIZE)) { buffer in
      unsafe if_indextoname(scope, buffer.baseAddress).map { unsafe String(cString: $0) }
    }
  }

  /// The bytes that identify the client behind this address, without its port, for hashing; nil for a Unix socket.
  package var hostBytes: [UInt8]? {
    switch self {
    case .ipv4(let host, _): unsafe Swift.withUnsafeBytes(of: host.bigEndian) { unsafe Array($0) }
    case .ipv6(let high, let low, _, _):
      unsafe Swift.withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { unsafe Array($0) }
    case .unix: nil
    }
  }
}

extension SocketAddress: CustomStringConvertible {
  /// The form that `init(_:)` reads.
  package var description: String {
    switch self {
    case .ipv4(_, let port): "\(host):\(port)"
    case .ipv6(_, _, _, let port): "[\(host)]:\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }
}

extension SocketAddress {
  /// The address family, `AF_INET`, `AF_INET6` or `AF_UNIX`.
  var family: Int32 {
    switch self {
    case .ipv4: AF_INET
    case .ipv6: AF_INET6
    case .unix: AF_UNIX
    }
  }

  /// Hands the address to a call in the kernel's form.
  @inline(__always)
  func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    switch self {
    case .ipv4(let host, let port):
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = host.bigEndian
      return unsafe Self.rebound(&address, body)
    case .ipv6(let high, let low, let scope, let port):
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      address.sin6_scope_id = scope
      Self.write(high: high, low: low, to: &address.sin6_addr)
      return unsafe Self.rebound(&address, body)
    case .unix(let path):
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
      return unsafe Self.rebound(&address, body)
    }
  }

  /// Reads the kernel's form; an unknown family counts as an unnamed Unix peer.
  init(_ storage: sockaddr_storage) {
    self = unsafe withUnsafePointer(to: storage) { pointer in
      let raw = unsafe UnsafeRawPointer(pointer)
      switch Int32(storage.ss_family) {
      case AF_INET:
        let address = unsafe raw.load(as: sockaddr_in.self)
        return .ipv4(UInt32(bigEndian: address.sin_addr.s_addr), port: UInt16(bigEndian: address.sin_port))
      case AF_INET6:
        let address = unsafe raw.load(as: sockaddr_in6.self)
        let (high, low) = Self.halves(of: address.sin6_addr)
        return .ipv6(high: high, low: low, scope: address.sin6_scope_id, port: UInt16(bigEndian: address.sin6_port))
      case AF_UNIX:
        return .unix(path: unsafe String(cString: raw.advanced(by: 2).assumingMemoryBound(to: CChar.self)))
      default:
        return .unix(path: "")
      }
    }
  }

  @inline(__always)
  private static func rebound<Address, Result>(
    _ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { rebound in
        unsafe body(rebound, socklen_t(MemoryLayout<Address>.size))
      }
    }
  }

  private static func halves(of address: in6_addr) -> (high: UInt64, low: UInt64) {
    let halves = unsafe unsafeBitCast(address, to: (UInt64, UInt64).self)
    return (UInt64(bigEndian: halves.0), UInt64(bigEndian: halves.1))
  }

  private static func write(high: UInt64, low: UInt64, to address: inout in6_addr) {
    address = unsafe unsafeBitCast((high.bigEndian, low.bigEndian), to: in6_addr.self)
  }
}
