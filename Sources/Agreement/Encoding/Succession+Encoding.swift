extension Succession {
  func encode(into out: inout ByteWriter) {
    out.put(number)
    out.put(era)
    out.put(engine)
    out.put(each: founders) { $0.put($1) }
    out.put(each: sealed) { $0.put($1) }
  }

  init(from input: inout ByteReader) throws(DecodingFault) {
    number = try input.number()
    (era, engine) = (try input.era(), try input.text())
    founders = try input.array { input throws(DecodingFault) in try input.participant() }
    sealed = try input.array { input throws(DecodingFault) in try input.participant() }
    guard 1...Members.most ~= founders.count, sealed.allSatisfy(founders.contains) else {
      throw .unknown("change of the engine by \(founders.count)")
    }
  }
}

extension FleetState.Voters {
  func encode(into out: inout ByteWriter) {
    out.put(number)
    out.put(each: all) { $0.put($1) }
  }

  init(from input: inout ByteReader) throws(DecodingFault) {
    self.init(
      number: try input.number(), all: try input.array { input throws(DecodingFault) in try input.participant() })
  }
}

extension FleetNode.EraWord {
  func encode(into out: inout ByteWriter) {
    out.put(era)
    out.put(wanted) { $0.put($1) }
    out.put(roster)
  }

  init(from input: inout ByteReader) throws(DecodingFault) {
    self.init(
      era: try input.era(), wanted: try input.optional { input throws(DecodingFault) in try input.text() },
      roster: try input.number())
  }
}

extension Era {
  /// The first byte: how the rest is to be read.
  private static let format: UInt8 = 1

  /// As a data folder holds it.
  package var encoded: [UInt8] {
    var out = ByteWriter()
    out.put(Self.format)
    out.put(number)
    out.put(engine)
    out.put(origin) { $0.put($1.encoded) }
    return out.bytes
  }

  /// Reads what a data folder holds.
  package init(encoded: [UInt8]) throws(DecodingFault) {
    var input = ByteReader(encoded)
    let format = try input.number(UInt8.self)
    guard format == Self.format else { throw .unknown("format \(format) of an era") }
    (number, engine) = (try input.era(), try input.text())
    origin = try input.optional { input throws(DecodingFault) in try FleetState(encoded: try input.block()) }
    try input.finish()
  }
}

extension ByteReader {
  /// The number of an era.
  mutating func era() throws(DecodingFault) -> UInt32 {
    let era = try number(UInt32.self)
    guard era < Era.most else { throw .unknown("era \(era)") }
    return era
  }
}
