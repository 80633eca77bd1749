/// The `limits` object of a listener as it stands in the file.
extension LimitsConfiguration {
  /// The keys of it.
  static let shape = Shape(
    LimitsConfiguration(),
    [
      Field(
        "rate", optional: \.rate, .rate,
        "How often clients may come, over all workers: a count per second (2000/s), minute (30/m) or hour. Without it any number may."
      ),
      Field(
        "burst", optional: \.burst, .integer(1...1_000_000),
        "How many may come at once after a rest; a count. Without it as many as the rate lets in within a second, at least 1."
      ),
      Field(
        "perClient", optional: \.perClient, ClientLimitsConfiguration.shape.kind,
        "What each client may have. Without it anything."),
      Field(
        "excess", \.excess, in: LimitsConfiguration(), .choice,
        "What becomes of those who come too often: reset; or delay, where they wait for up to a second, and who would have to wait "
          + "for longer is reset."),
    ])
}

extension ClientLimitsConfiguration {
  /// The keys of it.
  static let shape = Shape(
    ClientLimitsConfiguration(),
    [
      Field(
        "sessions", \.sessions, in: ClientLimitsConfiguration(), .limit,
        "The most sessions of a client at once; a count."),
      Field(
        "rate", optional: \.rate, .rate,
        "How often a client may come; like the rate of all. Without it as often as it likes."),
      Field(
        "burst", optional: \.burst, .integer(1...1_000_000),
        "How often at once after a rest; a count. Without it as often as its rate lets it in within a second, at least 1."
      ),
      Field(
        "by", \.by, in: ClientLimitsConfiguration(), ClientBits.shape.kind,
        "In how many first bits the addresses of one client are alike."),
      Field(
        "size", \.size, in: ClientLimitsConfiguration(), .integer(8...1_048_576),
        "How many clients are remembered; a count. Beyond that the one that was quiet for the longest is forgotten."),
    ])
}

extension ClientBits {
  fileprivate static let shape = Shape(
    ClientBits(),
    [
      Field("ipv4", \.ipv4, in: ClientBits(), .integer(1...32), "Those of IPv4 addresses; a count of bits."),
      Field("ipv6", \.ipv6, in: ClientBits(), .integer(1...128), "Those of IPv6 addresses; a count of bits."),
    ])
}

extension Kind where Value == Rate {
  /// A count in a time.
  fileprivate static var rate: Kind {
    let hint = "write such as \"20/s\", \"30/m\" or \"5/h\", at most 1000000"
    return text(
      "a rate in quotes", hint: hint, schema: [("pattern", "^([1-9][0-9]{0,5}|1000000)/[smh]$")],
      remedies: { node in
        if case .number(let text) = node.value, Rate("\(text)/s") != nil { [.write(JSONNode("\(text)/s"))] } else { [] }
      }, render: \.text
    ) { text throws(Refusal) in
      guard let rate = Rate(text) else {
        throw Refusal(message: "\"\(JSONNode.shortened(text))\" is no rate", hint: hint)
      }
      return rate
    }
  }
}
