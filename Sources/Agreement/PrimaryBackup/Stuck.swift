/// A client that is sent back to the backend it had in a pool: its address, an IPv6 one without its last 64 bits.
package struct ClientKey: Hashable, Sendable {
  /// What the pool's name comes to.
  package var pool: UInt64
  /// The first 64 bits of the address; an IPv4 one is mapped (RFC 4291, 2.5.5.2).
  package var high: UInt64
  /// The others.
  package var low: UInt64

  /// With all bits.
  package init(pool: UInt64, high: UInt64, low: UInt64) {
    self.pool = pool
    self.high = high
    self.low = low
  }
}

/// When an assignment was made: by which owner of the table, and as its which update. Larger ones are later, whoever made them.
package struct Stamp: Hashable, Comparable, Sendable {
  /// The generation of the owner.
  package var generation: UInt64
  /// Counts the owner's updates, from 1.
  package var sequence: UInt64

  /// With both.
  package init(generation: UInt64, sequence: UInt64) {
    self.generation = generation
    self.sequence = sequence
  }

  /// Before all of them.
  package static let none = Stamp(generation: 0, sequence: 0)

  /// Whether one is earlier.
  package static func < (left: Stamp, right: Stamp) -> Bool {
    (left.generation, left.sequence) < (right.generation, right.sequence)
  }
}

/// One change of a table, as its primary tells it.
package struct StuckUpdate: Equatable, Sendable {
  /// The client.
  package var client: ClientKey
  /// Its backend, by what its name and address come to; none if the client isn't stuck any more.
  package var backend: UInt64?
  /// For how many seconds the client hasn't been seen.
  package var idle: UInt32

  /// With all its parts.
  package init(_ client: ClientKey, backend: UInt64?, idle: UInt32 = 0) {
    self.client = client
    self.backend = backend
    self.idle = idle
  }
}

/// An entry of a table, as one node tells it another.
package struct StuckEntry: Equatable, Sendable {
  /// The client.
  package var client: ClientKey
  /// Its backend.
  package var backend: UInt64
  /// For how many seconds the client hasn't been seen.
  package var idle: UInt32
  /// When it was assigned.
  package var stamp: Stamp

  /// With all its parts.
  package init(client: ClientKey, backend: UInt64, idle: UInt32, stamp: Stamp) {
    self.client = client
    self.backend = backend
    self.idle = idle
    self.stamp = stamp
  }
}

/// Which client has which backend, with the stamps by which two tables become one.
package struct StuckTable: Sendable {
  struct Slot {
    var client: ClientKey
    var backend: UInt64
    var seenAt: Moment
    var stamp: Stamp
    /// The mark that was set when it was last heard of.
    var mark: UInt64
  }

  private var places: [ClientKey: Int] = [:]
  private var slots: [Slot?] = []
  private var free: [Int] = []
  /// Counts the whole transfers into this table, so that what one doesn't speak of is known at its end.
  private var mark: UInt64 = 0
  /// The largest stamp of all that was taken up.
  package private(set) var highest = Stamp.none

  /// How many clients it has.
  package var count: Int { places.count }

  /// How many places there are to go through, taken or not.
  var span: Int { slots.count }

  /// A client's backend.
  package func backend(of client: ClientKey) -> UInt64? {
    places[client].flatMap { slots[$0]?.backend }
  }

  /// When a client was assigned.
  package func stamp(of client: ClientKey) -> Stamp? {
    places[client].flatMap { slots[$0]?.stamp }
  }

  /// Takes up an update of the table's primary.
  mutating func apply(_ update: StuckUpdate, _ stamp: Stamp, at now: Moment) {
    highest = max(highest, stamp)
    guard let backend = update.backend else { return remove(update.client) }
    put(
      Slot(
        client: update.client, backend: backend, seenAt: now - .seconds(Int64(update.idle)), stamp: stamp,
        mark: mark))
  }

  /// Takes up an entry of the primary's table. What was here by an earlier primary is of no account any more, even if its stamp is
  /// later than this one's: the present primary hasn't learned of it in time.
  mutating func merge(_ entry: StuckEntry, at now: Moment) {
    highest = max(highest, entry.stamp)
    put(
      Slot(
        client: entry.client, backend: entry.backend, seenAt: now - .seconds(Int64(entry.idle)), stamp: entry.stamp,
        mark: mark))
  }

  private mutating func put(_ slot: Slot) {
    if let place = places[slot.client] {
      slots[place] = slot
    } else if let place = free.popLast() {
      slots[place] = slot
      places[slot.client] = place
    } else {
      places[slot.client] = slots.count
      slots.append(slot)
    }
  }

  private mutating func remove(_ client: ClientKey) {
    guard let place = places.removeValue(forKey: client) else { return }
    slots[place] = nil
    free.append(place)
  }

  /// Begins to take up another table as a whole.
  mutating func beginTransfer() {
    mark += 1
  }

  /// Removes what wasn't heard of since: the other table doesn't have it.
  mutating func endTransfer() {
    for place in slots.indices {
      if let slot = slots[place], slot.mark != mark { remove(slot.client) }
    }
  }

  /// Goes through all clients and their backends.
  package func forEach(_ body: (ClientKey, _ backend: UInt64) -> Void) {
    for slot in slots { if let slot { body(slot.client, slot.backend) } }
  }

  /// All entries.
  package func entries(at now: Moment) -> [StuckEntry] { entries(in: 0..<span, at: now) }

  /// The entries in some of the places.
  func entries(in range: Range<Int>, at now: Moment) -> [StuckEntry] {
    let places = range.clamped(to: slots.indices)
    var entries: [StuckEntry] = []
    entries.reserveCapacity(min(places.count, count))
    for place in places {
      guard let slot = slots[place] else { continue }
      let idle = UInt32(clamping: max(0, (now - slot.seenAt).nanoseconds / 1_000_000_000))
      entries.append(StuckEntry(client: slot.client, backend: slot.backend, idle: idle, stamp: slot.stamp))
    }
    return entries
  }
}
