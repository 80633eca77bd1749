package import Sockets
import Balancing
import Synchronization

/// What the clients of a listener have taken of their limits, over all workers: a table of a fixed size, whoever comes.
///
/// A client has an entry in one of the two buckets that its address leads to, so that the table can be almost full before one of them is. What is
/// there already is found and changed without a lock. A new client takes an empty entry, or that of one that has no session: of those whose
/// entry was quiet the longest. Who has been quiet for as long as a burst takes to come back is as good as new, so that nothing is lost by
/// forgetting him. Where all entries have sessions, a new client isn't counted: it's let in.
package final class ClientTable: Sendable {
  private let buckets: [ClientBucket]
  /// Nobody who doesn't know it can choose addresses that lead to one bucket.
  private let seed: UInt64
  /// How many clients were let in without being counted.
  private let uncounted = Atomic<Int>(0)

  /// A table without clients.
  ///
  /// - Parameter size: how many it can know, at the least.
  package init(size: Int, seed: UInt64 = .random(in: 0 ... .max)) {
    let count = (size + ClientBucket.size - 1) / ClientBucket.size
    buckets = (0..<max(count, 1)).map { _ in ClientBucket() }
    self.seed = seed
  }

  /// Takes a place of a client's, and a connection of its rate.
  ///
  /// - Parameter waiting: how long it may have to wait for its rate, in nanoseconds.
  func take(_ key: ClientKey, by limits: ClientLimits, at now: UInt64, waiting: UInt64) -> Taken {
    let hash = SplitMix64.mix(key.high ^ SplitMix64.mix(key.low ^ seed))
    let mark = ClientBucket.mark(of: SplitMix64.mix(hash))
    let (first, second) = (bucket(hash), bucket(SplitMix64.mix(hash ^ mark)))
    let most = limits.sessions
    let found =
      first.find(mark, most: most) ?? second.find(mark, most: most)
      ?? first.claims.withLock { _ in
        first.find(mark, most: most) ?? second.find(mark, most: most)
          ?? ClientBucket.claim(mark, key, in: first, or: second)
      }
    switch found {
    case .place(let place):
      guard let wait = place.takeRate(by: limits, at: now, waiting: waiting) else {
        place.leave()
        return .tooOften
      }
      return .place(place, wait: wait)
    case .full: return .tooMany
    case .noRoom:
      uncounted.add(1, ordering: .relaxed)
      return .uncounted
    }
  }

  private func bucket(_ hash: UInt64) -> ClientBucket {
    buckets[Int(hash.multipliedFullWidth(by: UInt64(buckets.count)).high)]
  }

  /// What came of it.
  enum Taken {
    /// It may come in, after so many nanoseconds. The place is given back at the session's end.
    case place(ClientPlace, wait: UInt64)
    /// It has as many sessions as it may have.
    case tooMany
    /// It comes too often.
    case tooOften
    /// Nothing is known of it, as there's no room.
    case uncounted
  }

  /// The clients that were turned away most often, then those with the most sessions; and how many are known.
  package func loudest(_ count: Int) -> (clients: [LoudClient], known: Int) {
    var known = 0
    var loudest: [LoudClient] = []
    for bucket in buckets {
      bucket.forEach { client in
        known += 1
        guard loudest.count < count || loudest.last.map({ client.isLouder(than: $0) }) ?? true else { return }
        let place = loudest.firstIndex { client.isLouder(than: $0) } ?? loudest.endIndex
        loudest.insert(client, at: place)
        if loudest.count > count { loudest.removeLast() }
      }
    }
    return (loudest, known)
  }

  /// How many clients were let in without being counted, as there was no room for them.
  package var leftOut: Int { uncounted.load(ordering: .relaxed) }
}

/// What a client may have, and how often it may come.
package struct ClientLimits: Sendable {
  /// How many sessions at a time.
  package var sessions: Int
  /// The time from one connection to the next, in nanoseconds; 0 for any.
  package var interval: UInt64
  /// How many may come at once after a rest.
  package var burst: Int

  /// These limits.
  package init(sessions: Int = .max, interval: UInt64 = 0, burst: Int = 1) {
    self.sessions = sessions
    self.interval = interval
    self.burst = burst
  }
}

/// A client that takes much of its listener.
package struct LoudClient: Equatable, Sendable {
  /// Its address, of which only the bits count that clients are counted by.
  package let address: SocketAddress
  /// The sessions that it has.
  package let sessions: Int
  /// How often it was let in since it's known.
  package let letIn: Int
  /// How often it wasn't.
  package let turnedAway: Int

  func isLouder(than other: LoudClient) -> Bool {
    (turnedAway, sessions, letIn) > (other.turnedAway, other.sessions, other.letIn)
  }
}
