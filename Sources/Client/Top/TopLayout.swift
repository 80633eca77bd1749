import Model
import Text

/// How wide the columns are.
struct TopLayout {
  /// The columns that are left for the curve; 0 if they are too few for one.
  let curve: Int
  /// The columns for the reason of a backend's state; 0 if they are too few for one.
  let reason: Int
  /// What else there's room for.
  let extras: [TopExtra]
  private let name: Int
  private let state: Int

  /// Divides the screen; the names and the curve share what numbers and states leave.
  init(columns: Int, backends: [Report.Backend]) {
    state = max(8, backends.map(\.state.rawValue.count).max() ?? 0)
    let longest = max(8, backends.map { ScreenWidth.of($0.name) }.max() ?? 0)
    // Two columns for the mark, a space before each of the seven columns after the name.
    let rest = columns - 2 - 7 - state - TopColumn.allCases.map(Self.fixed).reduce(0, +)
    name = min(longest, max(8, rest / 2))
    var left = rest - name
    extras = TopExtra.allCases.prefix { extra in
      guard left - extra.width - 1 >= Self.enough else { return false }
      left -= extra.width + 1
      return true
    }
    let words = extras.count == TopExtra.allCases.count ? left - 1 - Self.enough : 0
    reason = words < Self.fewestWords ? 0 : words
    if reason > 0 { left = Self.enough }
    curve = left < 5 ? 0 : min(left, Series.length)
  }

  /// With so many columns the curve is wide enough for something beside it.
  private static let enough = 20
  /// Fewer columns are no room for a reason.
  private static let fewestWords = 15

  /// A column's width.
  func width(of column: TopColumn) -> Int {
    switch column {
    case .backend: name
    case .state: state
    default: Self.fixed(column)
    }
  }

  /// A text in its column: words to the left, numbers to the right.
  func cell(_ text: String, in column: TopColumn) -> String {
    let width = width(of: column)
    switch column {
    case .backend, .state: return ScreenWidth.fit(TextTable.printable(text), to: width)
    default: return String(repeating: " ", count: max(0, width - ScreenWidth.of(text))) + text
    }
  }

  /// A number in a column that isn't always there.
  func cell(_ text: String, in extra: TopExtra) -> String {
    String(repeating: " ", count: max(0, extra.width - ScreenWidth.of(text))) + text
  }

  /// The widths of numbers: of their titles with the mark for sorting.
  private static func fixed(_ column: TopColumn) -> Int {
    switch column {
    case .backend, .state: 0
    default: column.title.count + 1
    }
  }
}
