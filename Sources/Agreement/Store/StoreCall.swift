/// What is kept in an ordered store that others run (ZooKeeper, etcd), by name.
package enum StoreKey: Hashable, Sendable {
  /// The end of the log, and what was seen of each node: the one value that every append compares and sets.
  case head
  /// An entry of the log; it's written once, and deleted when a snapshot stands for it.
  case entry(UInt64)
  /// A piece of an entry that is too large for one value, counted from 0. It's written before anybody knows where in the log
  /// the entry will be, so it's found by what the entry is.
  case piece(of: EntryID, Int)
  /// A piece of the state after an entry, counted from 0.
  case snapshot(UInt64, Int)
  /// Who owns what has this name.
  case owner(String)

  /// Where a store that names things like files has it, below its root.
  package var path: String {
    switch self {
    case .head: "/log/head"
    case .entry(let position): "/log/n-\(padded(position))"
    case .piece(let id, let index):
      "/log/p-\(id.author.node.text)-\(id.author.incarnation.bits)-\(id.run)-\(id.sequence)-\(index)"
    case .snapshot(let position, let index): "/log/s-\(padded(position))-\(index)"
    case .owner(let name): "/owners/\(name)"
    }
  }

  private func padded(_ position: UInt64) -> String {
    let digits = String(position)
    return String(repeating: "0", count: max(0, 20 - digits.utf8.count)) + digits
  }
}

/// What a store says a value is at: it's compared with others of the same key for being the same, and for nothing else.
package struct StoreVersion: Hashable, Sendable {
  /// The bits of a number that only the store understands.
  package var bits: UInt64

  /// Takes the store's number.
  package init(bits: UInt64) {
    self.bits = bits
  }
}

/// One part of an atomic write.
package struct StoreWrite: Equatable, Sendable {
  /// What has to be there for the whole to be done.
  package enum Expectation: Equatable, Sendable {
    /// Nothing: the key is made.
    case nothing
    /// The value that has this version.
    case version(StoreVersion)
    /// Any value; only to delete what is written once.
    case anything
  }

  /// What happens to the key.
  package enum Action: Equatable, Sendable {
    /// It has this value, of 400,000 bytes at most.
    case put([UInt8])
    /// It's gone.
    case delete
  }

  /// Which one.
  package var key: StoreKey
  /// What has to be there.
  package var expecting: Expectation
  /// What becomes of it.
  package var action: Action

  /// With all its parts.
  package init(_ key: StoreKey, expecting: Expectation, _ action: Action) {
    self.key = key
    self.expecting = expecting
    self.action = action
  }
}

/// What is asked of a store. It's all that is asked: no sessions, no ephemerals, no leases of the server.
package enum StoreRequest: Equatable, Sendable {
  /// How new the answer has to be.
  package enum Freshness: Equatable, Sendable {
    /// It has all that was done before the question (ZooKeeper: sync, then get).
    case linearizable
    /// It may be old, but was true once.
    case any
  }

  /// The value of a key.
  case read(StoreKey, Freshness)
  /// All of these, or none: at most 4 of them, of 900,000 bytes together.
  case write([StoreWrite])
}

/// What a question to the store is told from others by.
package struct CallID: Hashable, Sendable {
  /// Who asks: 0 for the log, n for the n-th address.
  package var asker: Int
  /// Counts the asker's questions.
  package var number: UInt64
}

/// What comes of a request.
package enum StoreReply: Equatable, Sendable {
  /// The value, and what it's at.
  case value([UInt8], StoreVersion)
  /// There's no such key.
  case absent
  /// All of it was done; what each key is at now, in the order of the writes, with zero for a deleted one.
  case written([StoreVersion])
  /// Nothing was done: something wasn't as expected.
  case refused
  /// Nobody knows whether it was done, or will still be: there was no answer in time.
  case unknown
}
