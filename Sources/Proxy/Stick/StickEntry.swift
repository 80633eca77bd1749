/// Who tells a table of clients that it hasn't seen itself.
package enum StickSource {
  /// The other nodes, who all know of them.
  case fleet
  /// A process before this one. It belongs to no fleet any more, so whoever follows this table hears it from here.
  case process
}

/// How far a table's visits had come at one moment.
package struct StickMark: Equatable, Sendable {
  let turn: UInt32
}

/// A client and its backend.
package struct StickEntry: Equatable, Sendable {
  /// The client.
  package let client: StickKey
  /// The backend's id.
  package let backend: Int
  /// When the client was seen last, in seconds of the monotonic clock.
  package let seen: UInt32

  /// With all its parts.
  package init(client: StickKey, backend: Int, seen: UInt32) {
    self.client = client
    self.backend = backend
    self.seen = seen
  }

  init(_ slot: StickSlots.Slot) {
    self.init(client: slot.client, backend: Int(slot.backend), seen: slot.seen)
  }
}

/// What has become of a client.
package struct StickChange: Equatable, Sendable {
  /// The client.
  package let client: StickKey
  /// Its backend's id; nil if it has none any more.
  package let backend: Int?
  /// For how many seconds it hasn't been seen.
  package let idle: UInt32

  /// With all its parts.
  package init(client: StickKey, backend: Int?, idle: UInt32) {
    self.client = client
    self.backend = backend
    self.idle = idle
  }
}

/// What a session of a client waits for that is new to its backend.
package enum StickReplication: Sendable {
  /// Nothing.
  case async
  /// Another node of the fleet knows it, or 10 ms are over.
  case ackOne
}

/// What was counted of a pool's clients. All of it only grows.
package struct StickCounts: Codable, Equatable, Sendable {
  /// Sessions whose client was known and got its backend.
  package var hits = 0
  /// Sessions whose client was known and got another one, which is its from then on: its own was away, or full.
  package var moves = 0
  /// Clients that had to make room for others before their time.
  package var evictions = 0
  /// Sessions that have waited for another node in vain.
  package var unacknowledged = 0

  /// Nothing counted.
  package init() {}

  /// Adds what was counted elsewhere.
  package mutating func add(_ other: StickCounts) {
    hits &+= other.hits
    moves &+= other.moves
    evictions &+= other.evictions
    unacknowledged &+= other.unacknowledged
  }
}

/// What a table is at one moment.
package struct StickFigures: Equatable, Sendable {
  /// How many clients are known.
  package var entries: Int
  /// How many may be.
  package var limit: Int
  /// How long one is remembered, in seconds.
  package var lifetime: Int
  /// What was counted.
  package var counts: StickCounts
}
