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
/// which one of the pool's listeners can be reached.
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
  ///   - hosts: the fleet's addresses.
  ///   - post: tells the fleet's thread.
  init(_ controller: Controller, hosts: [SocketAddress], on loop: EventLoop, post: @escaping (FleetCommand) -> Void) {
    self.controller = controller
    self.hosts = hosts
    self.post = post
    timer = Timer(on: loop) { [unowned self] in tell() }
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

  /// Takes what nodes before this one have known of an address's clients; its table is ready. Who has come by since then has
  /// what he got.
  func learn(_ entries: [StuckEntry], of index: Int) {
    let now = UInt32(truncatingIfNeeded: MonotonicClock.now() / 1_000_000_000)
    var pools: [UInt64: (table: StickTable, backends: [UInt64: Int])] = [:]
    for pool in controller.pools {
      guard let table = pool.stick.table else { continue }
      let ids = pool.members.map { (Self.mark(of: $0.address), $0.backend.id) }
      pools[Self.mark(of: pool.name)] = (table, Dictionary(ids) { first, _ in first })
    }
    var strangers: [StuckUpdate] = []
    for entry in entries {
      guard let pool = pools[entry.client.pool], let backend = pool.backends[entry.backend] else {
        // Nobody would ever take it away.
        strangers.append(StuckUpdate(entry.client, backend: nil))
        continue
      }
      pool.table.learn(
        StickKey(high: entry.client.high, low: entry.client.low), backend, seen: now - min(entry.idle, now))
    }
    if !strangers.isEmpty { post(.stuck(address: index, strangers)) }
    ready.insert(index)
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
      let marks = Dictionary(pool.members.map { ($0.backend.id, Self.mark(of: $0.address)) }) { first, _ in first }
      let mark = Self.mark(of: pool.name)
      let updates = changes.map { change in
        StuckUpdate(
          ClientKey(pool: mark, high: change.client.high, low: change.client.low),
          backend: change.backend.flatMap { marks[$0] }, idle: change.idle)
      }
      for index in owned.sorted() where isReached(pool.name, at: hosts[index]) {
        for start in stride(from: 0, to: updates.count, by: Self.most) {
          post(.stuck(address: index, Array(updates[start..<min(start + Self.most, updates.count)])))
        }
      }
    }
  }

  private func follow(_ tables: [String: StickTable]) {
    for (pool, table) in followed where tables[pool] !== table { table.follow(false) }
    for (pool, table) in tables where followed[pool] !== table { table.follow(true) }
    followed = tables
  }

  /// Whether clients of the pool can come by an address.
  private func isReached(_ pool: String, at host: SocketAddress) -> Bool {
    controller.configuration.listeners.contains { listener in
      listener.pool == pool && (listener.bind.isAny || listener.bind.with(port: 0) == host.with(port: 0))
    }
  }

  /// What a name comes to, the same on all nodes.
  private static func mark(of name: String) -> UInt64 { ClientHash.of(bytes: name.utf8) }
}
