/// The same client, the same backend: Maglev's lookup table (Eisenbud et al., "Maglev: A fast and reliable software
/// network load balancer", NSDI 2016, section 3.4).
///
/// Every member has an order of preference over all entries of the table, given by its key alone; in turns, as often as
/// their weights say, members take the first entry of their order that is still free. So all get their exact share, few
/// entries change owner when a member leaves, and the table is the same again when it is back.
struct SourceHash {
  /// So many entries are looked at before the members are walked in order: see `RoundRobin.mostPlaces`.
  private static let mostEntries = 64

  private let table: [UInt32]

  init(weights: [Int], keys: [String], poolSize: Int) {
    let size = Self.tableSize(poolSize: poolSize)
    // Turns are taken in the order of the keys, so that the order of the list makes no difference.
    let order = keys.indices.sorted { keys[$0] < keys[$1] }
    let turns = SmoothSchedule.positions(weights: order.map { weights[$0] })
    var places = order.map { Int(ClientHash.of(bytes: keys[$0].utf8) % UInt64(size)) }
    let steps = order.map { position in
      1 + Int(SplitMix64.mix(~ClientHash.of(bytes: keys[position].utf8)) % UInt64(size - 1))
    }
    var table = [UInt32?](repeating: nil, count: size)
    for taken in 0..<size {
      let turn = Int(turns[taken % turns.count])
      while table[places[turn]] != nil { places[turn] = (places[turn] + steps[turn]) % size }
      table[places[turn]] = UInt32(order[turn])
    }
    self.table = table.compactMap(\.self)
  }

  /// A prime over a hundred times the number of backends, so that shares are even within 1%: the paper's two sizes.
  /// Only two, since a pool that grows over the border moves nearly all of its clients.
  static func tableSize(poolSize: Int) -> Int {
    poolSize <= 655 ? 65_537 : 655_373
  }

  /// Takes a slot of the client's member; if that can't be, of the next different one in the table, the same for the
  /// same client every time.
  func acquire(from members: [Member], client: UInt64, excluding exclusion: borrowing Exclusion) -> Int? {
    var entry = Int(client % UInt64(table.count))
    for _ in 0..<Self.mostEntries {
      let position = Int(table[entry])
      if members[position].acquire(excluding: exclusion) { return position }
      entry = entry + 1 < table.count ? entry + 1 : 0
    }
    let start = Int(client % UInt64(members.count))
    for step in members.indices {
      let position = (start + step) % members.count
      if members[position].acquire(excluding: exclusion) { return position }
    }
    return nil
  }
}
