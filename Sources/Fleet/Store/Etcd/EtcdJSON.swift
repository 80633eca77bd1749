/// A value of JSON (RFC 8259), as a server answers: read strictly, and without an end to its depth neither memory nor stack.
///
/// Text stays as it's written, for most of it is base64 of what is large.
enum EtcdJSON: Equatable {
  /// It's none.
  struct Fault: Error, Equatable {}

  case null
  case bool(Bool)
  /// As it's written.
  case number(ArraySlice<UInt8>)
  /// Without its quotes, and as it's written: with what a backslash introduces as it is.
  case text(ArraySlice<UInt8>)
  case array([EtcdJSON])
  /// The last of those that have the same key counts.
  case object([String: EtcdJSON])

  /// Reads a whole text.
  init(_ bytes: [UInt8]) throws(Fault) {
    var reader = Reader(rest: bytes[...])
    self = try reader.value(depth: 0)
    guard reader.next() == nil else { throw Fault() }
  }

  /// What an object has under a key.
  subscript(key: String) -> EtcdJSON? {
    if case .object(let members) = self { members[key] } else { nil }
  }

  /// A whole number, which is written as text if it's one of 64 bits.
  var number: Int64? {
    switch self {
    case .number(let bytes), .text(let bytes): Int64(String(decoding: bytes, as: UTF8.self))
    default: nil
    }
  }

  /// Text for people, as it's written.
  var words: String? {
    if case .text(let bytes) = self { String(decoding: bytes, as: UTF8.self) } else { nil }
  }

  /// The bytes for which base64 stands.
  var bytes: [UInt8]? {
    if case .text(let text) = self { Base64.bytes(text) } else { nil }
  }

  /// The elements, if it's an array.
  var elements: [EtcdJSON]? {
    if case .array(let elements) = self { elements } else { nil }
  }
}

extension EtcdJSON {
  private struct Reader {
    private static let deepest = 16

    var rest: ArraySlice<UInt8>

    /// The next byte that isn't blank.
    mutating func next() -> UInt8? {
      while let byte = rest.first {
        guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
        rest.removeFirst()
      }
      return nil
    }

    mutating func value(depth: Int) throws(Fault) -> EtcdJSON {
      guard depth <= Self.deepest, let first = next() else { throw Fault() }
      switch first {
      case UInt8(ascii: "{"): return .object(try members(depth))
      case UInt8(ascii: "["): return .array(try elements(depth))
      case UInt8(ascii: "\""): return .text(try text())
      default: return try word()
      }
    }

    private mutating func members(_ depth: Int) throws(Fault) -> [String: EtcdJSON] {
      rest.removeFirst()
      var members: [String: EtcdJSON] = [:]
      if take("}") { return members }
      repeat {
        guard next() == UInt8(ascii: "\"") else { throw Fault() }
        let key = String(decoding: try text(), as: UTF8.self)
        guard take(":") else { throw Fault() }
        members[key] = try value(depth: depth + 1)
      } while take(",")
      guard take("}") else { throw Fault() }
      return members
    }

    private mutating func elements(_ depth: Int) throws(Fault) -> [EtcdJSON] {
      rest.removeFirst()
      var elements: [EtcdJSON] = []
      if take("]") { return elements }
      repeat { elements.append(try value(depth: depth + 1)) } while take(",")
      guard take("]") else { throw Fault() }
      return elements
    }

    private mutating func text() throws(Fault) -> ArraySlice<UInt8> {
      rest.removeFirst()
      var index = rest.startIndex
      while index < rest.endIndex {
        switch rest[index] {
        case UInt8(ascii: "\""):
          defer { rest = rest[(index + 1)...] }
          return rest[..<index]
        case UInt8(ascii: "\\"): index += 2
        case 0..<0x20: throw Fault()
        default: index += 1
        }
      }
      throw Fault()
    }

    private mutating func word() throws(Fault) -> EtcdJSON {
      let word = rest.prefix { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"),
          UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "E"):
          true
        default: false
        }
      }
      rest = rest.dropFirst(word.count)
      switch String(decoding: word, as: UTF8.self) {
      case "null": return .null
      case "true": return .bool(true)
      case "false": return .bool(false)
      case let text where Double(text)?.isFinite == true: return .number(word)
      default: throw Fault()
      }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard next() == UInt8(ascii: character) else { return false }
      rest.removeFirst()
      return true
    }
  }
}
