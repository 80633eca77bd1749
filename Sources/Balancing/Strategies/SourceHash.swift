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
  /// same client every time. With patience, one that is held back by its guard is waited for: nobody is taken.
  func acquire(
    from members: Members, client: UInt64, excluding exclusion: borrowing Exclusion, at now: UInt64, patience: Patience
  ) -> Int? {
    for step in 0..<Self.mostEntries + members.count {
      let position = position(client: client, step: step, of: members.count)
      switch (members.acquire(position, excluding: exclusion, at: now), patience) {
      case (.acquired, _): return position
      case (.throttled, .waits): return nil
      case (.throttled, .goesElsewhere), (.full, _), (nil, _): break
      }
    }
    return nil
  }

  /// The client's order of preference: its own entry of the table, those after it, and in the end all members.
  private func position(client: UInt64, step: Int, of count: Int) -> Int {
    step < Self.mostEntries
      ? Int(table[(Int(client % UInt64(table.count)) + step) % table.count])
      : (Int(client % UInt64(count)) + step - Self.mostEntries) % count
  }
}

extension SourceHash {
  /// Whose the client's entry is, and in which order the others come.
  func explain(_ candidates: [CandidateExplanation], client: UInt64?, patience: Patience) -> Stand {
    guard let client else {
      return Stand(
        position: .sourceHash(entry: nil, size: table.count, owner: nil, next: []), outcome: candidates.drawn)
    }
    var order: [Int] = []
    var isKnown = candidates.map { _ in false }
    for step in 0..<Self.mostEntries + candidates.count {
      let position = position(client: client, step: step, of: candidates.count)
      if !isKnown[position] { order.append(position) }
      isKnown[position] = true
    }
    let chosen = order.first { position in
      candidates[position].state == .usable || patience == .waits && candidates[position].isThrottled
    }
    return Stand(
      position: .sourceHash(
        entry: Int(client % UInt64(table.count)), size: table.count, owner: candidates[order[0]].index,
        next: order.dropFirst().prefix(StrategyPosition.mostNext).map { candidates[$0].index }),
      outcome: chosen.map { candidates[$0].state == .usable ? .exact(candidates[$0].index) : .throttled }
        ?? candidates.drawn)
  }
}
