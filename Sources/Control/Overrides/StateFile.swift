import FoundationEssentials
import Glibc
import Model
import Sockets

/// The small file in which leases outlive the process.
///
/// A line with the format, the length and a checksum, then JSON. A crash leaves the old version or the new one. A file that
/// isn't right is set aside for whoever wants to look at it, and is never a reason not to start.
struct StateFile {
  /// What reading came to.
  enum Contents: Equatable {
    /// There is no file yet.
    case none
    case book(OverrideBook)
    /// The file isn't right, and was set aside under another name.
    case setAside(problem: String, at: String)
    /// The file can't be read.
    case unreadable(String)
  }

  /// Where it is.
  let path: String

  private static let magic = "martlet-state 1"

  /// The most bytes that are read: the leases of some 40,000 backends.
  private static let largest = 16 << 20

  /// Reads it. Whoever can write it can send sessions elsewhere, so it has to be this user's, or root's.
  func read() -> Contents {
    let bytes: [UInt8]
    do throws(StoredFile.Refusal) {
      bytes = try StoredFile(path).read(atMost: Self.largest, trusting: .own)
    } catch {
      return error == .system(.noSuchFileOrDirectory) ? .none : .unreadable("\(error)")
    }
    do throws(Damage) {
      return .book(try Self.decode(bytes))
    } catch {
      let aside = "\(path).damaged-\(Timestamp.now.milliseconds)"
      guard unsafe rename(path, aside) == 0 else { return .unreadable("\(error.problem), and it can't be renamed") }
      return .setAside(problem: error.problem, at: aside)
    }
  }

  /// Writes it; throws why it couldn't.
  func write(_ book: OverrideBook) throws(StoredFile.Refusal) {
    try StoredFile(path).replace(with: Self.encode(book))
  }

  // MARK: The format

  private struct Damage: Error {
    let problem: String
  }

  static func encode(_ book: OverrideBook) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(book) else { preconditionFailure("leases can always be written as JSON") }
    let body = Array(data) + [UInt8(ascii: "\n")]
    return Array("\(magic) length=\(body.count) crc32=\(CRC32.of(body))\n".utf8) + body
  }

  private static func decode(_ bytes: [UInt8]) throws(Damage) -> OverrideBook {
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { throw Damage(problem: "it has no first line") }
    let head = String(decoding: bytes[..<end], as: UTF8.self)
    let body = Array(bytes[(end + 1)...])
    guard head.hasPrefix(magic) else { throw Damage(problem: "it isn't a state file of this version") }
    guard head == "\(magic) length=\(body.count) crc32=\(CRC32.of(body))" else {
      throw Damage(problem: "its checksum is wrong")
    }
    do {
      return try JSONDecoder().decode(OverrideBook.self, from: Data(body))
    } catch {
      throw Damage(problem: "it can't be read: \(error)")
    }
  }
}

/// The checksum of Ethernet, gzip and PNG (ISO 3309), for damage, not for malice.
enum CRC32 {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
  }

  static func of(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(UInt32.max) { sum, byte in table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ (sum >> 8) }
  }
}
