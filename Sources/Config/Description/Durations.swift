extension Kind where Value == Duration {
  /// How long the sessions of something that is removed may go on.
  static var drainLimit: Kind { duration(.zero...(.seconds(2_592_000))) }

  /// A length of time in a range.
  static func duration(_ range: ClosedRange<Duration>) -> Kind {
    let limits = "\(DurationText.write(range.lowerBound))…\(DurationText.write(range.upperBound))"
    return Kind(
      wanted: "a duration in quotes", schema: schema(range, limits),
      remedies: { node in
        guard case .string(let text) = node.value, let meant = DurationText.meant(by: text) else { return [] }
        return [.write(JSONNode(meant))]
      },
      render: { JSONNode(DurationText.write($0)) }
    ) { node, path, found in
      switch node.value {
      case .number(let text):
        found.error(
          path, node.line, "must be a duration with a unit, is \(node.shown)", hint: unitHint(text, range, limits))
        return nil
      case .string(let text) where JSONCharacters.isNumber(text.utf8):
        found.error(
          path, node.line, "must be a duration with a unit, is \(node.shown)", hint: unitHint(text, range, limits))
        return nil
      case .string(let text):
        switch DurationText.reading(of: text) {
        case .duration(let duration) where range.contains(duration): return duration
        case .duration, .outOfReach:
          found.error(
            path, node.line, "must be \(limits), is \(JSONNode.shortened(text))",
            hint: "choose a duration in this range")
          return nil
        case .none: return found.mismatch(path, node, "a duration", hint: example)
        }
      default: return found.mismatch(path, node, "a duration in quotes", hint: example)
      }
    }
  }

  private static var example: String {
    "write a number with its unit, such as \"2s\", \"250ms\" or \"1h30m\""
  }

  /// The remedy for a number without a unit: those units with which it would be in the range.
  private static func unitHint(_ number: String, _ range: ClosedRange<Duration>, _ limits: String) -> String {
    let units = [("s", "seconds"), ("ms", "milliseconds"), ("m", "minutes")].filter { unit, _ in
      DurationText.read(number + unit).map(range.contains) ?? false
    }
    guard !units.isEmpty else { return "write \(limits) with the unit, such as \"2s\"" }
    return "write " + units.prefix(2).map { "\"\(number)\($0)\" for \($1)" }.joined(separator: " or ")
  }

  /// Numbers with units in their order; where it's one whole number with one unit, the range can be told too.
  private static func schema(_ range: ClosedRange<Duration>, _ limits: String) -> JSONNode {
    let parts = DurationText.units.map { "([0-9]{1,12}(\\.[0-9]{1,9})?\($0.name))?" }
    let inRange = DurationText.units.compactMap { unit -> String? in
      let length = Duration.nanoseconds(Int64(unit.nanoseconds))
      let (low, high) = (Int((range.lowerBound / length).rounded(.up)), Int(range.upperBound / length))
      return low <= high ? SchemaPattern.number(low...high) + unit.name : nil
    }
    return [
      "type": "string", "title": JSONNode("A duration, \(limits)"), "minLength": 2,
      "pattern": JSONNode("^\(parts.joined())$"), "if": ["pattern": "^[0-9]+[a-z]+$"],
      "then": ["pattern": JSONNode("^(\(inRange.joined(separator: "|")))$")],
    ]
  }
}
