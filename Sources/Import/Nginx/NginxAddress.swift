internal import Sockets

/// Addresses as nginx's directives have them, as the configuration has them.
enum NginxAddress {
  /// Where clients are accepted: ports alone are at all addresses of IPv4. Nil if it's no single address with ports.
  static func listener(_ text: String) -> String? {
    if text.hasPrefix("unix:") { return text }
    if let ports = ListenerPorts.read(text) { return "0.0.0.0:\(ports)" }
    guard let colon = text.lastIndex(of: ":"), !text.hasSuffix("]"), !text.contains("$"),
      let ports = ListenerPorts.read(text[text.index(after: colon)...])
    else { return nil }
    return "\(text[..<colon] == "*" ? "0.0.0.0" : text[..<colon]):\(ports)"
  }

  /// A server, with a port; nil if it has none.
  static func server(_ text: String) -> String? {
    if text.hasPrefix("unix:") { return text }
    guard let colon = text.lastIndex(of: ":"), !text.hasSuffix("]"), !text.contains("$"),
      let port = UInt16(text[text.index(after: colon)...]), port > 0
    else { return nil }
    return "\(text[..<colon]):\(port)"
  }

  /// Whether it's a host name, of which there may be several addresses.
  static func isName(_ text: String) -> Bool {
    !text.hasPrefix("unix:") && SocketAddress(text) == nil
  }
}
