/// A key, as `martlet top` knows it.
package enum TopKey: Equatable, Sendable {
  /// A character, as typed.
  case character(Character)
  case up, down, left, right, pageUp, pageDown, home, end
  /// Escape, which leaves what was begun.
  case escape
  /// Return.
  case enter
  /// Ctrl-C.
  case interrupt
  /// Ctrl-Z.
  case suspend
  /// Ctrl-L.
  case redraw
}

extension TopKey {
  /// The keys behind the bytes that one read of a terminal gave. What isn't known is left out.
  ///
  /// A terminal sends what a key is worth at once, so an escape character at the end is the key of that name.
  package static func read(_ bytes: [UInt8]) -> [TopKey] {
    var keys: [TopKey] = []
    var rest = bytes[...]
    while let byte = rest.popFirst() {
      switch byte {
      case 0x1B: if let key = sequence(&rest) { keys.append(key) }
      case 0x03: keys.append(.interrupt)
      case 0x0C: keys.append(.redraw)
      case 0x1A: keys.append(.suspend)
      case 0x0A, 0x0D: keys.append(.enter)
      case 0x20...0x7E: keys.append(.character(Character(Unicode.Scalar(byte))))
      default: continue
      }
    }
    return keys
  }

  /// The rest of a sequence that an escape character began (ECMA-48 §5.4: parameters, intermediates, a final byte).
  private static func sequence(_ rest: inout ArraySlice<UInt8>) -> TopKey? {
    guard let kind = rest.first, kind == UInt8(ascii: "[") || kind == UInt8(ascii: "O") else { return .escape }
    rest = rest.dropFirst()
    let parameters = rest.prefix { (0x20...0x3F).contains($0) }
    rest = rest.dropFirst(parameters.count)
    switch (rest.popFirst().map { Character(Unicode.Scalar($0)) }, String(decoding: parameters, as: UTF8.self)) {
    case ("A", _): return .up
    case ("B", _): return .down
    case ("C", _): return .right
    case ("D", _): return .left
    case ("H", _), ("~", "1"), ("~", "7"): return .home
    case ("F", _), ("~", "4"), ("~", "8"): return .end
    case ("~", "5"): return .pageUp
    case ("~", "6"): return .pageDown
    default: return nil
    }
  }
}
