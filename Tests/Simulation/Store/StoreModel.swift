import Agreement

/// An ordered store as ZooKeeper is at its worst: reads that are old, answers that don't come, writes that come to pass when nobody
/// waits for them any more, nothing at all without a majority.
struct StoreModel {
  private struct Past {
    var at: Int64
    var value: (bytes: [UInt8], version: StoreVersion)?
  }

  private var keys: [StoreKey: [Past]] = [:]
  private var counts: [StoreKey: UInt64] = [:]
  /// Whether there's a majority.
  var isUp = true

  /// The value of a key, as it was at a time.
  func read(_ key: StoreKey, asOf time: Int64) -> StoreReply {
    guard let past = keys[key]?.last(where: { $0.at <= time }), let value = past.value else { return .absent }
    return .value(value.bytes, value.version)
  }

  /// Does all of these writes, or none.
  mutating func write(_ writes: [StoreWrite], at time: Int64) -> StoreReply {
    for write in writes {
      let present = keys[write.key]?.last?.value
      switch write.expecting {
      case .nothing: guard present == nil else { return .refused }
      case .version(let version): guard present?.version == version else { return .refused }
      case .anything: guard present != nil else { return .refused }
      }
    }
    return .written(
      writes.map { write in
        // Versions count changes of one key, and begin anew when it's made again, as ZooKeeper's do.
        switch write.action {
        case .put(let bytes):
          let version = StoreVersion(bits: counts[write.key, default: 0])
          counts[write.key, default: 0] += 1
          note(write.key, Past(at: time, value: (bytes, version)))
          return version
        case .delete:
          counts[write.key] = nil
          note(write.key, Past(at: time, value: nil))
          return StoreVersion(bits: 0)
        }
      })
  }

  private mutating func note(_ key: StoreKey, _ past: Past) {
    keys[key, default: []].append(past)
    // What is older than any lag is of no use.
    if let count = keys[key]?.count, count > 400 { keys[key]?.removeFirst(200) }
  }
}
