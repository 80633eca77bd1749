import Text

/// Figures in few characters.
enum Figure {
  /// A count in a second, with one digit after the point below ten; `-` while it isn't known.
  static func rate(_ value: Double?) -> String {
    guard let value, abs(value) < 1e15 else { return "-" }
    let tenths = Int((value * 10).rounded())
    return tenths < 100 && tenths % 10 != 0 ? "\(tenths / 10).\(tenths % 10)" : "\(Int(value.rounded()))"
  }

  /// Bytes in a second.
  static func bytes(_ value: Double?) -> String {
    guard let value, abs(value) < 1e18 else { return "-" }
    return StatsText.size(Int(value.rounded()))
  }
}
