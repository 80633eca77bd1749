/// The end of a log that is kept in a store, and all that has to change together with it.
///
/// Every append compares and sets this one value, so entries come one after the other, and each entry once: what was seen of
/// each node tells an author whether an append whose outcome nobody knows was done.
struct StoreHead: Equatable {
  /// A snapshot that stands for the entries up to a position.
  struct Snapshot: Equatable {
    var position: UInt64
    var pieces: Int
  }

  /// The last entry of a node that is in the log.
  struct Seen: Equatable {
    var author: Participant
    var run: UInt32
    var sequence: UInt64
  }

  /// The era that this is the log of.
  var era: UInt32 = 0
  /// The position of the last entry; 0 for none.
  var last: UInt64 = 0
  /// The first entry that can be read.
  var first: UInt64 = 1
  /// The first entry that may not be deleted yet.
  var oldest: UInt64 = 1
  /// What stands for the entries that can't be read.
  var snapshot: Snapshot?
  /// The last entry of each node, in the order of their names; only that of its last memory.
  var seen: [Seen] = []

  /// The head of an empty log.
  init() {}

  /// The head of a log that begins with what the one of the era before came to.
  init(beginning state: FleetState, pieces: Int) {
    era = state.era
    last = state.position
    (first, oldest) = (last + 1, last + 1)
    snapshot = Snapshot(position: last, pieces: pieces)
    seen = state.members.map { Seen(author: $0.identity, run: $0.run, sequence: $0.sequence) }
  }

  /// Whether this entry is in the log, or too late for it.
  func has(_ id: EntryID) -> Bool {
    guard let last = seen.first(where: { $0.author == id.author }) else { return false }
    return (id.run, id.sequence) <= (last.run, last.sequence)
  }

  /// The head after one entry more.
  func appending(_ id: EntryID) -> StoreHead {
    var next = self
    next.last += 1
    let seen = Seen(author: id.author, run: id.run, sequence: id.sequence)
    let place = next.seen.firstIndex { $0.author.node >= id.author.node } ?? next.seen.endIndex
    if place < next.seen.endIndex, next.seen[place].author.node == id.author.node {
      next.seen[place] = seen
    } else {
      next.seen.insert(seen, at: place)
    }
    return next
  }
}

extension StoreHead {
  private static let format: UInt8 = 1
  /// Of an era after the first.
  private static let formatWithEra: UInt8 = 2

  /// As the store holds it.
  var encoded: [UInt8] {
    var out = ByteWriter()
    out.put(era > 0 ? Self.formatWithEra : Self.format)
    if era > 0 { out.put(era) }
    out.put(last)
    out.put(first)
    out.put(oldest)
    out.put(snapshot) { out, snapshot in
      out.put(snapshot.position)
      out.put(UInt32(snapshot.pieces))
    }
    out.put(each: seen) { out, seen in
      out.put(seen.author)
      out.put(seen.run)
      out.put(seen.sequence)
    }
    return out.bytes
  }

  /// Reads what the store holds.
  init(encoded: [UInt8]) throws(DecodingFault) {
    var input = ByteReader(encoded)
    let format = try input.number(UInt8.self)
    guard Self.format...Self.formatWithEra ~= format else { throw .unknown("format \(format) of the log's end") }
    if format == Self.formatWithEra {
      era = try input.era()
      guard era > 0 else { throw .unknown("era 0 of the log's end") }
    }
    last = try input.number()
    first = try input.number()
    oldest = try input.number()
    snapshot = try input.optional { input throws(DecodingFault) in
      Snapshot(position: try input.number(), pieces: Int(try input.number(UInt32.self)))
    }
    seen = try input.array { input throws(DecodingFault) in
      Seen(author: try input.participant(), run: try input.number(), sequence: try input.number())
    }
    try input.finish()
  }
}

/// What the store holds of an entry: itself, or in how many pieces it lies beside.
enum StoredEntry: Equatable {
  /// The largest piece in bytes; with what stands around it a store takes it for one value.
  static let piece = 390_000

  case whole([UInt8])
  case pieces(of: EntryID, Int)

  var encoded: [UInt8] {
    var out = ByteWriter()
    switch self {
    case .whole(let bytes):
      out.put(UInt8(1))
      out.put(bytes)
    case .pieces(let id, let count):
      out.put(UInt8(2))
      out.put(id)
      out.put(UInt32(count))
    }
    return out.bytes
  }

  init(encoded: [UInt8]) throws(DecodingFault) {
    var input = ByteReader(encoded)
    switch try input.number(UInt8.self) {
    case 1: self = .whole(try input.block())
    case 2:
      let id = try input.entryID()
      let count = Int(try input.number(UInt32.self))
      guard 1...(Entry.largest / Self.piece + 1) ~= count else { throw .unknown("\(count) pieces") }
      self = .pieces(of: id, count)
    case let other: throw .unknown("entry of format \(other)")
    }
    try input.finish()
  }

  /// The piece of bytes that has this number.
  static func piece(_ index: Int, of bytes: [UInt8]) -> [UInt8] {
    Array(bytes[min(index * piece, bytes.count)..<min((index + 1) * piece, bytes.count)])
  }

  /// How many pieces there are of so many bytes.
  static func pieces(of bytes: [UInt8]) -> Int {
    max(1, (bytes.count + piece - 1) / piece)
  }
}
