extension History.Learned {
  /// Reads from what a process has logged which changes it took up, where each gave its number as the reason.
  ///
  /// A line is like `{…,"message":"fleet: web/127.0.0.1:9 weight 5 set by root on lb1: 17","position":"42"}`.
  package static func all(in log: String, node: Int, run: Int) -> [Self] {
    log.utf8.split(separator: UInt8(ascii: "\n")).compactMap { line in
      guard line.contains(begin), let position = number(in: line, behind: position, before: quote),
        let change = number(in: line, behind: reason, before: quote)
      else { return nil }
      return Self(node: node, run: run, at: UInt64(position), change: change)
    }
  }

  private static let begin = Array(#""message":"fleet: web/"#.utf8)
  private static let position = Array(#""position":""#.utf8)
  /// What comes before a reason is the last node's name.
  private static let reason = Array(": ".utf8)
  private static let quote = UInt8(ascii: "\"")

  /// The number between the last place of some bytes and the next one of another.
  private static func number(in line: Substring.UTF8View, behind mark: [UInt8], before end: UInt8) -> Int? {
    let bytes = Array(line)
    var from = bytes.count - mark.count
    while from >= 0, bytes[from..<from + mark.count] != mark[...] { from -= 1 }
    guard from >= 0 else { return nil }
    let digits = bytes[(from + mark.count)...].prefix { $0 != end }
    return Int(String(decoding: digits, as: UTF8.self))
  }
}
