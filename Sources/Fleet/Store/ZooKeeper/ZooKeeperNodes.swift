import Agreement
import Stores

/// How keys and requests of a store are nodes and requests of ZooKeeper: values in, values out.
///
/// A version is the version of the node's data, which begins at 0 with every node that is made: that of a key that was
/// deleted and made again would look like the old one's. It does no harm, as only what is written once is ever deleted, and
/// its name (an entry's, or a position in the log) is never used again; what is compared and set (the head, owners) is there for ever.
struct ZooKeeperNodes {
  /// The node below which all are; empty for ZooKeeper's own root.
  let root: String

  init(root: String) {
    self.root = String(root.reversed().drop { $0 == "/" }.reversed())
  }

  /// The nodes below which keys are, with all above them: from the top, and the two that are needed last.
  var folders: [String] {
    var all: [String] = []
    var path = ""
    for name in root.split(separator: "/") {
      path += "/\(name)"
      all.append(path)
    }
    return all + ["\(root)/log", "\(root)/owners"]
  }

  /// Where a key is.
  func path(_ key: StoreKey) -> String {
    root + key.path
  }

  /// What is asked for a request, in this order; the answer to the last one is what counts. Nil if ZooKeeper can't be asked
  /// that.
  ///
  /// A read behind a sync is as new as ZooKeeper makes it, which is a little less than all that was done before: a server answers
  /// it before it has applied what others have answered already (seen with 3.8 on a busy machine, in one read of a thousand), or
  /// while it doesn't know yet that it leads no more (ZOOKEEPER-1675). Only a write in front of each read would be a barrier, at
  /// the price of a log entry on each server. So whoever decides by what he has read decides by a compare-and-set on its
  /// version, which is exact.
  func requests(for request: StoreRequest) -> [ZooKeeperRequest]? {
    switch request {
    case .read(let key, .any): return [.get(path(key))]
    case .read(let key, .linearizable): return [.sync(path(key)), .get(path(key))]
    case .write(let writes):
      let bytes = writes.reduce(0) { $0 + $1.action.size }
      guard !writes.isEmpty, writes.count <= Self.mostWrites, bytes <= Self.mostBytes else { return nil }
      let parts = writes.compactMap(write)
      guard parts.count == writes.count else { return nil }
      return parts.count == 1 ? [.write(parts[0])] : [.multi(parts)]
    }
  }

  /// The most parts of a write, and the most bytes: a server takes a little less than 1 MiB, and closes the connection of
  /// whoever sends more.
  private static let mostWrites = 4
  private static let mostBytes = 900_000

  private func write(_ write: StoreWrite) -> ZooKeeperWrite? {
    switch (write.expecting, write.action) {
    case (.nothing, .put(let bytes)): .create(path(write.key), bytes)
    case (.nothing, .delete), (.anything, .put): nil
    case (.anything, .delete): .delete(path(write.key), version: ZooKeeperWrite.anyVersion)
    case (.version(let version), .put(let bytes)):
      version.number.map { .set(path(write.key), bytes, version: $0) }
    case (.version(let version), .delete): version.number.map { .delete(path(write.key), version: $0) }
    }
  }

  /// What the last answer to a request means.
  static func reply(_ reply: ZooKeeperReply, to request: StoreRequest) -> StoreReply {
    if case .read = request, reply == .failed(.noNode) { return .absent }
    return self.reply(reply)
  }

  /// What an answer means, to whichever request.
  static func reply(_ reply: ZooKeeperReply) -> StoreReply {
    switch reply {
    case .data(let bytes, let stat): .value(bytes, StoreVersion(number: stat.version))
    case .written(let versions): .written(versions.map(StoreVersion.init(number:)))
    case .failed(.noNode), .failed(.nodeExists), .failed(.badVersion), .failed(.notEmpty), .failed(.partOfFailure):
      .refused
    // Whatever else a server says, it's about itself, and says nothing of what will come of it.
    case .failed, .done, .exists, .children: .unknown
    }
  }
}

extension StoreVersion {
  init(number: Int32) {
    self.init(bits: UInt64(UInt32(bitPattern: number)))
  }

  /// ZooKeeper's number; nil if it's none of a node, such as the one that stands for any.
  var number: Int32? {
    Int32(exactly: bits)
  }
}

extension ZooKeeperRequest {
  /// Whether it makes a node, which needs the one above.
  var makesNode: Bool {
    switch self {
    case .write(.create): true
    case .multi(let writes): writes.contains { if case .create = $0 { true } else { false } }
    default: false
    }
  }
}
