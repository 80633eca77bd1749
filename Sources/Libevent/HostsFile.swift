package import Sockets
import SystemPackage

/// The table of host names that every machine has, hosts(5). It's read anew for each look-up, so an edit counts at once.
package struct HostsFile: Sendable {
  /// Where it is.
  package let path: String

  /// Names a file; it's no error if there is none.
  package init(path: String = "/etc/hosts") {
    self.path = path
  }

  /// The addresses of a name, in the file's order, without a port; empty if it isn't in the file.
  package func addresses(of name: String) -> [SocketAddress] {
    Self.addresses(of: name, in: contents())
  }

  static func addresses(of name: String, in text: String) -> [SocketAddress] {
    let name = name.lowercased()
    return text.split(whereSeparator: \.isNewline).compactMap { line in
      let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
      guard let first = words.first, words.dropFirst().contains(where: { $0.lowercased() == name }) else { return nil }
      return SocketAddress(ip: String(first), port: 0)
    }
  }

  /// The first 256 KiB, far more than a hosts file has unless someone blocks the world's advertisements with it.
  private func contents() -> String {
    guard let file = try? FileDescriptor.open(FilePath(path), .readOnly) else { return "" }
    var bytes = [UInt8](repeating: 0, count: 262_144)
    let count = try? file.closeAfter {
      try unsafe bytes.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
    }
    return String(decoding: bytes.prefix(count ?? 0), as: UTF8.self)
  }
}
