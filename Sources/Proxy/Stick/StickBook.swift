/// What a ``StickTable`` knows: a map from clients to slots, which stand in the order in which their clients were seen.
struct StickBook: ~Copyable {
  private struct Slot {
    var client: StickKey
    var seen: UInt32
    var backend: Int32
    /// The slots of the clients that were seen just before and just after.
    var older: UInt32
    var newer: UInt32
    /// When it was written down last for whoever follows.
    var told: UInt32
  }

  private static let none = UInt32.max

  private var places: [StickKey: UInt32] = [:]
  private var slots: [Slot] = []
  private var free: [UInt32] = []
  private var oldest = none
  private var newest = none
  private var limit: Int
  private var lifetime: UInt32
  var counts = StickCounts()
  /// The clients of which something has changed, for whoever follows; nil if nobody does.
  private var journal: [StickKey]?
  /// So many are written down at most until somebody reads them: more than come in a second.
  private static let longestJournal = 1 << 20

  init(limit: Int, lifetime: UInt32) {
    self.limit = limit
    self.lifetime = lifetime
    // Room at once: to make it later, all would have to wait until what is there has moved. Pages that aren't used cost nothing.
    places.reserveCapacity(limit)
    slots.reserveCapacity(limit)
  }

  mutating func use(limit: Int, lifetime: UInt32) {
    self.lifetime = lifetime
    guard limit != self.limit else { return }
    while places.count > limit { remove(oldest) }
    // What is left moves together, so that it fits into as much as it may take now.
    let kept = clients(atMost: .max, since: 0, at: nil)
    let (counts, journal) = (counts, journal)
    self = StickBook(limit: limit, lifetime: lifetime)
    self.counts = counts
    defer { self.journal = journal }
    for entry in kept.reversed() { put(entry.client, Int32(entry.backend), seen: entry.seen) }
  }

  func backend(of client: StickKey, at now: UInt32) -> Int? {
    guard let place = places[client] else { return nil }
    let slot = slots[Int(place)]
    return isOver(slot.seen, at: now) ? nil : Int(slot.backend)
  }

  mutating func assign(_ client: StickKey, to backend: Int, at now: UInt32) {
    guard let place = places[client] else {
      makeRoom(at: now)
      return put(client, Int32(backend), seen: now)
    }
    let slot = slots[Int(place)]
    if !isOver(slot.seen, at: now) {
      if slot.backend == backend { counts.hits &+= 1 } else { counts.moves &+= 1 }
    }
    slots[Int(place)].backend = Int32(backend)
    refresh(place, at: now, isNews: slot.backend != backend || isOver(slot.seen, at: now))
  }

  mutating func touch(_ client: StickKey, on backend: Int, at now: UInt32) {
    guard let place = places[client], slots[Int(place)].backend == backend else { return }
    refresh(place, at: now)
  }

  mutating func learn(_ client: StickKey, _ backend: Int, seen: UInt32) {
    if let place = places[client] {
      guard slots[Int(place)].seen < seen else { return }
      let isNews = slots[Int(place)].backend != backend
      slots[Int(place)].backend = Int32(backend)
      refresh(place, at: seen, isNews: isNews)
    } else {
      makeRoom(at: seen)
      put(client, Int32(backend), seen: seen)
    }
  }

  mutating func forget(_ client: StickKey) -> Bool {
    guard let place = places[client] else { return false }
    remove(place)
    return true
  }

  mutating func keep(where isKept: (Int) -> Bool) -> Int {
    let before = places.count
    var place = newest
    while place != Self.none {
      let slot = slots[Int(place)]
      if !isKept(Int(slot.backend)) { remove(place) }
      place = slot.older
    }
    return before - places.count
  }

  mutating func figures(at now: UInt32) -> StickFigures {
    expire(atMost: 10_000, at: now)
    return StickFigures(entries: places.count, limit: limit, lifetime: Int(lifetime), counts: counts)
  }

  func entry(of client: StickKey, at now: UInt32) -> StickEntry? {
    guard let place = places[client] else { return nil }
    let slot = slots[Int(place)]
    return isOver(slot.seen, at: now) ? nil : StickEntry(client: client, backend: Int(slot.backend), seen: slot.seen)
  }

  func clients(atMost count: Int, since: UInt32, at now: UInt32?) -> [StickEntry] {
    var result: [StickEntry] = []
    result.reserveCapacity(min(count, places.count))
    var place = newest
    while place != Self.none, result.count < count {
      let slot = slots[Int(place)]
      place = slot.older
      if let now, isOver(slot.seen, at: now) { continue }
      // One that was learned of from elsewhere may stand before others that were seen later.
      if slot.seen >= since {
        result.append(StickEntry(client: slot.client, backend: Int(slot.backend), seen: slot.seen))
      }
    }
    return result
  }

  // MARK: Following

  mutating func follow(_ isFollowed: Bool) {
    if isFollowed != (journal != nil) { journal = isFollowed ? [] : nil }
  }

  /// What has changed since it was asked last.
  mutating func changes(at now: UInt32) -> [StickChange] {
    guard let written = journal, !written.isEmpty else { return [] }
    journal = []
    var told: Set<StickKey> = []
    return written.compactMap { client in
      guard told.insert(client).inserted else { return nil }
      let entry = entry(of: client, at: now)
      return StickChange(client: client, backend: entry?.backend, idle: entry.map { now - min($0.seen, now) } ?? 0)
    }
  }

  private mutating func write(_ client: StickKey) {
    if let count = journal?.count, count < Self.longestJournal { journal?.append(client) }
  }

  // MARK: Slots

  private func isOver(_ seen: UInt32, at now: UInt32) -> Bool { now > seen && now - seen > lifetime }

  /// Lets go of some whose time is over, and of one more if there's no other room.
  private mutating func makeRoom(at now: UInt32) {
    expire(atMost: 2, at: now)
    guard places.count >= limit else { return }
    remove(oldest)
    counts.evictions &+= 1
  }

  private mutating func expire(atMost limit: Int, at now: UInt32) {
    var left = limit
    while left > 0, oldest != Self.none, isOver(slots[Int(oldest)].seen, at: now) {
      remove(oldest)
      left -= 1
    }
  }

  private mutating func put(_ client: StickKey, _ backend: Int32, seen: UInt32) {
    let slot = Slot(client: client, seen: seen, backend: backend, older: Self.none, newer: Self.none, told: seen)
    let place: UInt32
    if let reused = free.popLast() {
      place = reused
      slots[Int(place)] = slot
    } else {
      place = UInt32(slots.count)
      slots.append(slot)
    }
    places[client] = place
    link(place)
    write(client)
  }

  private mutating func remove(_ place: UInt32) {
    unlink(place)
    places[slots[Int(place)].client] = nil
    free.append(place)
    write(slots[Int(place)].client)
  }

  private mutating func refresh(_ place: UInt32, at now: UInt32, isNews: Bool = false) {
    // Workers look at the clock before they wait for their turn.
    slots[Int(place)].seen = max(slots[Int(place)].seen, now)
    // Who follows needn't know each time that a client was here, if only it isn't forgotten there too soon.
    if isNews || now > slots[Int(place)].told && now - slots[Int(place)].told > lifetime / 8 {
      slots[Int(place)].told = now
      write(slots[Int(place)].client)
    }
    guard place != newest else { return }
    unlink(place)
    link(place)
  }

  private mutating func link(_ place: UInt32) {
    slots[Int(place)].older = newest
    slots[Int(place)].newer = Self.none
    if newest == Self.none { oldest = place } else { slots[Int(newest)].newer = place }
    newest = place
  }

  private mutating func unlink(_ place: UInt32) {
    let (older, newer) = (slots[Int(place)].older, slots[Int(place)].newer)
    if older == Self.none { oldest = newer } else { slots[Int(older)].newer = newer }
    if newer == Self.none { newest = older } else { slots[Int(newer)].older = older }
  }
}
