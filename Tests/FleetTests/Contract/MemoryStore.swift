import Agreement
import Libevent

@testable import Fleet

/// A store in memory, as a fleet needs one and no more: what every kind of store is held against.
final class MemoryStore: Store {
  var onHint: ((StoreKey) -> Void)?
  var onState: ((StoreState) -> Void)?
  let state = StoreState.reached(.unix(path: "memory"), since: .now, trouble: nil)

  /// What is kept, by whichever store it's asked: several stores on one value are several clients.
  final class Contents {
    fileprivate var values: [StoreKey: (bytes: [UInt8], version: StoreVersion)] = [:]
    fileprivate var lastVersion: UInt64 = 0
    fileprivate var stores: [() -> MemoryStore?] = []
  }

  private let contents: Contents
  private var watched: Set<StoreKey> = []
  private var due: [() -> Void] = []
  private var turn: Timer?

  init(_ contents: Contents, on loop: EventLoop) {
    self.contents = contents
    turn = Timer(on: loop) { [unowned self] in
      let calls = due
      due = []
      for call in calls { call() }
    }
    contents.stores.append { [weak self] in self }
  }

  func perform(_ request: StoreRequest, then: @escaping (StoreReply) -> Void) {
    let reply = reply(to: request)
    later { then(reply) }
  }

  func watch(_ keys: Set<StoreKey>) {
    watched = keys
  }

  private func later(_ call: @escaping () -> Void) {
    due.append(call)
    turn?.schedule(after: .zero)
  }

  private func reply(to request: StoreRequest) -> StoreReply {
    switch request {
    case .read(let key, _):
      guard let value = contents.values[key] else { return .absent }
      return .value(value.bytes, value.version)
    case .write(let writes):
      let bytes = writes.reduce(0) { $0 + $1.size }
      guard !writes.isEmpty, writes.count <= 4, bytes <= 900_000 else { return .refused }
      // Each part sees what those before it have done, and none of it stays if one can't be done.
      let before = contents.values
      var versions: [StoreVersion] = []
      for write in writes {
        guard let version = done(write) else {
          contents.values = before
          return .refused
        }
        versions.append(version)
      }
      for write in writes { tell(write.key) }
      return .written(versions)
    }
  }

  private func done(_ write: StoreWrite) -> StoreVersion? {
    switch (write.expecting, contents.values[write.key], write.action) {
    case (.nothing, nil, .put(let bytes)): return put(write.key, bytes)
    case (.version(let version), let value?, .put(let bytes)) where value.version == version:
      return put(write.key, bytes)
    case (.anything, _?, .delete):
      contents.values[write.key] = nil
      return StoreVersion(bits: 0)
    case (.version(let version), let value?, .delete) where value.version == version:
      contents.values[write.key] = nil
      return StoreVersion(bits: 0)
    default: return nil
    }
  }

  private func put(_ key: StoreKey, _ bytes: [UInt8]) -> StoreVersion {
    contents.lastVersion += 1
    let version = StoreVersion(bits: contents.lastVersion)
    contents.values[key] = (bytes, version)
    return version
  }

  private func tell(_ key: StoreKey) {
    for case let store? in contents.stores.map({ $0() }) where store.watched.contains(key) {
      store.later { [unowned store] in store.onHint?(key) }
    }
  }
}

extension StoreWrite {
  fileprivate var size: Int {
    if case .put(let bytes) = action { bytes.count } else { 0 }
  }
}
