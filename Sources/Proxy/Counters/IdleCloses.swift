import Balancing
package import Sockets
import Synchronization

/// The clients whose idle sessions were closed within the last seconds, shared by all workers without a lock.
///
/// A client that is back at once would rather have kept its session: the pool's idle time is shorter than its pauses, and
/// whatever it sent into the closed session was lost. The table is a sketch: clients that fall on the same place push each
/// other out, and a count may be missed, never invented (but for one in 2^32 strangers).
package final class IdleCloses: Sendable {
  /// Who is back within so many nanoseconds regrets it.
  package static let window: UInt64 = 5_000_000_000

  /// Each entry has half of a hash of client and pool, and when it was, in steps of 2^24 ns.
  private let entries = InlineArray<4096, Atomic<UInt64>> { _ in Atomic(0) }
  /// When the latest was closed.
  private let latest = Atomic<UInt64>(0)

  /// Nobody.
  package init() {}

  /// Whether there is anybody to look for; all that a new session costs while there isn't.
  @inline(__always)
  package func areRecent(at now: UInt64) -> Bool {
    now &- latest.load(ordering: .relaxed) <= Self.window
  }

  /// A client's idle session was closed.
  package func note(_ client: SocketAddress, of pool: PoolStatus, at now: UInt64) {
    guard let hash = Self.hash(client, pool) else { return }
    entries[Self.place(of: hash)].store(hash & Self.hashPart | Self.step(now), ordering: .relaxed)
    latest.store(now, ordering: .relaxed)
  }

  /// Whether a client is back so soon. It's said once for each session that was closed.
  package func isRegretted(by client: SocketAddress, of pool: PoolStatus, at now: UInt64) -> Bool {
    guard let hash = Self.hash(client, pool) else { return false }
    let place = Self.place(of: hash)
    let entry = entries[place].load(ordering: .relaxed)
    guard entry & Self.hashPart == hash & Self.hashPart else { return false }
    let steps = UInt32(truncatingIfNeeded: Self.step(now)) &- UInt32(truncatingIfNeeded: entry)
    guard steps <= Self.window >> Self.stepBits else { return false }
    return entries[place].compareExchange(expected: entry, desired: 0, ordering: .relaxed).exchanged
  }

  /// Counts a new session whose client is back so soon.
  func check(_ session: Session) {
    let pool = session.policy.pool
    if isRegretted(by: session.clientAddress, of: pool, at: session.accepted) {
      pool.counters[session.worker.index].idleRegrets.add()
    }
  }

  private static let hashPart: UInt64 = 0xFFFF_FFFF_0000_0000
  private static let stepBits: UInt64 = 24

  private static func step(_ now: UInt64) -> UInt64 {
    (now >> stepBits) & ~hashPart
  }

  private static func place(of hash: UInt64) -> Int {
    Int(hash & 4095)
  }

  /// nil for a client behind a Unix socket: nobody can tell who that is.
  private static func hash(_ client: SocketAddress, _ pool: PoolStatus) -> UInt64? {
    client.hostHash.map { SplitMix64.mix($0 ^ UInt64(UInt(bitPattern: ObjectIdentifier(pool)))) }
  }
}
