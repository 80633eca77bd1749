import Config
import Control
import Sockets

/// Finds the pools and backends that people name.
struct BackendFinder {
  let controller: Controller

  /// A pool by its name.
  func pool(_ name: String) throws(AdminRefusal) -> PoolController {
    guard let pool = controller.pool(name) else {
      let known = controller.pools.map(\.name)
      throw AdminRefusal(
        404, "there is no pool \"\(name)\"", hint: "the pools are: \(known.prefix(20).joined(separator: ", "))")
    }
    return pool
  }

  /// A pool by its name, which needn't be said where there's no other.
  func pool(orOnly name: String?) throws(AdminRefusal) -> PoolController {
    if let name { return try pool(name) }
    guard controller.pools.count == 1 else {
      let known = controller.pools.map(\.name)
      throw AdminRefusal(
        400, "pool is missing, and there are \(known.count)",
        hint: "the pools are: \(known.prefix(20).joined(separator: ", "))")
    }
    return controller.pools[0]
  }

  /// A backend of a pool, by its name, its address, or the host name that it comes from.
  func members(_ backend: String, of pool: PoolController) throws(AdminRefusal) -> [Member] {
    let endpoint = Self.endpoint(backend)
    let named = pool.members.filter { $0.backend.name == backend || $0.address == endpoint }
    if !named.isEmpty { return named }
    let resolved = pool.members.filter { $0.configuration.name == backend || $0.endpoints.contains(endpoint) }
    guard resolved.isEmpty else { return resolved }
    let known = pool.members.map(\.backend.name)
    throw AdminRefusal(
      404, "pool \(pool.name) has no backend \"\(backend)\"",
      hint: "its backends are: \(known.prefix(20).joined(separator: ", "))")
  }

  /// A backend of a pool that is given by a name without an address.
  func unresolved(_ backend: String, of pool: PoolController) -> BackendConfiguration? {
    controller.unresolved(in: pool).map(\.configuration)
      .first { $0.name == backend || $0.endpoint.description == backend }
  }

  /// What in the configuration gives a backend.
  func origin(of backend: String, in pool: PoolController) throws(AdminRefusal) -> String {
    if let entry = unresolved(backend, of: pool) { return entry.endpoint.description }
    let members = try members(backend, of: pool)
    guard let first = members.first else { return backend }
    return first.origins.map(\.description).contains(backend) ? backend : first.configuration.endpoint.description
  }

  /// Everything that a lease on a backend may call it.
  func endpoints(of backend: String, in pool: PoolController) throws(AdminRefusal) -> [String] {
    if let entry = unresolved(backend, of: pool) { return [entry.endpoint.description] }
    return try members(backend, of: pool).flatMap(\.endpoints)
  }

  /// An address as it's written here, since it can be written in more than one way; what isn't one is as it is.
  private static func endpoint(_ text: String) -> String {
    (try? Endpoint(text: text))?.description ?? text
  }

  /// What a lease calls a backend: its address, or the host name where all of its addresses are meant.
  func endpoint(_ backend: String, of members: [Member]) -> String {
    guard let first = members.first else { return backend }
    let endpoint = Self.endpoint(backend)
    if first.address != endpoint, first.endpoints.contains(endpoint) { return endpoint }
    let isWhole = members.count > 1 || first.configuration.name == backend
    return isWhole ? first.configuration.endpoint.description : first.address
  }
}
