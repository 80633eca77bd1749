/// A count as another process may tell it: refused where it can't be one, as a sum with it would end this process.
@propertyWrapper
package struct Counted: Codable, Equatable, Sendable {
  /// The greatest count that is believed. As bytes at 100 Gbit/s it takes three years.
  static let most = 1 << 60

  /// The count.
  package var wrappedValue: Int

  /// A count of this process's own.
  package init(wrappedValue: Int) {
    self.wrappedValue = wrappedValue
  }

  /// Reads what another process tells; throws where that can't be a count.
  package init(from decoder: any Decoder) throws {
    wrappedValue = try Self.checked(Int(from: decoder), at: decoder.codingPath)
  }

  /// Writes the bare count.
  package func encode(to encoder: any Encoder) throws {
    try wrappedValue.encode(to: encoder)
  }

  static func checked(_ count: Int, at path: [any CodingKey]) throws -> Int {
    guard (0...most).contains(count) else {
      throw DecodingError.dataCorrupted(.init(codingPath: path, debugDescription: "\(count) is no count"))
    }
    return count
  }
}

/// Counts by their causes, as another process may tell them.
@propertyWrapper
package struct CountedByCause: Codable, Equatable, Sendable {
  /// The counts.
  package var wrappedValue: [String: Int]

  /// Counts of this process's own.
  package init(wrappedValue: [String: Int]) {
    self.wrappedValue = wrappedValue
  }

  /// Reads what another process tells; throws where that can't be a count.
  package init(from decoder: any Decoder) throws {
    wrappedValue = try [String: Int](from: decoder)
    for count in wrappedValue.values { _ = try Counted.checked(count, at: decoder.codingPath) }
  }

  /// Writes the bare counts by their causes.
  package func encode(to encoder: any Encoder) throws {
    try wrappedValue.encode(to: encoder)
  }
}
