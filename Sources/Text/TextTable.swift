import Config

/// A table of plain text with aligned columns.
package struct TextTable {
  /// On which side a column's text stands.
  package enum Alignment {
    /// For words.
    case left
    /// For numbers.
    case right
  }

  private let columns: [(title: String, alignment: Alignment)]
  private var rows: [[String]] = []
  private var paints: [[Int: Paint]] = []

  /// Makes a table without rows.
  package init(_ columns: [(title: String, alignment: Alignment)]) {
    self.columns = columns
  }

  /// Adds a row with a cell for each column; cells can be painted, by the index of their column.
  package mutating func add(_ row: [String], paint: [Int: Paint] = [:]) {
    rows.append(row.map(Self.printable))
    paints.append(paint)
  }

  /// The lines, each indented by two spaces; nothing follows the last column's text.
  package var text: String {
    let all = [columns.map(\.title)] + rows
    let widths = columns.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return zip(all, [[:]] + paints).map { row, paint in
      let cells = columns.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - row[column].count)
        let text = paint[column].map { $0.on(row[column], when: true) } ?? row[column]
        return columns[column].alignment == .left ? text + space : space + text
      }
      let line = "  " + cells.joined(separator: "  ")
      return line.prefix(upTo: line.lastIndex { $0 != " " }.map(line.index(after:)) ?? line.startIndex) + "\n"
    }.joined()
  }

  /// The text with what a terminal would obey, or not show as it is, written out: `\u{202e}`.
  package static func printable(_ text: String) -> String { text.printable }
}
