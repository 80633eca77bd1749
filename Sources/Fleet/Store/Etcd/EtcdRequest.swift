import Stores

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
  /// Which version of etcd it is: what every server answers, whatever else it has.
  case version

  /// The method of HTTP.
  var method: String {
    if case .version = self { "GET" } else { "POST" }
  }

  /// Where it's asked.
  var path: String {
    switch self {
    case .authenticate: "/v3/auth/authenticate"
    case .probe, .read: "/v3/kv/range"
    case .write: "/v3/kv/txn"
    case .version: "/version"
    }
  }

  /// What is sent there.
  var content: [UInt8] {
    switch self {
    case .authenticate(let user):
      Self.json(#"{"name":""#, Self.escaped(user.name), #"","password":""#, Self.escaped(user.password), #""}"#)
    case .probe(let key): Self.json("{", Self.key(key), #","keys_only":true}"#)
    case .read(let key, let isLinearizable):
      Self.json("{", Self.key(key), isLinearizable ? "}" : #","serializable":true}"#)
    case .write(let writes):
      Self.json(
        #"{"compare":["#, Self.list(writes.map(\.comparison)), #"],"success":["#, Self.list(writes.map(\.operation)),
        "]}")
    case .version: []
    }
  }

  /// A piece of JSON, of such pieces.
  fileprivate static func json(_ pieces: any EtcdPiece...) -> [UInt8] {
    pieces.reduce(into: []) { $0 += $1.utf8Bytes }
  }

  private static func list(_ elements: [[UInt8]]) -> [UInt8] {
    Array(elements.joined(separator: [UInt8(ascii: ",")]))
  }

  /// A key, as the member of an object.
  fileprivate static func key(_ key: String) -> [UInt8] {
    json(#""key":""#, Base64.text(key.utf8), #"""#)
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
    return EtcdRequest.json("{", EtcdRequest.key(key), condition)
  }

  fileprivate var operation: [UInt8] {
    let key = EtcdRequest.key(key)
    guard let value else { return EtcdRequest.json(#"{"request_delete_range":{"#, key, "}}") }
    return EtcdRequest.json(#"{"request_put":{"#, key, #","value":""#, Base64.text(value), #""}}"#)
  }
}

/// What JSON is put together of: text, and bytes that are text.
private protocol EtcdPiece {
  var utf8Bytes: [UInt8] { get }
}

extension String: EtcdPiece {
  fileprivate var utf8Bytes: [UInt8] { Array(utf8) }
}

extension [UInt8]: EtcdPiece {
  fileprivate var utf8Bytes: [UInt8] { self }
}

/// What tells of changes, on a connection of its own.
enum EtcdWatchRequest {
  /// Where it's asked.
  static let path = "/v3/watch"

  /// What is sent there: to be told of each key's changes from a revision on, of many in several lines.
  static func content(_ keys: [(key: String, from: Int64)]) -> [UInt8] {
    keys.flatMap { key, revision in
      EtcdRequest.json(
        #"{"create_request":{"#, EtcdRequest.key(key), #","start_revision":"\#(revision)","fragment":true}}"#)
    }
  }
}
