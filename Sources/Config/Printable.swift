extension Unicode.Scalar {
  /// Whether it shows as itself wherever it's printed: no control character, and nothing that starts a line, turns the
  /// writing's direction, is invisible, or is yet to get a meaning.
  package var isPrintable: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: false
    default: true
    }
  }
}
