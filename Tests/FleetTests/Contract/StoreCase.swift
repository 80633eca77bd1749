import Agreement
import Support
import Testing

@testable import Fleet

/// What every kind of store does the same: each case has two clients of one store that is empty.
struct StoreCase: Sendable {
  let name: String
  let run: @Sendable (_ one: StoreAsker, _ other: StoreAsker) throws -> Void

  init(_ name: String, _ run: @escaping @Sendable (_ one: StoreAsker, _ other: StoreAsker) throws -> Void) {
    self.name = name
    self.run = run
  }

  static let all = reads + writes + together + limits + races + hints

  static let firstEntry = EntryID(Participant(NodeName("lb1"), Incarnation(bits: 1)), run: 1, sequence: 1)
  static let lastEntry = EntryID(Participant(NodeName("lb2"), Incarnation(bits: .max)), run: .max, sequence: .max)

  /// One of each kind, with numbers of all lengths.
  static let keys: [StoreKey] = [
    .head, .entry(1), .entry(.max), .piece(of: firstEntry, 0), .piece(of: lastEntry, .max), .snapshot(7, 0),
    .owner("web"),
  ]
}

extension StoreCase: CustomTestStringConvertible {
  var testDescription: String { name }
}

extension StoreReply {
  /// The versions, if it's written.
  var versions: [StoreVersion] {
    get throws { try Optional(self).versions }
  }

  /// The value, if there's one.
  var bytes: [UInt8] {
    get throws { try Optional(self).bytes }
  }
}

extension StoreReply? {
  /// The versions, if it's written.
  var versions: [StoreVersion] {
    get throws {
      guard case .written(let versions) = self else { throw Failure("not written: \(String(describing: self))") }
      return versions
    }
  }

  /// The value, if there's one.
  var bytes: [UInt8] {
    get throws {
      guard case .value(let bytes, _) = self else { throw Failure("no value: \(String(describing: self))") }
      return bytes
    }
  }
}

extension StoreWrite {
  static func create(_ key: StoreKey, _ bytes: [UInt8] = [1]) -> StoreWrite {
    StoreWrite(key, expecting: .nothing, .put(bytes))
  }

  static func set(_ key: StoreKey, _ version: StoreVersion, _ bytes: [UInt8]) -> StoreWrite {
    StoreWrite(key, expecting: .version(version), .put(bytes))
  }

  static func delete(_ key: StoreKey, _ version: StoreVersion) -> StoreWrite {
    StoreWrite(key, expecting: .version(version), .delete)
  }
}
