import Text

/// A text that takes the place of the one before on a terminal.
package enum Screenful {
  /// What is sent to the terminal. Lines that have no room are left out at the end, and counted there; a line that is too long
  /// goes on in the next, as ever.
  package static func render(_ text: String, columns: Int, rows: Int) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    if lines.last?.isEmpty == true { lines.removeLast() }
    // The cursor has a row of its own.
    var (shown, room) = ([Substring](), max(rows - 1, 1))
    while let line = lines.first, height(of: line, columns: columns) + (lines.count > 1 ? 1 : 0) <= room {
      shown.append(line)
      room -= height(of: line, columns: columns)
      lines.removeFirst()
    }
    if !lines.isEmpty { shown.append("… \(Words.count(lines.count, "line")) more") }
    // Each line wipes out the rest of what was there, and the last one what was below (ECMA-48: CUP, EL, ED).
    return "\u{1B}[H" + shown.map { "\($0)\u{1B}[K\n" }.joined() + "\u{1B}[J"
  }

  /// The rows that a line takes; paint takes none.
  private static func height(of line: Substring, columns: Int) -> Int {
    let width = ScreenWidth.of(line.replacing(#/\u{1B}\[[0-9;]*m/#, with: "").description)
    return max((width + columns - 1) / columns, 1)
  }
}
