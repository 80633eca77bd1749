import Agreement

/// Judges tables of stuck clients: who has taken up a primary's updates to one of them has what the primary had then.
struct TableJudge {
  private struct Key: Hashable {
    var table: Int
    var generation: UInt64
  }

  /// A primary's table at its start, its updates since, and what it has come to by them.
  private struct Past {
    var base: [UInt64?]
    var updates: [(client: Int, backend: UInt64?)] = []
    var now: [UInt64?]

    init(base: [UInt64?]) {
      (self.base, now) = (base, base)
    }

    /// Takes up what a step changed, by its stamp: at most some updates.
    mutating func come(to end: UInt64, _ table: StuckTable) {
      let count = Int(end) - updates.count
      guard count > 0 else { return }
      let contents = TableJudge.contents(table)
      var changed = TableJudge.clients.indices.filter { now[$0] != contents[$0] }
      // An update may leave everything as it was.
      while changed.count < count { changed.append(0) }
      for client in changed.prefix(count) {
        updates.append((client, contents[client]))
        now[client] = contents[client]
      }
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

  private var pasts: [Key: Past] = [:]

  /// All clients that there are.
  static let clients = (0..<24).map { ClientKey(pool: 1, high: 0, low: $0) }

  /// Each client's backend.
  static func contents(_ table: StuckTable) -> [UInt64?] {
    var contents = [UInt64?](repeating: nil, count: clients.count)
    // Going through them once is a third of the work of looking each client up.
    for entry in table.entries(at: .start) { contents[Int(entry.client.low)] = entry.backend }
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
        !all[index].isPrimary || prefix.map { pasts[Key(table: index, generation: $0.generation)] != nil } ?? true
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
    let key = Key(table: index, generation: prefix.generation)
    pasts[key, default: Past(base: Self.contents(before.whole ?? after[index].table))]
      .come(to: prefix.upTo, after[index].table)
  }

  /// What a table has to be after a primary's update; nil if nobody can say.
  func expected(_ index: Int, _ generation: UInt64, upTo: UInt64) -> [UInt64?]? {
    guard let past = pasts[Key(table: index, generation: generation)], Int(upTo) <= past.updates.count else {
      return nil
    }
    // Most often it's the last one.
    if Int(upTo) == past.updates.count { return past.now }
    var contents = past.base
    for update in past.updates.prefix(Int(upTo)) { contents[update.client] = update.backend }
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
  func lookAtTables(_ all: [Replication], before input: FleetNode.Input) -> [TableJudge.Before] {
    switch input {
    case .message(.table(let name, _), _):
      tableNames.firstIndex(of: name).map { [tables.look($0, all, input)] } ?? []
    case .stuck(let index, _, _): [tables.look(index, all, input)]
    case .reply, .message(.leave, _), .inherited: all.indices.map { tables.look($0, all, input) }
    default: []
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
        "n\(node)'s table of \(tableNames[index]) after \(prefix.generation).\(prefix.upTo) has \(wrong.flatMap { contents[$0] }.map(String.init) ?? "nothing") for \(wrong ?? 0), the primary had \(wrong.flatMap { expected[$0] }.map(String.init) ?? "nothing")"
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
        return queue.put(.judgeBackups(index), at: now + seconds(1))
      }
      fail(
        "backups come into step",
        "n\(servers[node]) has \(tableNames[index])'s table to \(String(describing: prefix)), and it's at \(primary)")
    }
  }
}
