import Text

/// A line of the screen: pieces of text, each in its paint.
///
/// Nothing gets into it that a terminal would obey.
struct ScreenLine: Equatable {
  /// A piece of text in one paint.
  struct Span: Equatable {
    var text: String
    var paint: Paint?
  }

  private(set) var spans: [Span] = []

  /// A line of one piece.
  init(_ text: String = "", _ paint: Paint? = nil) {
    if !text.isEmpty { add(text, paint) }
  }

  /// Puts a piece at the end.
  mutating func add(_ text: String, _ paint: Paint? = nil) {
    spans.append(Span(text: TextTable.printable(text), paint: paint))
  }

  /// The text alone.
  var text: String { spans.map(\.text).joined() }

  /// How many columns it takes.
  var width: Int { ScreenWidth.of(text) }

  /// As much of it as fits into so many columns.
  func cut(to columns: Int) -> ScreenLine {
    var (line, room) = (ScreenLine(), columns)
    for span in spans {
      let text = ScreenWidth.cut(span.text, to: room)
      if !text.isEmpty { line.spans.append(Span(text: text, paint: span.paint)) }
      room -= ScreenWidth.of(text)
      if text.count < span.text.count { break }
    }
    return line
  }

  /// As much of it as fits into so many columns, with a mark at the end if that isn't all.
  func fit(to columns: Int) -> ScreenLine {
    guard width > columns, columns > 0 else { return self }
    var line = cut(to: columns - 1)
    line.add("…", line.spans.last?.paint)
    return line
  }

  /// The whole line in inverse video, over so many columns.
  func inverse(over columns: Int) -> ScreenLine {
    let line = cut(to: columns)
    return ScreenLine(line.text + String(repeating: " ", count: max(0, columns - line.width)), .inverse)
  }

  /// What is sent to the terminal.
  func rendered(coloured: Bool) -> String {
    spans.map { span in span.paint?.on(span.text, when: coloured) ?? span.text }.joined()
  }
}

/// How many columns characters take on a terminal.
///
/// The wide ones of Unicode's East Asian Width (UAX #11) by their blocks. Where a terminal thinks otherwise a line is a
/// column too short or too long; it never wraps, as that is turned off.
enum ScreenWidth {
  /// The columns of a text.
  static func of(_ text: String) -> Int {
    text.reduce(0) { $0 + columns(of: $1) }
  }

  /// The start of a text that takes at most so many columns.
  static func cut(_ text: String, to columns: Int) -> String {
    var room = columns
    return String(
      text.prefix { character in
        room -= Self.columns(of: character)
        return room >= 0
      })
  }

  /// The text in exactly so many columns: cut, with a mark that it was, or with spaces behind it.
  static func fit(_ text: String, to columns: Int) -> String {
    let width = of(text)
    if width <= columns { return text + String(repeating: " ", count: columns - width) }
    guard columns > 0 else { return "" }
    let start = cut(text, to: columns - 1)
    return start + String(repeating: " ", count: columns - 1 - of(start)) + "…"
  }

  private static func columns(of character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return 0
    default: break
    }
    return switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1FAFF, 0x20000...0x3FFFD:
      2
    default: 1
    }
  }
}
