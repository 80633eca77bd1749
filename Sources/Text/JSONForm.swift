import FoundationEssentials

/// How values are written as JSON for others: keys in order, on lines of their own, and nothing in it that a terminal would
/// obey.
package enum JSONForm {
  /// The value with a line end behind it; throws if a number in it isn't finite.
  package static func checkedBytes(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return JSONForm.printable(Array(try encoder.encode(value))) + [UInt8(ascii: "\n")]
  }

  /// The value with a line end behind it; an empty object for what can't be written, which is nothing that's ever made.
  package static func bytes(_ value: some Encodable) -> [UInt8] {
    (try? checkedBytes(value)) ?? Array("{}\n".utf8)
  }

  /// JSON with everything but plain characters as escapes. They can only stand in its texts.
  static func printable(_ json: [UInt8]) -> [UInt8] {
    guard json.contains(where: { $0 >= 0x7F }) else { return json }
    var result: [UInt8] = []
    result.reserveCapacity(json.count)
    for scalar in String(decoding: json, as: UTF8.self).unicodeScalars {
      if scalar.isASCII && scalar != "\u{7F}" || scalar.isPrintable {
        result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      } else {
        result += Array(scalar.jsonEscape.utf8)
      }
    }
    return result
  }
}
