package import Sockets

/// The keys by which the nodes of a fleet know each other, out of a file: one line for each, 64 hexadecimal digits.
///
/// A node dials by the first and accepts by any, so a key is replaced without a pause: first every node gets the new one as the second,
/// then as the first, then as the only one.
package struct FleetKey: Equatable, Sendable {
  /// Why there is none.
  package enum Problem: Error, Equatable, CustomStringConvertible {
    /// The file isn't read.
    case unreadable(path: String, StoredFile.Refusal)
    /// Everybody may read it.
    case readableByOthers(path: String)
    /// There's something else in it.
    case malformed(path: String)

    /// What is wrong and what helps, in words.
    package var description: String {
      switch self {
      case .unreadable(let path, let refusal): "\(path) can't be read: \(refusal); `martlet fleet key` makes one"
      case .readableByOthers(let path): "everybody may read \(path): chmod o-r"
      case .malformed(let path):
        "\(path) must hold one or two lines of 64 hexadecimal digits; `martlet fleet key` makes one"
      }
    }
  }

  /// The keys, 32 bytes each: one or two.
  let keys: [[UInt8]]

  /// Takes one or two keys; nil if it's something else.
  package init?(_ text: [UInt8]) {
    let lines = text.split(separator: UInt8(ascii: "\n")).map(Array.init)
    let keys = lines.compactMap(Self.key)
    guard keys.count == lines.count, 1...2 ~= keys.count else { return nil }
    self.keys = keys
  }

  /// Reads a file that nobody but its owner may read.
  package init(file path: String) throws(Problem) {
    let text: [UInt8]
    do throws(StoredFile.Refusal) {
      text = try StoredFile(path).read(atMost: 4_096, trusting: .secret)
    } catch {
      throw error == .readableByOthers ? .readableByOthers(path: path) : .unreadable(path: path, error)
    }
    guard let key = FleetKey(text) else { throw .malformed(path: path) }
    self = key
  }

  /// The line for a file, of 32 bytes that were drawn.
  package static func line(of bytes: [UInt8]) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  private static func key(_ line: [UInt8]) -> [UInt8]? {
    guard line.count == 64 else { return nil }
    let digits = line.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    guard digits.count == 64 else { return nil }
    return stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}
