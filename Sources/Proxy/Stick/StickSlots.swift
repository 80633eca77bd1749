/// Clients and what is known of each: a map from clients to slots, which stand in the order in which their clients were seen.
///
/// There's room for all of them from the beginning: to make it later, all would have to wait until what is there has moved. Pages
/// that aren't used cost nothing.
struct StickSlots: ~Copyable {
  struct Slot {
    var client: StickKey
    var seen: UInt32
    /// The backend's id; ``nobody`` where the slot is free.
    fileprivate(set) var backend: Int32
    /// When it was written down last for whoever follows.
    var told: UInt32
    /// How many visits were before it, modulo 2³².
    fileprivate(set) var turn: UInt32
    /// The slots of the clients that were seen just before and just after; of a free one, the next free one.
    fileprivate var older: UInt32
    fileprivate var newer: UInt32

    /// Whether the client has been away for longer than this.
    func isOver(at now: UInt32, _ lifetime: UInt32) -> Bool { now > seen && now - seen > lifetime }
  }

  /// A slot as somebody has read it.
  struct Visit {
    let place: UInt32
    let slot: Slot
  }

  enum Direction { case older, newer }

  static let nobody: Int32 = -1
  private static let none = UInt32.max

  private var places: [StickKey: UInt32] = [:]
  private var slots: [Slot] = []
  private var free = none
  private var first = none
  private var last = none
  /// The turn of the latest visit.
  private(set) var turn: UInt32
  /// How many clients each backend has, by its id; of none that has no client.
  private(set) var shares: [Int32: Int] = [:]

  init(limit: Int, after turn: UInt32 = 0) {
    self.turn = turn
    places.reserveCapacity(limit)
    slots.reserveCapacity(limit)
  }

  var count: Int { places.count }
  /// The slots, in no order; free ones are among them.
  var indices: Range<Int> { slots.indices }
  /// The client that was seen the longest ago.
  var oldest: UInt32? { first == Self.none ? nil : first }

  func place(of client: StickKey) -> UInt32? { places[client] }

  subscript(place: UInt32) -> Slot {
    get { slots[Int(place)] }
    _modify { yield &slots[Int(place)] }
  }

  /// A new client, which is seen now.
  mutating func put(_ client: StickKey, _ backend: Int32, seen: UInt32, told: UInt32) {
    let slot = Slot(
      client: client, seen: seen, backend: backend, told: told, turn: turn, older: Self.none, newer: Self.none)
    let place = free
    if place == Self.none {
      places[client] = UInt32(slots.count)
      slots.append(slot)
      link(UInt32(slots.count - 1))
    } else {
      free = slots[Int(place)].older
      places[client] = place
      slots[Int(place)] = slot
      link(place)
    }
    shares[backend, default: 0] += 1
  }

  mutating func remove(_ place: UInt32) {
    unlink(place)
    places[slots[Int(place)].client] = nil
    leave(slots[Int(place)].backend)
    slots[Int(place)].backend = Self.nobody
    slots[Int(place)].older = free
    free = place
    // Who has read it sees that it stands there no more.
    turn &+= 1
    slots[Int(place)].turn = turn
  }

  /// The client has another backend.
  mutating func give(_ place: UInt32, _ backend: Int32) {
    guard slots[Int(place)].backend != backend else { return }
    leave(slots[Int(place)].backend)
    shares[backend, default: 0] += 1
    slots[Int(place)].backend = backend
  }

  private mutating func leave(_ backend: Int32) {
    guard let left = shares[backend] else { return }
    shares[backend] = left == 1 ? nil : left - 1
  }

  /// The client is seen now.
  mutating func visit(_ place: UInt32) {
    if place != last {
      unlink(place)
      link(place)
    } else {
      turn &+= 1
      slots[Int(place)].turn = turn
    }
  }

  private mutating func link(_ place: UInt32) {
    slots[Int(place)].older = last
    slots[Int(place)].newer = Self.none
    turn &+= 1
    slots[Int(place)].turn = turn
    if last == Self.none { first = place } else { slots[Int(last)].newer = place }
    last = place
  }

  private mutating func unlink(_ place: UInt32) {
    let (older, newer) = (slots[Int(place)].older, slots[Int(place)].newer)
    if older == Self.none { first = newer } else { slots[Int(older)].newer = newer }
    if newer == Self.none { last = older } else { slots[Int(newer)].older = older }
  }

  /// The next clients in the order of their visits, or against it, for somebody who reads a part at a time. Who was seen meanwhile
  /// stands elsewhere by now, so it goes on beside the last one that hasn't moved.
  ///
  /// - Parameters:
  ///   - known: what was read before, in the order in which it was read; begins anew if all of that has moved.
  ///   - mark: only visits after this turn.
  func visits(
    _ direction: Direction, beside known: [Visit], atMost limit: Int, after mark: UInt32? = nil
  ) -> [Visit] {
    var result: [Visit] = []
    result.reserveCapacity(min(limit, count))
    let spot = known.last { slots[Int($0.place)].turn == $0.slot.turn }
    var place = spot.map { next(direction, of: $0.place) } ?? (direction == .older ? last : first)
    while place != Self.none, result.count < limit {
      let slot = slots[Int(place)]
      if let mark, Int32(bitPattern: slot.turn &- mark) <= 0 { break }
      result.append(Visit(place: place, slot: slot))
      place = next(direction, of: place)
    }
    return result
  }

  private func next(_ direction: Direction, of place: UInt32) -> UInt32 {
    direction == .older ? slots[Int(place)].older : slots[Int(place)].newer
  }
}
