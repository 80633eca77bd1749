/// What a server says to a request.
enum EtcdAnswer: Equatable {
  /// What to show from now on.
  case token(String)
  /// It's there.
  case alive
  /// A key's value, and by which revision of the store it was changed last.
  case value([UInt8], revision: Int64)
  /// There's no such key.
  case absent
  /// All of it was written, as this revision of the store.
  case written(revision: Int64)
  /// None of it was written: something wasn't as expected.
  case refused
  /// Which version of etcd it is.
  case version(EtcdVersion)
  /// It wasn't done, as far as the server knows.
  case failed(EtcdError)
}

/// What a server says instead of doing what was asked.
struct EtcdError: Error, Equatable, CustomStringConvertible {
  /// The status of HTTP.
  let status: Int
  /// The number of gRPC; nil if there's none.
  let code: Int64?
  /// What it says, for people.
  let message: String

  /// Reads what stands in the answer.
  init(status: Int, content: [UInt8]) {
    self.status = status
    let json = try? EtcdJSON(content)
    code = json?["code"]?.number
    let words = (json?["message"] ?? json?["error"])?.words ?? String(decoding: content.prefix(200), as: UTF8.self)
    let prefix = "etcdserver: "
    let bare = words.hasPrefix(prefix) ? String(words.dropFirst(prefix.count)) : words
    message = String(bare.prefix(200).filter { $0 >= " " && $0 != "\u{7F}" })
  }

  /// Whether it would be another matter with a token that is new: it's forgotten there, or older than what users may do.
  var isAboutToken: Bool { code == 16 || message.contains("revision of auth store is old") }

  /// A clause about the server.
  var description: String {
    switch (status, code) {
    case (404, _): "has no JSON gateway: is it the clients' port of etcd?"
    case (_, 7): "gives no permission: grant its role readwrite on all that begins with \"root\""
    case (_, 9) where message.contains("authentication is not enabled"):
      "knows no users: enable its authentication, or take \"auth\" away"
    case (_, 3) where message.contains("authentication failed"):
      "knows no such user and password: see to the file that \"auth\" names"
    case (_, 3) where message.contains("request is too large"), (_, 8) where message.contains("larger than max"):
      "takes no request as large as one that is needed: let its max-request-bytes be 1572864, as it is by itself"
    case (_, 8) where message.contains("database space exceeded"):
      "takes no more writes, as its quota is used up: compact it, defragment it and disarm its alarm by etcdctl"
    case (_, 3) where message.contains("user name is empty"): "wants a user: name one by \"auth\""
    case _ where message.contains("CommonName of client"):
      "takes no certificate with a common name where it has users: show one without, or none"
    default: message.isEmpty ? "answers with HTTP \(status)" : "answers: \(message)"
    }
  }
}

extension EtcdRequest {
  /// Reads the answer to this request, and which revision the store had then, if it says so.
  func answer(_ status: Int, _ content: [UInt8]) throws(EtcdJSON.Fault) -> (answer: EtcdAnswer, revision: Int64?) {
    guard status == 200 else { return (.failed(EtcdError(status: status, content: content)), nil) }
    let json = try EtcdJSON(content)
    // All that the gateway says has one.
    guard let header = json["header"] ?? (self == .version ? .null : nil) else { throw EtcdJSON.Fault() }
    let revision = header["revision"]?.number
    // What comes after it is counted on.
    guard revision.map({ 0..<Int64.max ~= $0 }) ?? true else { throw EtcdJSON.Fault() }
    return (try answer(json, header), revision)
  }

  private func answer(_ json: EtcdJSON, _ header: EtcdJSON) throws(EtcdJSON.Fault) -> EtcdAnswer {
    switch self {
    case .authenticate:
      // It becomes part of a header.
      guard let token = json["token"]?.words, !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
      else { throw EtcdJSON.Fault() }
      return .token(token)
    case .probe: return .alive
    case .version:
      guard let version = json["etcdserver"]?.words.flatMap(EtcdVersion.init) else { throw EtcdJSON.Fault() }
      return .version(version)
    case .read(let key, _):
      guard let found = json["kvs"]?.elements?.first else { return .absent }
      // What is empty isn't sent.
      guard let name = found["key"]?.bytes, name.elementsEqual(key.utf8),
        let value = (found["value"] ?? .text([])).bytes,
        let revision = found["mod_revision"]?.number, revision > 0
      else { throw EtcdJSON.Fault() }
      return .value(value, revision: revision)
    case .write:
      guard json["succeeded"] == .bool(true) else { return .refused }
      guard let revision = header["revision"]?.number, revision > 0 else { throw EtcdJSON.Fault() }
      return .written(revision: revision)
    }
  }
}

/// What is told of keys that are watched: one line.
enum EtcdNews: Equatable {
  /// These were changed, each by the last of these revisions.
  case changed([String: Int64])
  /// Nothing that matters: a key is watched from now on.
  case begun
  /// Nothing more is told of a key. What it was before this revision isn't known any more, if there's one.
  case over(compacted: Int64?)

  /// Reads one.
  init(_ line: [UInt8]) throws(EtcdJSON.Fault) {
    let json = try EtcdJSON(line)
    guard let result = json["result"] else {
      guard json["error"] != nil else { throw EtcdJSON.Fault() }
      self = .over(compacted: nil)
      return
    }
    if result["canceled"] == .bool(true) {
      self = .over(compacted: result["compact_revision"]?.number)
      return
    }
    guard let events = result["events"]?.elements else {
      self = .begun
      return
    }
    var keys: [String: Int64] = [:]
    for event in events {
      guard let name = event["kv"]?["key"]?.bytes, let revision = event["kv"]?["mod_revision"]?.number, revision > 0,
        revision < .max
      else { throw EtcdJSON.Fault() }
      let key = String(decoding: name, as: UTF8.self)
      keys[key] = max(keys[key] ?? 0, revision)
    }
    self = .changed(keys)
  }
}
