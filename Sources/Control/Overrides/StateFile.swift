import FoundationEssentials
import Glibc
import SystemPackage

/// The small file in which leases outlive the process.
///
/// A line with the format, the length and a checksum, then JSON. A new version is written beside the old one, flushed to
/// the disk and put in its place, so that a crash leaves the one or the other. A file that isn't right is set aside for
/// whoever wants to look at it, and is never a reason not to start.
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

  /// Reads it.
  func read() -> Contents {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return errno == ENOENT ? .none : .unreadable("\(Errno(rawValue: errno))") }
    defer { close(descriptor) }
    guard let bytes = Self.contents(of: descriptor) else { return .unreadable("\(Errno(rawValue: errno))") }
    do throws(Damage) {
      return .book(try Self.decode(bytes))
    } catch {
      let aside = "\(path).damaged-\(Timestamp.now.milliseconds)"
      guard unsafe rename(path, aside) == 0 else { return .unreadable("\(error.problem), and it can't be renamed") }
      return .setAside(problem: error.problem, at: aside)
    }
  }

  /// Writes it; throws why it couldn't.
  func write(_ book: OverrideBook) throws(Errno) {
    let temporary = "\(path).new"
    let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    var isWritten = false
    defer {
      close(descriptor)
      if !isWritten { _ = unsafe unlink(temporary) }
    }
    try Self.put(Self.encode(book), to: descriptor)
    guard fsync(descriptor) == 0 else { throw Errno(rawValue: errno) }
    guard unsafe rename(temporary, path) == 0 else { throw Errno(rawValue: errno) }
    isWritten = true
    // The new name has to reach the disk as well.
    let folder = unsafe open(Self.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
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

  private static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }

  private static func contents(of descriptor: Int32) -> [UInt8]? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if count == 0 { return bytes }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return nil }
      bytes += buffer[..<count]
    }
  }

  private static func put(_ bytes: [UInt8], to descriptor: Int32) throws(Errno) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        throw Errno(rawValue: errno)
      }
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
