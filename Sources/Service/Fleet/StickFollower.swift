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
  /// What sessions wait for, by the batch in which it was told: all its tables have to be there.
  private var awaited: [(batch: UInt64, tables: Set<Int>, stick: StickTable, upTo: UInt64)] = []
  private var batches: UInt64 = 0
  private let calls = Mailbox<Void>()
  private var receiver: MailboxReceiver?

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
    receiver = calls.receive(on: loop) { [unowned self] in tell() }
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
    post(strangers.map { StuckUpdate($0, backend: nil) }, to: index)
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
      let (changes, upTo) = table.changes(at: now)
      guard !changes.isEmpty else { continue }
      let (mark, marks) = (Self.mark(of: pool.name), marks(of: pool))
      let updates = changes.map { change in
        StuckUpdate(
          ClientKey(pool: mark, high: change.client.high, low: change.client.low),
          backend: change.backend.flatMap { marks[$0] }, idle: change.idle)
      }
      let indexes = owned.sorted().filter { isReached(pool.name, by: $0) }
      var batch: UInt64?
      if pool.configuration.stick?.replication == .ackOne, !indexes.isEmpty {
        batches += 1
        batch = batches
        // Who has waited for longer than this many turns waits no more.
        if awaited.count >= Self.mostAwaited { awaited.removeFirst() }
        awaited.append((batches, Set(indexes), table, upTo))
      }
      for index in indexes { post(updates, to: index, batch: batch) }
    }
  }

  /// Another node has what was told of a table up to a batch.
  func replicated(_ batch: UInt64, of index: Int) {
    for place in awaited.indices where awaited[place].batch <= batch { awaited[place].tables.remove(index) }
    let there = awaited.filter(\.tables.isEmpty)
    guard !there.isEmpty else { return }
    awaited.removeAll(where: \.tables.isEmpty)
    for done in there { done.stick.acknowledge(upTo: done.upTo) }
    controller.workforce.post(.acknowledged)
  }

  private static let mostAwaited = 1_024

  /// - Parameter batch: if somebody waits for it, told once another node has the last of it.
  private func post(_ updates: [StuckUpdate], to index: Int, batch: UInt64? = nil) {
    for start in stride(from: 0, to: updates.count, by: Self.most) {
      let end = min(start + Self.most, updates.count)
      post(.stuck(table: index, Array(updates[start..<end]), batch: end == updates.count ? batch : nil))
    }
  }

  /// What a pool's backends are known by on all nodes, by their ids.
  private func marks(of pool: PoolController) -> [Int: UInt64] {
    Dictionary(pool.members.map { ($0.backend.id, Self.mark(of: $0.address)) }) { first, _ in first }
  }

  private func follow(_ tables: [String: StickTable]) {
    for (pool, table) in followed where tables[pool] !== table { table.unfollow() }
    for (pool, table) in tables where followed[pool] !== table {
      table.follow { [calls] in calls.post(()) }
    }
    followed = tables
  }

  /// Whether clients of the pool can come by what a table is for.
  private func isReached(_ pool: String, by table: Int) -> Bool {
    guard hosts.indices.contains(table) else { return hosts.isEmpty }
    let host = hosts[table]
    return controller.configuration.listeners.contains { listener in
      listener.pools.contains(pool)
        && (listener.bind.first.isAny || listener.bind.first.with(port: 0) == host.with(port: 0))
    }
  }

  /// What a name comes to, the same on all nodes.
  private static func mark(of name: String) -> UInt64 { ClientHash.of(bytes: name.utf8) }
}
