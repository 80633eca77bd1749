/// What a server says to a request.
package enum ZooKeeperReply: Equatable {
  /// It's so: a sync, a ping, or a password that is right.
  case done
  /// A node's data, and what else is told of it.
  case data([UInt8], ZooKeeperStat)
  /// There's such a node.
  case exists(ZooKeeperStat)
  /// The names of the nodes below one, in no order.
  case children([String])
  /// All of it was written; which version each node has now, 0 for one that is gone.
  case written([Int32])
  /// It wasn't done.
  case failed(ZooKeeperError)
}

/// What is told of a node beside its data (ZooKeeper's Stat): the parts that somebody goes by.
package struct ZooKeeperStat: Equatable, Sendable {
  /// The transaction by which it was made: with another one it's another node, of the same path.
  package let made: Int64
  /// Its data's version.
  package let version: Int32
  /// How many nodes are right below it.
  package let children: Int32
}

/// What comes from a server in a session, without its length.
enum ZooKeeperMessage: Equatable {
  /// A node that was watched has changed, been made or been deleted, or one below it has been made or deleted.
  case changed(String)
  /// The answer to the request of this number, with its error and what is left to read.
  case answer(xid: Int32, ZooKeeperError?, JuteReader)

  /// Reads one.
  init(_ bytes: [UInt8]) throws(JuteError) {
    var reader = JuteReader(bytes)
    let xid = try reader.int()
    // What the server has done so far: every session is a new one, so nothing is to be caught up with.
    _ = try reader.long()
    let error = try reader.int()
    guard xid == ZooKeeperXid.event else {
      self = .answer(xid: xid, ZooKeeperError(code: error), reader)
      return
    }
    let kind = try reader.int()
    _ = try reader.int()
    let path = try reader.string()
    try reader.end()
    // NodeCreated, NodeDeleted, NodeDataChanged, NodeChildrenChanged: what is watched for.
    guard (1...4).contains(kind) else { throw .unexpected(kind) }
    self = .changed(path)
  }
}

/// A session that a server has opened.
struct ZooKeeperSession: Equatable {
  /// After how many milliseconds of silence the server forgets it.
  let timeout: Int32

  /// Reads the answer to what opens a session; nil if the server doesn't open one.
  init?(_ bytes: [UInt8]) throws(JuteError) {
    var reader = JuteReader(bytes)
    _ = try reader.int()
    let timeout = try reader.int()
    let id = try reader.long()
    _ = try reader.buffer()
    // What follows tells whether the server is cut off from the others, which only who asks for it ever gets.
    guard id != 0, timeout > 0 else { return nil }
    self.timeout = timeout
  }
}

// MARK: - Bytes

extension ZooKeeperRequest {
  /// Reads the answer to this request.
  func reply(_ error: ZooKeeperError?, _ rest: JuteReader) throws(JuteError) -> ZooKeeperReply {
    var reader = rest
    if let error {
      // What a server may send behind an error means nothing, but for a multi: there it says which part failed.
      guard case .multi(let writes) = self, reader.left > 0 else { return .failed(error) }
      return try Self.results(of: writes, &reader)
    }
    let reply = try self.reply(&reader)
    try reader.end()
    return reply
  }

  private func reply(_ reader: inout JuteReader) throws(JuteError) -> ZooKeeperReply {
    switch self {
    case .ping, .authenticate: return .done
    case .sync:
      _ = try reader.string()
      return .done
    case .get: return .data(try reader.buffer(), try reader.stat())
    case .watch, .exists: return .exists(try reader.stat())
    case .children:
      let names = try reader.strings()
      _ = try reader.stat()
      return .children(names)
    case .write(let write): return .written([try write.version(&reader)])
    case .multi(let writes): return try Self.results(of: writes, &reader)
    }
  }

  /// Reads what came of a multi: a version for each part, or an error for each.
  private static func results(
    of writes: [ZooKeeperWrite], _ reader: inout JuteReader
  ) throws(JuteError) -> ZooKeeperReply {
    var versions: [Int32] = []
    var cause: ZooKeeperError?
    for write in writes {
      let kind = try reader.partKind()
      switch kind {
      case write.code: versions.append(try write.version(&reader))
      case -1:
        // Those before the one that failed say 0.
        if let error = ZooKeeperError(code: try reader.int()), error != .partOfFailure { cause = cause ?? error }
      default: throw .unexpected(kind ?? -1)
      }
    }
    if let more = try reader.partKind() { throw .unexpected(more) }
    try reader.end()
    return versions.count == writes.count ? .written(versions) : .failed(cause ?? .partOfFailure)
  }
}

extension ZooKeeperWrite {
  fileprivate func version(_ reader: inout JuteReader) throws(JuteError) -> Int32 {
    switch self {
    case .create:
      _ = try reader.string()
      return 0
    case .set: return try reader.stat().version
    case .delete: return 0
    }
  }
}

extension JuteReader {
  /// What a part of a multi is; nil for the end, which is told apart from an error by a mark alone.
  fileprivate mutating func partKind() throws(JuteError) -> Int32? {
    let kind = try int()
    let isEnd = try bool()
    _ = try int()
    return isEnd ? nil : kind
  }

  /// What is told of a node. Between what is taken are a transaction and two times, then the versions of its children and permissions,
  /// an owner and its data's length; at the end is a transaction.
  fileprivate mutating func stat() throws(JuteError) -> ZooKeeperStat {
    let made = try long()
    try skip(3 * 8)
    let version = try int()
    try skip(4 + 4 + 8 + 4)
    let children = try int()
    try skip(8)
    return ZooKeeperStat(made: made, version: version, children: children)
  }
}
