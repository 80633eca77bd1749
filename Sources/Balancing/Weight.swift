/// The share of a backend, in hundredths: finer than a configuration's whole numbers, so that a change by a percentage of
/// a small weight is one.
package struct Weight: Hashable, Comparable, Sendable {
  /// The largest weight.
  package static let largest = 256

  /// A hundred times the weight: 0…25,600.
  package let hundredths: Int

  /// A whole weight, as in a configuration; one out of range is moved to the nearest that is in range.
  package init(_ whole: Int) {
    hundredths = min(max(whole, 0), Self.largest) * 100
  }

  /// The weight that is nearest to a number; nil if that is out of range.
  package init?(nearest value: Double) {
    guard value >= 0, value <= Double(Self.largest) else { return nil }
    hundredths = Int((value * 100).rounded())
  }

  /// A number with at most two digits after its point; nil for any other, and for one out of range.
  package init?(exactly value: Double) {
    self.init(nearest: value)
    guard abs(value * 100 - Double(hundredths)) < 1e-6 else { return nil }
  }

  /// The weight as a number.
  package var value: Double { Double(hundredths) / 100 }

  /// Whether one weight is less than another.
  package static func < (left: Weight, right: Weight) -> Bool {
    left.hundredths < right.hundredths
  }
}

extension Weight: ExpressibleByIntegerLiteral {
  /// A whole weight.
  package init(integerLiteral value: Int) { self.init(value) }
}

extension Weight: CustomStringConvertible {
  /// As it's written: `3`, `0.8`, `1.25`.
  package var description: String {
    let (whole, part) = hundredths.quotientAndRemainder(dividingBy: 100)
    if part == 0 { return "\(whole)" }
    return part % 10 == 0 ? "\(whole).\(part / 10)" : "\(whole).\(part < 10 ? "0" : "")\(part)"
  }
}

extension Weight: Codable {
  /// Takes a number, with a point or without.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let weight = Weight(nearest: try container.decode(Double.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "a weight is 0…\(Self.largest)")
    }
    self = weight
  }

  /// Gives a number, whole if it is.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if hundredths % 100 == 0 { try container.encode(hundredths / 100) } else { try container.encode(value) }
  }
}
