/// What an agent says: one line, up to its first carriage return or line feed. What its words mean is for `AgentState`.
package struct AgentAnswer: Equatable {
  /// How long a line may be.
  static let longest = 1024

  private var line: [UInt8] = []

  /// Takes the next bytes; nil as long as more are needed.
  mutating func take(_ bytes: ArraySlice<UInt8>) -> Verdict? {
    for byte in bytes {
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
        return .passed(String(decoding: line, as: UTF8.self))
      }
      line.append(byte)
      if line.count > Self.longest { return .failed("said no whole line in its first 1024 bytes: \(Excerpt(line))") }
    }
    return nil
  }

  /// What is wrong if nothing more comes; nil if nothing came at all.
  var shortcoming: String? { line.isEmpty ? nil : "said \(Excerpt(line)), without an end of the line" }
}
