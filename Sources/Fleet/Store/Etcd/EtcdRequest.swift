/// A part of a transaction: what has to be there, and what becomes of it.
struct EtcdWrite: Equatable {
  /// What has to be there.
  enum Expectation: Equatable {
    /// Nothing.
    case nothing
    /// What was last changed by this revision of the store.
    case revision(Int64)
    /// Something.
    case something
  }

  /// Which key.
  let key: String
  /// What has to be there.
  let expecting: Expectation
  /// What it has then; nil for nothing.
  var value: [UInt8]?
}

/// What a server is asked for.
enum EtcdRequest: Equatable {
  /// What shows that this user asks.
  case authenticate(StoreUser)
  /// A sign of life of a server that has others to agree with, and whether this key may be read; its value isn't sent.
  case probe(String)
  /// A key's value: as new as it can be, or what this server knows.
  case read(String, isLinearizable: Bool)
  /// All of these, each of another key, or none.
  case write([EtcdWrite])

  /// Where it's asked.
  var path: String {
    switch self {
    case .authenticate: "/v3/auth/authenticate"
    case .probe, .read: "/v3/kv/range"
    case .write: "/v3/kv/txn"
    }
  }

  /// What is sent there.
  var content: [UInt8] {
    switch self {
    case .authenticate(let user):
      Array(#"{"name":""#.utf8) + Self.escaped(user.name) + Array(#"","password":""#.utf8) + Self.escaped(user.password)
        + Array(#""}"#.utf8)
    case .probe(let key): Self.key(key) + Array(#","keys_only":true}"#.utf8)
    case .read(let key, let isLinearizable): Self.key(key) + Array((isLinearizable ? "}" : #","serializable":true}"#).utf8)
    case .write(let writes):
      Array(#"{"compare":["#.utf8) + writes.map(\.comparison).joined(separator: Array(",".utf8))
        + Array(#"],"success":["#.utf8) + writes.map(\.operation).joined(separator: Array(",".utf8))
        + Array("]}".utf8)
    }
  }

  /// The start of an object, with a key as its first member.
  fileprivate static func key(_ key: String) -> [UInt8] {
    Array(#"{"key":""#.utf8) + Base64.text(key.utf8) + Array(#"""#.utf8)
  }

  private static func escaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
    text.flatMap { byte -> [UInt8] in
      byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? [UInt8(ascii: "\\"), byte] : [byte]
    }
  }
}

extension EtcdWrite {
  fileprivate var comparison: [UInt8] {
    let condition =
      switch expecting {
      case .nothing: #","target":"CREATE","result":"EQUAL","create_revision":"0"}"#
      case .something: #","target":"CREATE","result":"GREATER","create_revision":"0"}"#
      case .revision(let revision): #","target":"MOD","result":"EQUAL","mod_revision":"\#(revision)"}"#
      }
    return EtcdRequest.key(key) + Array(condition.utf8)
  }

  fileprivate var operation: [UInt8] {
    guard let value else { return Array(#"{"request_delete_range":"#.utf8) + EtcdRequest.key(key) + Array("}}".utf8) }
    return Array(#"{"request_put":"#.utf8) + EtcdRequest.key(key) + Array(#","value":""#.utf8) + Base64.text(value)
      + Array(#""}}"#.utf8)
  }
}

/// What tells of changes, on a connection of its own.
enum EtcdWatchRequest {
  /// Where it's asked.
  static let path = "/v3/watch"

  /// What is sent there: to be told of each key's changes from a revision on.
  static func content(_ keys: [(key: String, from: Int64)]) -> [UInt8] {
    keys.flatMap { key, revision in
      Array(#"{"create_request":"#.utf8) + EtcdRequest.key(key)
        + Array(#","start_revision":"\#(revision)"}}"#.utf8)
    }
  }
}
