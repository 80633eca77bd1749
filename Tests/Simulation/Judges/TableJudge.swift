import Agreement

/// Judges tables of stuck clients: who has taken up a primary's updates to one of them has what the primary had then.
struct TableJudge {
  /// Each client's backend, which is a small number; 0 if it has none.
  typealias Contents = SIMD32<UInt8>

  /// A primary's table at its start, its updates since, and what it has come to by them.
  private struct Past {
    let generation: UInt64
    var base: Contents
    var updates: [(client: Int, backend: UInt8)] = []
    var now: Contents

    init(_ generation: UInt64, base: Contents) {
      (self.generation, self.base, now) = (generation, base, base)
    }

    /// Takes up what a step changed, by its stamp: at most some updates.
    mutating func come(to end: UInt64, _ table: StuckTable) {
      let end = Int(end)
      guard updates.count < end else { return }
      let contents = TableJudge.contents(table)
      for client in TableJudge.clients.indices where now[client] != contents[client] && updates.count < end {
        updates.append((client, contents[client]))
        now[client] = contents[client]
      }
      // An update may leave everything as it was.
      while updates.count < end { updates.append((0, contents[0])) }
    }
  }

  /// How a table was before a step.
  struct Before {
    var index: Int
    var fence: UInt64
    var upTo: UInt64?
    /// The table itself, where somebody has to look into it afterwards: a step that changes it has to copy it then.
    var whole: StuckTable?
  }

  /// Of each table, in the order in which they were led so; most often it's about the last one.
  private var pasts: [[Past]]

  init(tables: Int) { pasts = Array(repeating: [], count: tables) }

  private func past(of table: Int, _ generation: UInt64) -> Int? {
    pasts[table].indices.last { pasts[table][$0].generation == generation }
  }

  /// All clients that there are.
  static let clients = (0..<24).map { ClientKey(pool: 1, high: 0, low: $0) }

  /// What a table has.
  static func contents(_ table: StuckTable) -> Contents {
    var contents = Contents.zero
    // Going through them once is a third of the work of looking each client up.
    table.forEach { client, backend in contents[Int(client.low)] = UInt8(backend) }
    return contents
  }

  /// How a table is before a step.
  func look(_ index: Int, _ all: [Replication], _ input: FleetNode.Input) -> Before {
    let prefix = all[index].prefix
    // A primary's is known by its updates, but for the first time.
    let isKnown: Bool =
      switch input {
      case .message(.table(_, .give), _): false
      case .message(.table, _), .stuck:
        !all[index].isPrimary || prefix.map { past(of: index, $0.generation) != nil } ?? true
      default: false
      }
    return Before(
      index: index, fence: all[index].fence, upTo: prefix?.upTo, whole: isKnown ? nil : all[index].table)
  }

  /// Takes a look at a primary's table after each step.
  mutating func note(_ before: Before, _ after: [Replication]) {
    let index = before.index
    guard after[index].isPrimary, let prefix = after[index].prefix else { return }
    // Most often nothing has changed.
    if before.whole == nil, before.upTo == prefix.upTo, before.fence == after[index].fence { return }
    let place = past(of: index, prefix.generation) ?? pasts[index].count
    if place == pasts[index].count {
      pasts[index].append(Past(prefix.generation, base: Self.contents(before.whole ?? after[index].table)))
    }
    pasts[index][place].come(to: prefix.upTo, after[index].table)
  }

  /// What a table has to be after a primary's update; nil if nobody can say.
  func expected(_ index: Int, _ generation: UInt64, upTo: UInt64) -> Contents? {
    guard let place = past(of: index, generation) else { return nil }
    let count = pasts[index][place].updates.count
    // Most often it's the last one.
    if Int(upTo) == count { return pasts[index][place].now }
    guard Int(upTo) < count else { return nil }
    var contents = pasts[index][place].base
    for update in pasts[index][place].updates.prefix(Int(upTo)) { contents[update.client] = update.backend }
    return contents
  }
}

extension World {
  static var replication: Replication.Timing {
    var timing = Replication.Timing()
    // So small that what is large in the world outside happens here too.
    timing.ring = 8
    timing.part = 5
    return timing
  }

  /// A client comes to whoever leads a table.
  func stick(_ table: Int) {
    if isHealed, now > story.healsAt + seconds(14) { return }
    queue.put(.stick(table: table), at: now + chance.within(milliseconds(1)...milliseconds(120)))
    let client = TableJudge.clients[chance.below(TableJudge.clients.count)]
    let backend = chance.permille(200) ? nil : UInt64(chance.below(5) + 1)
    for node in servers where nodes[node].fleet?.value.tables[table].isPrimary == true && !nodes[node].isFrozen {
      outcome.counts.stuck += 1
      let isAwaited = chance.permille(300)
      step(node, .stuck(table: table, [StuckUpdate(client, backend: backend)], isAwaited: isAwaited))
    }
  }

  /// Says what a node hears of tables.
  func tellTables(_ input: FleetNode.Input, at node: Int) {
    switch input {
    case .message(.table(let name, let message), let from):
      say("n\(node) hears of \(name)'s table from \(from.text): \(message)")
    case .stuck(let table, let updates, _): say("n\(node)'s table \(table): \(updates)")
    default: break
    }
  }

  /// How the tables are that may be others after this.
  func lookAtTables(of fleet: Running<FleetNode>, before input: FleetNode.Input, into looks: inout [TableJudge.Before])
  {
    switch input {
    case .message(.table(let name, _), _):
      if let index = tableNames.firstIndex(of: name) { looks.append(tables.look(index, fleet.value.tables, input)) }
    case .stuck(let index, _, _): looks.append(tables.look(index, fleet.value.tables, input))
    case .reply, .message(.leave, _), .inherited:
      for index in tableNames.indices { looks.append(tables.look(index, fleet.value.tables, input)) }
    default: break
    }
  }

  /// Holds a node's tables against what their primaries had.
  func judgeTables(_ node: Int, before: [TableJudge.Before], after: [Replication], _ input: FleetNode.Input) {
    for was in before {
      let index = was.index
      if was.fence > after[index].fence {
        fail("a fence never falls", "n\(node) goes from \(was.fence) to \(after[index].fence)")
      }
      tables.note(was, after)
      if case .message(.table(_, .give(_, _, _, let entries, _)), _) = input {
        judgeGiven(entries, was.whole, after[index], node)
      }
      guard !after[index].isPrimary, let prefix = after[index].prefix,
        was.upTo != prefix.upTo || was.fence != after[index].fence
      else { continue }
      guard let expected = tables.expected(index, prefix.generation, upTo: prefix.upTo) else { continue }
      outcome.counts.prefixes += 1
      let contents = TableJudge.contents(after[index].table)
      guard contents != expected else { continue }
      let wrong = TableJudge.clients.indices.first { contents[$0] != expected[$0] }
      fail(
        "a backup has what its primary had",
        "n\(node)'s table of \(tableNames[index]) after \(prefix.generation).\(prefix.upTo) has \(contents[wrong ?? 0]) for \(wrong ?? 0), the primary had \(expected[wrong ?? 0])"
      )
    }
  }

  /// What a new primary is given counts where it's later than what it has.
  private func judgeGiven(_ entries: [StuckEntry], _ before: StuckTable?, _ after: Replication, _ node: Int) {
    for entry in entries {
      guard let before, let own = before.stamp(of: entry.client), own > entry.stamp else { continue }
      if before.backend(of: entry.client) != after.table.backend(of: entry.client) {
        fail("larger stamps win", "n\(node) takes \(entry) over what it has of \(own)")
      }
    }
  }

  /// After a while without clients all backups have all that their primary has; where that has just begun, a second later.
  func judgeBackups(of index: Int, isSecondLook: Bool = false) {
    let known = servers.compactMap { nodes[$0].fleet?.value.tables[index] }
    if story.addresses == 0, !known[index].isPrimary { fail("each node leads its own table", "n\(index) doesn't") }
    guard let primary = known.first(where: \.isPrimary)?.prefix else { return }
    for (node, table) in known.enumerated() {
      let prefix = table.prefix
      guard prefix?.generation != primary.generation || prefix?.upTo != primary.upTo else { continue }
      if !isSecondLook, isMoving(index) {
        looksAgain = true
        return queue.put(.judgeBackups(index), at: now + grace)
      }
      fail(
        "backups come into step",
        "n\(servers[node]) has \(tableNames[index])'s table to \(String(describing: prefix)), and it's at \(primary)")
    }
  }
}
