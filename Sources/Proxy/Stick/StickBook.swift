/// What a ``StickTable`` knows, and by which rules that changes.
struct StickBook: ~Copyable {
  private(set) var slots: StickSlots
  private(set) var limit: Int
  private(set) var lifetime: UInt32
  var counts = StickCounts()
  /// Nil if nobody follows.
  private var journal: StickJournal?
  /// How many clients were written down, ever.
  private(set) var written: UInt64 = 0
  /// What a client that is new to its backend waits for.
  var replication = StickReplication.async

  init(limit: Int, lifetime: UInt32, after turn: UInt32 = 0) {
    self.limit = limit
    self.lifetime = lifetime
    slots = StickSlots(limit: limit, after: turn)
  }

  func entry(of client: StickKey, at now: UInt32) -> StickEntry? {
    guard let place = slots.place(of: client) else { return nil }
    let slot = slots[place]
    return slot.isOver(at: now, lifetime) ? nil : StickEntry(slot)
  }

  /// Gives what the client has to wait for: that another node knows what was written up to then.
  mutating func assign(_ client: StickKey, to backend: Int, at now: UInt32) -> UInt64? {
    guard let place = slots.place(of: client) else {
      makeRoom(at: now)
      slots.put(client, Int32(backend), seen: now, told: now)
      write(client)
      return awaited
    }
    let slot = slots[place]
    let (isHit, isOver) = (slot.backend == backend, slot.isOver(at: now, lifetime))
    if !isOver {
      if isHit { counts.hits &+= 1 } else { counts.moves &+= 1 }
    }
    slots.give(place, Int32(backend))
    refresh(place, at: now, isNews: !isHit || isOver)
    return isHit && !isOver ? nil : awaited
  }

  private var awaited: UInt64? { replication == .ackOne && journal != nil ? written : nil }

  mutating func touch(_ client: StickKey, on backend: Int, since: UInt32, at now: UInt32) {
    guard let place = slots.place(of: client) else {
      // The session stood for longer than a client is remembered without one.
      guard now > since, now - since > lifetime else { return }
      makeRoom(at: now)
      slots.put(client, Int32(backend), seen: now, told: now)
      return write(client)
    }
    if slots[place].backend == backend { refresh(place, at: now, isNews: slots[place].isOver(at: now, lifetime)) }
  }

  mutating func learn(_ client: StickKey, _ backend: Int, seen: UInt32, from source: StickSource) {
    guard let place = slots.place(of: client) else {
      makeRoom(at: seen)
      slots.put(client, Int32(backend), seen: seen, told: seen)
      return source == .process ? write(client) : ()
    }
    let slot = slots[place]
    guard slot.seen < seen else { return }
    slots.give(place, Int32(backend))
    if source == .fleet { slots[place].told = seen }
    refresh(place, at: seen, isNews: source == .process && slot.backend != backend)
  }

  mutating func forget(_ client: StickKey) -> Bool {
    guard let place = slots.place(of: client) else { return false }
    remove(place)
    return true
  }

  // MARK: Passes

  /// Removes the clients of other backends in some slots. How many they were.
  mutating func keep(in range: Range<Int>, where isKept: (Int) -> Bool) -> Int {
    let before = slots.count
    for place in range.clamped(to: slots.indices) {
      let backend = slots[UInt32(place)].backend
      if backend != StickSlots.nobody, !isKept(Int(backend)) { remove(UInt32(place)) }
    }
    return before - slots.count
  }

  /// Lets go of some whose time is over; false if that were all.
  mutating func expire(atMost most: Int, at now: UInt32) -> Bool {
    for _ in 0..<most {
      guard let place = slots.oldest, slots[place].isOver(at: now, lifetime) else { return false }
      remove(place)
    }
    return true
  }

  /// Goes by other bounds, as far as they fit into the room that there is.
  mutating func use(limit: Int, lifetime: UInt32) {
    self.lifetime = lifetime
    self.limit = min(limit, self.limit)
  }

  /// Lets go of some that are too many; false if that were all.
  mutating func shrink(atMost most: Int) -> Bool {
    for _ in 0..<most {
      guard slots.count > limit, let place = slots.oldest else { return false }
      remove(place)
    }
    return true
  }

  // MARK: Moving

  /// Takes up what another book has known of a client up to now.
  mutating func take(_ slot: StickSlots.Slot) {
    if let place = slots.place(of: slot.client) { slots.remove(place) }
    // One that is gone there by now may have come here before.
    if slots.count >= limit, let oldest = slots.oldest { slots.remove(oldest) }
    slots.put(slot.client, slot.backend, seen: slot.seen, told: slot.told)
  }

  /// Goes on in place of another book, all of whose clients it has taken.
  mutating func succeed(_ other: borrowing StickBook) {
    counts = other.counts
    journal = other.journal
    written = other.written
    replication = other.replication
  }

  // MARK: Following

  mutating func follow(_ isFollowed: Bool) {
    if isFollowed != (journal != nil) { journal = isFollowed ? StickJournal() : nil }
  }

  /// What was written since it was taken last.
  mutating func takeJournal() -> (journal: StickJournal, upTo: UInt64)? {
    guard let full = journal else { return nil }
    journal = StickJournal()
    return (full, written)
  }

  func change(of client: StickKey, at now: UInt32) -> StickChange {
    let entry = entry(of: client, at: now)
    return StickChange(client: client, backend: entry?.backend, idle: entry.map { now - min($0.seen, now) } ?? 0)
  }

  private mutating func write(_ client: StickKey) {
    written &+= 1
    journal?.write(client)
  }

  // MARK: Slots

  /// Lets go of some whose time is over, and of one more if there's no other room.
  private mutating func makeRoom(at now: UInt32) {
    _ = expire(atMost: 2, at: now)
    guard slots.count >= limit, let oldest = slots.oldest else { return }
    remove(oldest)
    counts.evictions &+= 1
  }

  private mutating func remove(_ place: UInt32) {
    write(slots[place].client)
    slots.remove(place)
  }

  private mutating func refresh(_ place: UInt32, at now: UInt32, isNews: Bool = false) {
    // Workers look at the clock before they wait for their turn.
    slots[place].seen = max(slots[place].seen, now)
    // Who follows needn't know each time that a client was here, if only it isn't forgotten there too soon.
    if isNews || now > slots[place].told && now - slots[place].told > lifetime / 8 {
      slots[place].told = now
      write(slots[place].client)
    }
    slots.visit(place)
  }
}
