import Agreement
import Balancing
import Config
import Control
import Fleet
import Libevent
import Proxy
import Sockets

/// Tells the fleet which backends the clients of this node's addresses have, and learns what nodes before it have known of them.
///
/// It belongs to the control loop's thread. A pool's clients are told of in the tables of all addresses that are this node's and at
/// which one of the pool's listeners can be reached; in a fleet without addresses all of them in this node's own table, and what
/// others tell of theirs is taken up as it comes.
final class StickFollower {
  private let controller: Controller
  private let hosts: [SocketAddress]
  private let post: (FleetCommand) -> Void
  private var owned: Set<Int> = []
  /// Those of them whose tables take what they are told.
  private var ready: Set<Int> = []
  /// The tables that are followed, by pool.
  private var followed: [String: StickTable] = [:]
  private var timer: Timer?

  /// How often what has changed is told.
  private static let interval = Duration.milliseconds(20)
  /// How many clients are told of at once.
  private static let most = 4_096

  /// - Parameters:
  ///   - hosts: the fleet's addresses, in the order of their tables.
  ///   - own: the table that is this node's whatever happens.
  ///   - post: tells the fleet's thread.
  init(
    _ controller: Controller, hosts: [SocketAddress], own: Int?, on loop: EventLoop,
    post: @escaping (FleetCommand) -> Void
  ) {
    self.controller = controller
    self.hosts = hosts
    self.post = post
    timer = Timer(on: loop) { [unowned self] in tell() }
    if let own { gained(own) }
  }

  /// An address is this node's from now on: what changes is noted, and told once its table is ready.
  func gained(_ index: Int) {
    owned.insert(index)
    tell()
  }

  /// It isn't any more.
  func lost(_ index: Int) {
    owned.remove(index)
    ready.remove(index)
    if owned.isEmpty { follow([:]) }
  }

  /// Takes what others have known of the clients of a table that is this node's, and is ready. Who has come by since then has
  /// what he got.
  func learn(_ entries: [StuckEntry], of index: Int) {
    let strangers = learn(entries.map { StuckUpdate($0.client, backend: $0.backend, idle: $0.idle) })
    // Nobody would ever take them away.
    if !strangers.isEmpty { post(.stuck(table: index, strangers.map { StuckUpdate($0, backend: nil) })) }
    tellRest(of: index, beside: entries)
    ready.insert(index)
  }

  /// Tells what this node knows otherwise than others do: who came after the process before this one had told the last of its
  /// clients, and before this one began to note them.
  private func tellRest(of index: Int, beside entries: [StuckEntry]) {
    guard hosts.indices.contains(index) else { return }
    let known = Dictionary(entries.map { ($0.client, $0.backend) }) { first, _ in first }
    let now = MonotonicClock.now()
    for pool in controller.pools where isReached(pool.name, by: index) {
      guard let table = pool.stick.table else { continue }
      let (mark, marks) = (Self.mark(of: pool.name), marks(of: pool))
      let updates = table.clients(atMost: .max, at: now).compactMap { entry -> StuckUpdate? in
        let client = ClientKey(pool: mark, high: entry.client.high, low: entry.client.low)
        guard let backend = marks[entry.backend], known[client] != backend else { return nil }
        let seconds = UInt32(truncatingIfNeeded: now / 1_000_000_000)
        return StuckUpdate(client, backend: backend, idle: seconds - min(entry.seen, seconds))
      }
      post(updates, to: index)
    }
  }

  /// Takes what is known elsewhere of clients, and gives those of pools or backends that there aren't here.
  @discardableResult
  func learn(_ updates: [StuckUpdate]) -> [ClientKey] {
    let now = UInt32(truncatingIfNeeded: MonotonicClock.now() / 1_000_000_000)
    var pools: [UInt64: (table: StickTable, backends: [UInt64: Int])] = [:]
    for pool in controller.pools {
      guard let table = pool.stick.table else { continue }
      let ids = pool.members.map { (Self.mark(of: $0.address), $0.backend.id) }
      pools[Self.mark(of: pool.name)] = (table, Dictionary(ids) { first, _ in first })
    }
    var strangers: [ClientKey] = []
    for entry in updates {
      // What has been taken away elsewhere may still be so here, and goes by itself.
      guard let mark = entry.backend else { continue }
      guard let pool = pools[entry.client.pool], let backend = pool.backends[mark] else {
        strangers.append(entry.client)
        continue
      }
      pool.table.learn(
        StickKey(high: entry.client.high, low: entry.client.low), backend, seen: now - min(entry.idle, now),
        from: .fleet)
    }
    return strangers
  }

  private func tell() {
    guard !owned.isEmpty else { return }
    let tables = controller.pools.compactMap { pool in pool.stick.table.map { (pool.name, $0) } }
    follow(Dictionary(tables) { first, _ in first })
    timer?.schedule(after: tables.isEmpty ? .seconds(1) : Self.interval)
    // What is told is told to all of them, once.
    guard ready.isSuperset(of: owned) else { return }
    let now = MonotonicClock.now()
    for pool in controller.pools {
      guard let table = followed[pool.name] else { continue }
      let changes = table.changes(at: now)
      guard !changes.isEmpty else { continue }
      let (mark, marks) = (Self.mark(of: pool.name), marks(of: pool))
      let updates = changes.map { change in
        StuckUpdate(
          ClientKey(pool: mark, high: change.client.high, low: change.client.low),
          backend: change.backend.flatMap { marks[$0] }, idle: change.idle)
      }
      for index in owned.sorted() where isReached(pool.name, by: index) { post(updates, to: index) }
    }
  }

  private func post(_ updates: [StuckUpdate], to index: Int) {
    for start in stride(from: 0, to: updates.count, by: Self.most) {
      post(.stuck(table: index, Array(updates[start..<min(start + Self.most, updates.count)])))
    }
  }

  /// What a pool's backends are known by on all nodes, by their ids.
  private func marks(of pool: PoolController) -> [Int: UInt64] {
    Dictionary(pool.members.map { ($0.backend.id, Self.mark(of: $0.address)) }) { first, _ in first }
  }

  private func follow(_ tables: [String: StickTable]) {
    for (pool, table) in followed where tables[pool] !== table { table.follow(false) }
    for (pool, table) in tables where followed[pool] !== table { table.follow(true) }
    followed = tables
  }

  /// Whether clients of the pool can come by what a table is for.
  private func isReached(_ pool: String, by table: Int) -> Bool {
    guard hosts.indices.contains(table) else { return hosts.isEmpty }
    let host = hosts[table]
    return controller.configuration.listeners.contains { listener in
      listener.pool == pool && (listener.bind.isAny || listener.bind.with(port: 0) == host.with(port: 0))
    }
  }

  /// What a name comes to, the same on all nodes.
  private static func mark(of name: String) -> UInt64 { ClientHash.of(bytes: name.utf8) }
}
