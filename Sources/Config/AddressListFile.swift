package import Sockets

/// A text file with ranges of addresses, one a line. What follows a `#` is for people.
package enum AddressListFile {
  /// The largest file that is read, 64 MiB: some millions of ranges.
  package static let largest = 64 << 20
  /// The most ranges in one.
  package static let most = 1_000_000

  /// The ranges in a file; throws the first thing that is wrong in it, with its line, or why it can't be read.
  package static func read(
    _ path: String, trusting trust: StoredFile.Trust = .regular
  ) throws(ConfigIssue) -> [AddressRange] {
    try parse(NamedFile.read(path, atMost: largest, trusting: trust), file: path)
  }

  /// What is wrong with the files that a configuration's listeners name.
  package static func issues(of configuration: Configuration) -> [ConfigIssue] {
    Set(configuration.listeners.flatMap(\.addresses.files)).sorted().compactMap { path in
      do throws(ConfigIssue) {
        _ = try read(path)
        return nil
      } catch {
        return error
      }
    }
  }

  /// The ranges in the bytes of a file that has this path.
  package static func parse(_ bytes: [UInt8], file path: String) throws(ConfigIssue) -> [AddressRange] {
    var ranges: [AddressRange] = []
    var line = 0
    for bytes in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      line += 1
      let text = trimmed(bytes.prefix { $0 != UInt8(ascii: "#") })
      guard !text.isEmpty else { continue }
      guard ranges.count < most else {
        throw ConfigIssue(
          file: path, path: "", line: line, message: "there are more than \(most) ranges", hint: "is it the right file?"
        )
      }
      ranges.append(try range(String(decoding: text, as: UTF8.self), file: path, line: line))
    }
    return ranges
  }

  private static func range(_ text: String, file: String, line: Int) throws(ConfigIssue) -> AddressRange {
    do throws(AddressRange.Fault) {
      return try AddressRange(text)
    } catch {
      let (message, hint) = error.words(for: text)
      throw ConfigIssue(file: file, path: "", line: line, message: message, hint: hint)
    }
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard let last = bytes.lastIndex(where: { $0 > 0x20 }) else { return [] }
    return bytes[...last].drop { $0 <= 0x20 }
  }
}

extension AddressRange.Fault {
  /// What to write in its place.
  static let hint = "write an address or a range of them, such as \"10.0.0.0/8\" or \"2001:db8::/32\", or \"unix:\""

  /// What is wrong with a text, and what helps.
  func words(for text: String) -> (message: String, hint: String) {
    let shown = "\"\(JSONNode.shortened(text))\""
    return switch self {
    case .unreadable: ("\(shown) is no range of addresses", Self.hint)
    case .tooManyBits(let range): ("\(shown) has more bits set than its length says", "write \"\(range)\"")
    }
  }
}
