/// The overrides that all nodes agree about up to a position of the log: what a node goes by, and stores, so that it does after a crash.
package struct AgreedOverrides: Equatable, Sendable {
  /// The position.
  package var position: UInt64
  /// The overrides, in the order of their keys.
  package var overrides: [FleetState.Override]

  /// With both.
  package init(position: UInt64, _ overrides: [FleetState.Override]) {
    self.position = position
    self.overrides = overrides
  }

  /// Before the first entry.
  package static let none = AgreedOverrides(position: 0, [])
}

extension AgreedOverrides {
  /// The first byte: how the rest is to be read.
  private static let format: UInt8 = 1

  /// As a data folder holds it.
  package var encoded: [UInt8] {
    var out = ByteWriter()
    out.put(Self.format)
    out.put(position)
    out.put(each: overrides) { $1.encode(into: &$0) }
    return out.bytes
  }

  /// Reads what a data folder holds.
  package init(encoded: [UInt8]) throws(DecodingFault) {
    var input = ByteReader(encoded)
    let format = try input.number(UInt8.self)
    guard format == Self.format else { throw .unknown("format \(format) of overrides") }
    position = try input.number()
    overrides = try input.array { input throws(DecodingFault) in try FleetState.Override(from: &input) }
    try input.finish()
  }
}
