/// A column of a table with all its values.
package struct TextColumn {
  let title: String
  let alignment: TextTable.Alignment
  let values: [String]
  let paints: [Paint?]
  let isTelling: Bool

  /// A column of the values.
  ///
  /// - Parameters:
  ///   - nothing: the value that says nothing: if all are that, the column is left out.
  ///   - paints: of each value.
  package init(
    _ title: String, _ alignment: TextTable.Alignment, _ values: [String], unless nothing: String? = nil,
    paints: [Paint?]? = nil
  ) {
    self.title = title
    self.alignment = alignment
    self.values = values
    self.paints = paints ?? values.map { _ in nil }
    isTelling = nothing.map { nothing in values.contains { $0 != nothing } } ?? true
  }
}

extension TextTable {
  /// The columns that tell something, each with as many values as the others.
  package init(_ columns: [TextColumn], coloured: Bool) {
    let columns = columns.filter(\.isTelling)
    self.init(columns.map { ($0.title, $0.alignment) })
    for row in (columns.first?.values ?? []).indices {
      let paints = columns.enumerated().compactMap { index, column in column.paints[row].map { (index, $0) } }
      add(columns.map { $0.values[row] }, paint: coloured ? Dictionary(uniqueKeysWithValues: paints) : [:])
    }
  }
}
