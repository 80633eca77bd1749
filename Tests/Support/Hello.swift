/// A hello of TLS as clients write it, to be varied.
package struct Hello: Sendable {
  package var session: [UInt8]
  package var ciphers: [UInt8]
  /// By their kinds; nil for a hello that knows no extensions.
  package var extensions: [(kind: Int, body: [UInt8])]?

  /// With these extensions.
  package init(
    session: [UInt8] = Array(repeating: 7, count: 32), ciphers: [UInt8] = [0x13, 0x01, 0x13, 0x02],
    extensions: [(kind: Int, body: [UInt8])]? = nil
  ) {
    (self.session, self.ciphers, self.extensions) = (session, ciphers, extensions)
  }

  /// One with GREASE and a post-quantum key share (X25519MLKEM768), as browsers send it: with `name` it has some 1,700 bytes.
  package static func browser(_ name: String, _ protocols: [String] = ["h2", "http/1.1"]) -> Hello {
    Hello(
      ciphers: [0x4A, 0x4A, 0x13, 0x01, 0x13, 0x02],
      extensions: [
        (0x9A9A, []),
        (51, vector(2, [0x3A, 0x3A, 0, 1, 0] + [0x11, 0xEC] + vector(2, .init(repeating: 9, count: 1216)))),
        (0, serverName(name)), (16, alpn(["\u{A}\u{A}"] + protocols)), (43, [6, 0x8A, 0x8A, 3, 4, 3, 3]),
        (0x1A1A, [0]),
      ])
  }

  /// Only what is given.
  package static func plain(_ extensions: (kind: Int, body: [UInt8])...) -> Hello { Hello(extensions: extensions) }

  /// The body of the extension that names a server.
  package static func serverName(_ name: String) -> [UInt8] { vector(2, [0] + vector(2, Array(name.utf8))) }

  /// The body of the one that names protocols.
  package static func alpn(_ protocols: [String]) -> [UInt8] {
    vector(2, protocols.flatMap { vector(1, Array($0.utf8)) })
  }

  /// Bytes behind their count, a number of so many bytes.
  package static func vector(_ size: Int, _ bytes: [UInt8]) -> [UInt8] {
    (0..<size).reversed().map { UInt8(bytes.count >> ($0 * 8) & 0xFF) } + bytes
  }

  /// The message, without records.
  package var message: [UInt8] {
    var body: [UInt8] =
      [3, 3] + Array(repeating: 5, count: 32) + Self.vector(1, session) + Self.vector(2, ciphers) + [1, 0]
    if let extensions {
      body += Self.vector(
        2, extensions.flatMap { [UInt8($0.kind >> 8), UInt8($0.kind & 0xFF)] + Self.vector(2, $0.body) })
    }
    return [1] + Self.vector(3, body)
  }

  /// In records of at most so many bytes each.
  package func bytes(recordsOf size: Int = 1 << 14) -> [UInt8] {
    let message = message
    return stride(from: 0, to: message.count, by: size).flatMap {
      [22, 3, 1] + Self.vector(2, Array(message[$0..<min($0 + size, message.count)]))
    }
  }
}
