import FoundationEssentials
package import Proxy

/// What has been counted, as one process tells it to the one that takes its place.
///
/// What isn't in it is as it was told before, and nothing was counted of what was never told.
package struct CountsHandover: Codable {
  /// By listener.
  package var listeners: [String: ListenerCounts] = [:]
  /// By pool.
  package var pools: [String: PoolCounts] = [:]
  /// By pool, then by what identifies the backend in it.
  package var backends: [String: [String: BackendCounts]] = [:]
  /// By pool: of backends that are gone.
  package var gone: [String: BackendCounts] = [:]
  /// By worker.
  package var workers: [WorkerCounts]?
  /// Whether backends that aren't in it are as they were told; if not, they have become some of those that are gone.
  package var isPartial: Bool?

  /// Nothing was counted.
  package init() {}
}

/// How distributions are written in what was counted.
package enum CountsForm: String {
  /// With every bucket: what all versions can read.
  case whole
  /// Without the buckets in which there is nothing.
  case short

  /// The value as JSON, its distributions in this form.
  package func encode(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    if self == .short, let key = Distribution.isShort { encoder.userInfo[key] = true }
    guard let data = try? encoder.encode(value) else {
      preconditionFailure("what is handed over can be written as JSON")
    }
    return Array(data)
  }
}
