import Balancing
import Sockets
import Synchronization

/// A few entries of clients whose addresses lead here.
final class ClientBucket: Sendable {
  static var size: Int { 8 }
  /// The bits of an owner that are its sessions; the others are those of a hash.
  private static var sessionsMask: UInt64 { 0xFF_FFFF }
  /// The owner of an entry that is being made somebody's: no client has this mark, and who has a session isn't forgotten.
  private static var nobodyYet: UInt64 { 1 }

  /// What an entry has of a client's hash; 0 is nobody's.
  static func mark(of hash: UInt64) -> UInt64 { max(hash & ~sessionsMask, sessionsMask + 1) }

  private struct Entry: ~Copyable {
    /// Whose it is, and how many sessions it has; 0 for nobody's. Both together, so that nobody is forgotten who has just got one.
    let owner = Atomic<UInt64>(0)
    let pace = PaceWord()
    let high = Atomic<UInt64>(0)
    let low = Atomic<UInt64>(0)
    // They begin anew at 2³², as a client may be turned away for as long as the process runs.
    let letIn = Atomic<UInt32>(0)
    let turnedAway = Atomic<UInt32>(0)
  }

  private let entries = InlineArray<8, Entry> { _ in Entry() }
  /// Held by who makes an entry the first one of a new client that leads here first, so that nobody gets two.
  let claims = Mutex(())

  /// What came of a look for a client.
  enum Found {
    /// It has a session more.
    case place(ClientPlace)
    /// It has as many as it may have.
    case full
    case noRoom
  }

  /// Takes a session more of a client that is known; nil if it isn't.
  func find(_ mark: UInt64, most: Int) -> Found? {
    let most = min(UInt64(clamping: most), Self.sessionsMask)
    for index in entries.indices {
      var owner = entries[index].owner.load(ordering: .relaxed)
      while owner & ~Self.sessionsMask == mark {
        guard owner & Self.sessionsMask < most else {
          entries[index].turnedAway.wrappingAdd(1, ordering: .relaxed)
          return .full
        }
        let (exchanged, original) = entries[index].owner.weakCompareExchange(
          expected: owner, desired: owner + 1, ordering: .acquiring)
        if exchanged { return .place(ClientPlace(bucket: self, index: index)) }
        owner = original
      }
    }
    return nil
  }

  /// Makes an entry a new client's, with its first session: in the bucket that has more which are nobody's, or the one that was quiet the longest.
  ///
  /// With the emptier one of two buckets it takes a table that is nearly full before both are full (Azar, Broder, Karlin and Upfal, "Balanced
  /// allocations").
  static func claim(_ mark: UInt64, _ key: ClientKey, in first: ClientBucket, or second: ClientBucket) -> Found {
    while true {
      let (one, other) = (first.room, second.room)
      let isFirst =
        one.free == other.free ? (one.quietest?.due ?? .max) <= (other.quietest?.due ?? .max) : one.free > other.free
      let bucket = isFirst ? first : second
      guard let quiet = isFirst ? one.quietest : other.quietest else { return .noRoom }
      if bucket.claim(quiet, mark, key) { return .place(ClientPlace(bucket: bucket, index: quiet.index)) }
    }
  }

  /// An entry without a session: which, whose, and when its rate is made up for.
  private typealias Quiet = (index: Int, owner: UInt64, due: UInt64)

  /// How many entries are nobody's, and which was quiet the longest: one of those, if there are.
  private var room: (free: Int, quietest: Quiet?) {
    var (free, quietest) = (0, Quiet?.none)
    for index in entries.indices {
      let owner = entries[index].owner.load(ordering: .relaxed)
      guard owner & Self.sessionsMask == 0 else { continue }
      if owner == 0 { free += 1 }
      let due = owner == 0 ? 0 : max(entries[index].pace.isDue, 1)
      if quietest == nil || due < quietest?.due ?? .max { quietest = (index, owner, due) }
    }
    return (free, quietest)
  }

  /// Makes it a client's, unless another one has it by now. The client isn't found there before what the one before has taken is forgotten: what is
  /// taken meanwhile would be, too.
  private func claim(_ quiet: Quiet, _ mark: UInt64, _ key: ClientKey) -> Bool {
    let index = quiet.index
    guard
      entries[index].owner.compareExchange(
        expected: quiet.owner, desired: Self.nobodyYet, ordering: .acquiringAndReleasing
      ).exchanged
    else { return false }
    entries[index].pace.forget()
    entries[index].high.store(key.high, ordering: .relaxed)
    entries[index].low.store(key.low, ordering: .relaxed)
    entries[index].letIn.store(0, ordering: .relaxed)
    entries[index].turnedAway.store(0, ordering: .relaxed)
    entries[index].owner.store(mark | 1, ordering: .releasing)
    return true
  }

  func takeRate(_ index: Int, by limits: ClientLimits, at now: UInt64, waiting: UInt64) -> UInt64? {
    let wait = entries[index].pace.take(
      at: now, interval: limits.interval, burst: limits.burst, waiting: waiting)
    if wait == nil {
      entries[index].turnedAway.wrappingAdd(1, ordering: .relaxed)
    } else {
      entries[index].letIn.wrappingAdd(1, ordering: .relaxed)
    }
    return wait
  }

  /// A client's connection that was let in for its own sake is refused for another one's.
  func refuse(_ index: Int, by limits: ClientLimits) {
    entries[index].pace.giveBack(interval: limits.interval)
    entries[index].letIn.wrappingSubtract(1, ordering: .relaxed)
    entries[index].turnedAway.wrappingAdd(1, ordering: .relaxed)
    leave(index)
  }

  func leave(_ index: Int) {
    entries[index].owner.subtract(1, ordering: .releasing)
  }

  /// The clients that are known, as they are now: each number may be another moment's.
  func forEach(_ body: (LoudClient) -> Void) {
    for index in entries.indices {
      let owner = entries[index].owner.load(ordering: .relaxed)
      guard owner & ~Self.sessionsMask != 0 else { continue }
      let address = SocketAddress.ipv6(
        high: entries[index].high.load(ordering: .relaxed), low: entries[index].low.load(ordering: .relaxed), scope: 0,
        port: 0)
      body(
        LoudClient(
          address: address.unmapped, sessions: Int(owner & Self.sessionsMask),
          letIn: Int(entries[index].letIn.load(ordering: .relaxed)),
          turnedAway: Int(entries[index].turnedAway.load(ordering: .relaxed))))
    }
  }
}

/// A client's place in its table, for as long as its session is there.
struct ClientPlace {
  let bucket: ClientBucket
  let index: Int

  /// Takes a connection of its client's rate; gives how long that has to wait, or nil if it's too early for one.
  func takeRate(by limits: ClientLimits, at now: UInt64, waiting: UInt64) -> UInt64? {
    bucket.takeRate(index, by: limits, at: now, waiting: waiting)
  }

  /// Gives it back with what was taken of its client's rate: the connection is refused for another reason.
  func refuse(by limits: ClientLimits) { bucket.refuse(index, by: limits) }

  /// Gives it back.
  func leave() { bucket.leave(index) }
}
