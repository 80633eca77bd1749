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
    let free = UInt32.max
    var table = Array(repeating: free, count: size)
    for taken in 0..<size {
      let turn = Int(turns[taken % turns.count])
      while table[places[turn]] != free {
        places[turn] += steps[turn]
        if places[turn] >= size { places[turn] -= size }
      }
      table[places[turn]] = UInt32(order[turn])
    }
    self.table = table
  }

  /// A prime, so that any step visits all entries. The larger the table beside the pool, the fewer clients move that
  /// need not: when one of n equal backends leaves, up to 1.4/n of all entries change with 64 backends, 1.6/n with 192
  /// and 1.9/n with 400; the 2/n that is aimed at is passed at about 430.
  ///
  /// Only three sizes, since a pool that grows over a border moves nearly all of its clients.
  static func tableSize(poolSize: Int) -> Int {
    switch poolSize {
    case ...64: 65_537
    case ...192: 262_147
    default: 655_373
    }
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
