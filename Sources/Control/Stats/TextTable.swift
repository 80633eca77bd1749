/// A table of plain text with aligned columns.
struct TextTable {
  /// On which side a column's text stands.
  enum Alignment {
    /// For words.
    case left
    /// For numbers.
    case right
  }

  private let columns: [(title: String, alignment: Alignment)]
  private var rows: [[String]] = []

  /// Makes a table without rows.
  init(_ columns: [(title: String, alignment: Alignment)]) {
    self.columns = columns
  }

  /// Adds a row with a cell for each column.
  mutating func add(_ row: [String]) {
    rows.append(row.map(Self.printable))
  }

  /// The lines, each indented by two spaces; nothing follows the last column's text.
  var text: String {
    let all = [columns.map(\.title)] + rows
    let widths = columns.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { row in
      let cells = columns.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - row[column].count)
        return columns[column].alignment == .left ? row[column] + space : space + row[column]
      }
      let line = "  " + cells.joined(separator: "  ")
      return line.prefix(upTo: line.lastIndex { $0 != " " }.map(line.index(after:)) ?? line.startIndex) + "\n"
    }.joined()
  }

  /// The text with control characters, which a terminal would obey, replaced.
  static func printable(_ text: String) -> String {
    var printable = ""
    for scalar in text.unicodeScalars {
      let isControl = scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
      printable.unicodeScalars.append(isControl ? "?" : scalar)
    }
    return printable
  }
}
