import Agreement

/// How keys and requests of a store are those of etcd: values in, values out.
///
/// A version is the revision of the store by which a key was changed last: no two changes of a key have the same, whatever
/// was deleted in between.
struct EtcdKeys {
  /// What all keys begin with.
  let root: String

  init(root: String) {
    self.root = String(root.reversed().drop { $0 == "/" }.reversed())
  }

  /// What a key is called.
  func path(_ key: StoreKey) -> String {
    root + key.path
  }

  /// What is asked for a request. Nil if it's refused whatever there is, or more than a store takes.
  func request(for request: StoreRequest) -> EtcdRequest? {
    switch request {
    case .read(let key, let freshness): return .read(path(key), isLinearizable: freshness == .linearizable)
    case .write(let writes):
      let bytes = writes.reduce(0) { $0 + $1.action.size }
      guard !writes.isEmpty, writes.count <= Self.mostWrites, bytes <= Self.mostBytes else { return nil }
      return folded(writes).map { .write($0) }
    }
  }

  /// The most parts of a write, and the most bytes: a server takes 1.5 MiB (`max-request-bytes`).
  private static let mostWrites = 4
  private static let mostBytes = 900_000

  /// One part for each key, as etcd takes no two: what comes behind another part is looked at here, as it's about what that one
  /// leaves.
  private func folded(_ writes: [StoreWrite]) -> [EtcdWrite]? {
    var parts: [EtcdWrite] = []
    for write in writes {
      let key = path(write.key)
      let value: [UInt8]? = if case .put(let bytes) = write.action { bytes } else { nil }
      let expecting: EtcdWrite.Expectation
      switch (write.expecting, value) {
      case (.nothing, .some): expecting = .nothing
      case (.anything, nil): expecting = .something
      case (.version(let version), _):
        guard let revision = version.revision else { return nil }
        expecting = .revision(revision)
      case (.nothing, nil), (.anything, .some): return nil
      }
      guard let index = parts.firstIndex(where: { $0.key == key }) else {
        parts.append(EtcdWrite(key: key, expecting: expecting, value: value))
        continue
      }
      switch (expecting, parts[index].value) {
      case (.nothing, nil), (.something, .some): parts[index].value = value
      // Nobody knows the version that this write will give it.
      default: return nil
      }
    }
    return parts
  }

  /// What an answer to a request means.
  static func reply(_ answer: EtcdAnswer, to request: StoreRequest) -> StoreReply {
    switch (answer, request) {
    case (.value(let bytes, let revision), .read): .value(bytes, StoreVersion(revision: revision))
    case (.absent, .read): .absent
    case (.refused, .write): .refused
    case (.written(let revision), .write(let writes)):
      .written(
        writes.map { write in
          if case .put = write.action { StoreVersion(revision: revision) } else { StoreVersion(bits: 0) }
        })
    // Whatever else a server says, it's about itself, and says nothing of what will come of it.
    default: .unknown
    }
  }
}

extension StoreVersion {
  init(revision: Int64) {
    self.init(bits: UInt64(bitPattern: revision))
  }

  /// etcd's number; nil if it's none of a change.
  var revision: Int64? {
    Int64(exactly: bits).flatMap { $0 > 0 ? $0 : nil }
  }
}
