package import Balancing

/// What is asked of a backend's weight: another one, or a change of the one that holds.
package enum WeightChange: Equatable, Sendable {
  /// That weight.
  case to(Weight)
  /// So much more or less, of the weight that holds.
  case by(percent: Double)

  /// What can be asked for.
  package static let wanted = "0…256, with at most two digits after a point, or a change such as +50% or -20%"

  /// Reads `5`, `0.8`, `+50%` or `-20%`; nil for anything else: "+5" is no percentage, and isn't to be taken for one.
  package init?(_ text: String) {
    if text.hasSuffix("%") {
      guard let sign = text.first, sign == "+" || sign == "-", let part = Self.number(text.dropFirst().dropLast()),
        part < 100_000
      else { return nil }
      self = .by(percent: sign == "+" ? part : -part)
    } else {
      guard let weight = Self.number(text[...]).flatMap({ Weight(exactly: $0) }) else { return nil }
      self = .to(weight)
    }
  }

  /// Digits, and perhaps a point between them.
  private static func number(_ text: Substring) -> Double? {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard text.utf8.allSatisfy({ digits.contains($0) || $0 == UInt8(ascii: ".") }),
      text.utf8.first.map(digits.contains) == true, text.utf8.last.map(digits.contains) == true
    else { return nil }
    return Double(text)
  }

  /// What a change comes to.
  package enum Result: Equatable {
    case weight(Weight)
    /// It can't be made.
    case impossible(String, hint: String)
  }

  /// What it comes to for a backend of that weight.
  package func applied(to now: Weight) -> Result {
    switch self {
    case .to(let weight): return .weight(weight)
    case .by(let percent):
      guard now > 0 else {
        return .impossible("the weight is 0, and so is every percentage of it", hint: "write the weight itself")
      }
      let changed = now.value * (1 + percent / 100)
      guard changed >= 0 else {
        return .impossible("the weight would be below 0", hint: "write 0 for no new sessions")
      }
      guard let weight = Weight(nearest: changed) else {
        return .impossible(
          "the weight would be \(Int(changed.rounded())), and the most is \(Weight.largest)",
          hint: "it is \(now) now: choose less, or lower the weights of the others")
      }
      guard weight > 0 || changed == 0 else {
        return .impossible("the weight would be less than 0.01", hint: "write 0 for no new sessions")
      }
      guard weight != now || percent == 0 else {
        return .impossible(
          "the weight would still be \(now)", hint: "weights have at most two digits after the point: choose more")
      }
      return .weight(weight)
    }
  }
}
