/// Up to which updates of tables somebody waits until another node has them.
struct AwaitedBatches {
  /// A table's generation, and the update up to which it's known.
  typealias Prefix = (generation: UInt64, upTo: UInt64)

  private struct Batch {
    var number: UInt64
    var table: Int
    var last: Prefix
  }

  /// How many it keeps at most: whoever waits for one before these has given up long since.
  static let limit = 1_024

  private var batches: [Batch] = []

  /// How many there are.
  var count: Int { batches.count }

  /// A batch is what was told of a table up to now. A table that isn't this node's has none: whoever waits does so in vain.
  mutating func note(_ number: UInt64, of table: Int, _ prefix: Prefix?) {
    batches.removeAll { $0.table == table && $0.last.generation != prefix?.generation }
    guard let prefix else { return }
    if batches.count == Self.limit { batches.removeFirst(Self.limit / 4) }
    batches.append(Batch(number: number, table: table, last: prefix))
  }

  /// Another node has a table up to an update: the last batch that it has now, if it has one more.
  mutating func reached(_ upTo: UInt64, of table: Int, _ prefix: Prefix?) -> UInt64? {
    let isThere = { (batch: Batch) in
      batch.table == table && batch.last.generation == prefix?.generation && batch.last.upTo <= upTo
    }
    let last = batches.last(where: isThere)?.number
    if last != nil { batches.removeAll(where: isThere) }
    return last
  }
}
