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

extension String {
  /// The text with everything that doesn't show as itself written out: `\u{202e}`.
  package var printable: String {
    guard unicodeScalars.contains(where: { !$0.isPrintable }) else { return self }
    var result = ""
    for scalar in unicodeScalars {
      if scalar.isPrintable {
        result.unicodeScalars.append(scalar)
      } else {
        result += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return result
  }
}
