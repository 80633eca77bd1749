internal import Sockets

/// An address as HAProxy's lines have it.
enum HAProxyAddress: Equatable {
  /// An IP address without brackets and its port, if there's one; `*` is nil.
  case ip(String?, port: String?)
  /// A host name, and its port.
  case name(String, port: String?)
  case unix(String)
  /// One of a kind that there isn't here.
  case foreign(String)

  init(_ text: String) {
    var text = text[...]
    if let at = text.firstIndex(of: "@") {
      let family = text[..<at]
      text = text[text.index(after: at)...]
      switch family {
      case "ipv4", "ipv6", "tcp", "tcp4", "tcp6": break
      case "unix":
        self = .unix(String(text))
        return
      default:
        self = .foreign("addresses of the kind \(family)@ aren't known here")
        return
      }
    }
    if text.hasPrefix("/") {
      self = .unix(String(text))
      return
    }
    // The last colon is the port's, as in ":::80" for all addresses of IPv6.
    let colon = text.hasSuffix("]") ? nil : text.lastIndex(of: ":")
    let host = String(colon.map { text[..<$0] } ?? text).filter { $0 != "[" && $0 != "]" }
    let port = colon.map { String(text[text.index(after: $0)...]) }.flatMap { $0.isEmpty ? nil : $0 }
    if host.isEmpty || host == "*" {
      self = .ip(nil, port: port)
    } else if SocketAddress(ip: host, port: 0) != nil {
      self = .ip(host, port: port)
    } else {
      self = .name(host, port: port)
    }
  }

  /// It as the configuration has addresses, with another port if it has none; nil if there's no port at all, or it isn't one.
  func text(port other: String? = nil) -> String? {
    text(port: other) { text in UInt16(digits: text).flatMap { $0 > 0 ? "\($0)" : nil } }
  }

  /// It as listeners have addresses, perhaps with several ports.
  var bind: String? { text(ListenerPorts.read) }

  /// It as a backend at the port that a client asks for; nil if it has a port of its own, or one that is some way from that.
  var same: String? {
    switch self {
    case .ip(.some, let port), .name(_, let port):
      [nil, "0", "+0", "-0"].contains(port) ? text(port: "0") { _ in SocketAddress.samePort } : nil
    case .ip, .unix, .foreign: nil
    }
  }

  /// The port as it's written; nil if there's none.
  var port: String? {
    switch self {
    case .ip(_, let port), .name(_, let port): port
    case .unix, .foreign: nil
    }
  }

  private func text(port other: String? = nil, _ read: (String) -> String?) -> String? {
    let (host, written): (String, String?)
    switch self {
    case .unix(let path): return "unix:\(path)"
    case .foreign: return nil
    // All addresses of IPv4, without those of IPv6.
    case .ip(let ip, let port): (host, written) = (ip ?? "0.0.0.0", port)
    case .name(let name, let port): (host, written) = (name, port)
    }
    guard let port = (written ?? other).flatMap(read) else { return nil }
    return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}
