import Config
package import Proxy
import Sockets

/// Which clients a pool sends back to the backend they had, as far as the control plane has to do with it.
package struct PoolStick {
  /// The table; nil where the pool keeps none.
  package private(set) var table: StickTable?

  /// Goes by a configuration. The table stays as long as there's to be one.
  mutating func use(_ configuration: StickConfiguration?) {
    guard let configuration else { return table = nil }
    let lifetime = UInt32(configuration.lifetime.components.seconds)
    if let table {
      table.use(limit: configuration.size, lifetime: lifetime)
    } else {
      table = StickTable(limit: configuration.size, lifetime: lifetime)
    }
    table?.use(configuration.replication == .ackOne ? .ackOne : .async)
  }

  /// Some backends have gone, and their clients have none.
  func keep(_ members: [Member]) {
    guard let table else { return }
    let ids = Set(members.map(\.backend.id))
    table.keep { ids.contains($0) }
  }

  /// What another process is to know.
  ///
  /// - Parameters:
  ///   - limit: how many clients at most, the latest seen of them.
  ///   - mark: only those of whom something has come since, without what was counted; nil for all with that.
  func part(_ pool: String, _ members: [Member], atMost limit: Int, after mark: StickMark?) -> StickPart? {
    guard let table else { return nil }
    let addresses = Dictionary(members.map { ($0.backend.id, $0.address) }) { first, _ in first }
    let now = MonotonicClock.now()
    return StickPart(
      pool, table.clients(atMost: limit, after: mark, at: now),
      counts: mark == nil ? table.figures(at: now).counts : nil
    ) { addresses[$0] }
  }

  /// Takes up what another process knows.
  func learn(_ part: StickPart, _ members: [Member]) {
    guard let table else { return }
    if let counts = part.counts { table.inherit(counts) }
    let ids = Dictionary(members.map { ($0.address, $0.backend.id) }) { first, _ in first }
    for entry in part.entries(id: { ids[$0] }) {
      table.learn(entry.client, entry.backend, seen: entry.seen, from: .process)
    }
  }
}

extension Controller {
  /// What another process is to know of the clients of all pools.
  ///
  /// - Parameter marks: only those of whom something has come since, by pool, without what was counted; with nil all of them with that.
  package func stuck(after marks: [String: StickMark]? = nil) -> [StickPart] {
    var left = StickPart.mostClients
    return pools.compactMap { pool in
      if let marks, marks[pool.name] == nil { return nil }
      let part = pool.stick.part(pool.name, pool.members, atMost: left, after: marks?[pool.name])
      left -= part?.count ?? 0
      return part.flatMap { marks == nil || $0.count > 0 ? $0 : nil }
    }
  }

  /// How far visits have come in the pools that remember clients.
  package var stickMarks: [String: StickMark] {
    let marks = pools.compactMap { pool in pool.stick.table.map { (pool.name, $0.mark) } }
    return Dictionary(marks) { first, _ in first }
  }

  /// Takes up what another process knows of a pool's clients.
  package func learn(_ part: StickPart) {
    guard let pool = pool(part.pool) else { return }
    pool.stick.learn(part, pool.members)
  }
}
