/// The answer to a script: passed as soon as the expected bytes are in it.
package struct ScriptAnswer: Equatable {
  /// How many bytes are looked at.
  static let longest = 65_536

  private var search: TextSearch
  private var beginning: [UInt8] = []
  private var count = 0

  /// Expects bytes, at least one.
  init(expect: [UInt8]) {
    search = TextSearch(for: expect)
  }

  /// Takes the next bytes; nil as long as more are needed.
  mutating func take(_ bytes: ArraySlice<UInt8>) -> Verdict? {
    beginning += bytes.prefix(Excerpt.longest + 1 - beginning.count)
    for byte in bytes {
      count += 1
      if search.take(byte) { return .passed("answered \(Excerpt(search.wanted))") }
      if count == Self.longest { return .failed("no \(Excerpt(search.wanted)) in the first 64 KiB") }
    }
    return nil
  }

  /// What is wrong if nothing more comes; nil if nothing came at all.
  var shortcoming: String? {
    count == 0 ? nil : "answered \(Excerpt(beginning)), not \(Excerpt(search.wanted))"
  }
}
