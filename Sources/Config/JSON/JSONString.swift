extension String {
  /// The text as a JSON string (RFC 8259 §7). What isn't ASCII stays as it is, but for what doesn't show as itself: that could
  /// upset a terminal, or a reader of lines.
  package var jsonQuoted: String {
    var result = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.isPrintable: result.unicodeScalars.append(scalar)
      default: result += scalar.jsonEscape
      }
    }
    return result + "\""
  }
}

extension Unicode.Scalar {
  /// The scalar as escapes: one, or two beyond the basic plane.
  package var jsonEscape: String {
    (UTF16.encode(self) ?? UTF16.encodedReplacementCharacter).map { unit in
      let digits = String(unit, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }.joined()
  }
}
