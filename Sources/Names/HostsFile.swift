package import Sockets

/// The table of host names that every machine has, hosts(5). It's read anew for each look-up, so an edit counts at once.
package struct HostsFile: Sendable {
  /// Where it is.
  package let path: String

  /// Names a file; it's no error if there is none.
  package init(path: String = "/etc/hosts") {
    self.path = path
  }

  /// The addresses of a name, in the file's order, without a port; empty if it isn't in the file's first 64 KiB.
  package func addresses(of name: String) -> [SocketAddress] {
    Self.addresses(of: name, in: SmallFile.read(path) ?? "")
  }

  /// What the file says about a name; nil if it isn't in it.
  func resolution(of name: String, _ families: Set<AddressFamily>) -> Resolution? {
    let known = addresses(of: name).filter { families.contains(AddressFamily($0)) }
    guard !known.isEmpty else { return nil }
    let reason = "no such address in \(path)"
    return Resolution(
      ipv4: Resolution.Answer(known.filter { AddressFamily($0) == .ipv4 }, orNone: reason),
      ipv6: Resolution.Answer(known.filter { AddressFamily($0) == .ipv6 }, orNone: reason), name: name)
  }

  static func addresses(of name: String, in text: String) -> [SocketAddress] {
    let name = name.lowercased()
    return text.split(whereSeparator: \.isNewline).compactMap { line in
      let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
      guard let first = words.first, words.dropFirst().contains(where: { $0.lowercased() == name }) else { return nil }
      return SocketAddress(ip: String(first), port: 0)
    }
  }
}
