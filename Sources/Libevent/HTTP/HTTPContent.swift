/// The content of answers. It's held once, however many clients take it.
package final class HTTPContent: Sendable {
  /// The bytes.
  package let bytes: [UInt8]

  /// Takes the bytes.
  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }
}

/// What of their answers a server's clients have still to take: each content counts once.
struct HTTPContentsHeld {
  private var holders: [ObjectIdentifier: Int] = [:]
  /// The size of it all.
  private(set) var bytes = 0

  mutating func hold(_ content: HTTPContent) {
    holders[ObjectIdentifier(content), default: 0] += 1
    if holders[ObjectIdentifier(content)] == 1 { bytes += content.bytes.count }
  }

  mutating func release(_ content: HTTPContent) {
    guard let count = holders[ObjectIdentifier(content)] else { return }
    holders[ObjectIdentifier(content)] = count > 1 ? count - 1 : nil
    if count == 1 { bytes -= content.bytes.count }
  }
}
