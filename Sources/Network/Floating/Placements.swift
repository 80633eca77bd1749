import Sockets
import SystemPackage

/// The floating addresses that are on this machine's interfaces, each with a lifetime in the kernel: a process that doesn't
/// run any more loses them without doing anything.
///
/// Times are nanoseconds of CLOCK_BOOTTIME.
final class Placements {
  private let addresses: [FloatingAddress]
  private var tables: NetworkTables?
  private var surroundings = Surroundings()
  private var lookedAt: Int64?
  /// Until when the kernel has each.
  private var ends: [FloatingAddress: Int64] = [:]
  /// What the kernel has said to the last order about each.
  private var refusals: [FloatingAddress: AddressProblem] = [:]
  /// Why the kernel can't be asked.
  private var silence: AddressProblem?

  /// How long what was seen holds, in nanoseconds.
  private static let staleAfter: Int64 = 1_000_000_000

  /// How long after the reckoning an order may be carried out, in nanoseconds.
  private static let heldUp: Int64 = 100_000_000

  /// For the addresses that are put on interfaces.
  init(_ addresses: [FloatingAddress]) {
    self.addresses = addresses.filter { $0.interface != nil }
  }

  /// What is in the way of an address.
  func problem(of address: FloatingAddress) -> AddressProblem? {
    guard address.interface != nil else { return nil }
    return silence ?? refusals[address] ?? surroundings.problems[address]
  }

  /// The interface that an address is on, as it was seen last.
  func interface(of address: FloatingAddress) -> Interface? {
    address.interface.flatMap { surroundings.interfaces[$0] }
  }

  /// Whether the address is on its interface by our doing.
  func isPlaced(_ address: FloatingAddress, at now: Int64) -> Bool {
    ends[address].map { $0 > now } ?? false
  }

  /// Takes away what an earlier process has left, but for those, which it has handed over.
  func start(keeping: Set<FloatingAddress>, at now: Int64) {
    look(at: now)
    for (address, here) in surroundings.present where keeping.contains(address) {
      ends[address] = now + Int64(here.seconds ?? 0) * 1_000_000_000
    }
    // Those that aren't there, too: so it's known from the start whether there is leave to put them.
    let ours = addresses.filter { !keeping.contains($0) && !isBarred($0) }
    remove(ours, and: surroundings.strays)
    look(at: now)
  }

  /// Puts addresses for some seconds, or again, as one message; all others run out. Gives those that weren't there.
  func hold(
    _ wanted: [FloatingAddress], clock: () -> Int64, seconds: (FloatingAddress, LifetimeCompany, Int64) -> Int64?
  ) -> [FloatingAddress] {
    var now = clock()
    if lookedAt.map({ now - $0 >= Self.staleAfter }) ?? true { look(at: now) }
    ends = ends.filter { $0.value > now }
    let ready = reckon(wanted, at: now, seconds)
    var removals: [FloatingAddress] = []
    var puts: [FloatingAddress: UInt32] = [:]
    for family in FloatingAddress.Family.allCases {
      let plan = HoldPlan(
        ready.filter { $0.key.family == family }, ends: ends.filter { $0.key.family == family },
        company: surroundings.company(of: ends.keys, in: family), at: now)
      removals += plan.removals
      puts.merge(plan.puts) { $1 }
    }
    var placed = put(puts, after: removals, at: now)
    // Whoever was held up between the reckoning and the order has put them for too long.
    for _ in 0..<3 {
      let later = clock()
      guard !puts.isEmpty, later - now > Self.heldUp else { return placed.filter { ends[$0] != nil } }
      now = later
      let shorter = reckon(Array(puts.keys), at: now, seconds)
      placed += put(shorter, after: puts.keys.filter { shorter[$0] == nil }, at: now)
      puts = shorter
    }
    remove(Array(puts.keys), and: [])
    for address in puts.keys { ends[address] = nil }
    return placed.filter { ends[$0] != nil }
  }

  /// Takes an address away at once; false if it wasn't there by our doing.
  func drop(_ address: FloatingAddress, at now: Int64) -> Bool {
    let wasPlaced = ends.removeValue(forKey: address) != nil
    // Somebody may have made it his own in the meantime.
    look(at: now)
    if address.interface != nil, !isBarred(address) { remove([address], and: []) }
    lookedAt = nil
    return wasPlaced
  }

  // MARK: -

  /// Whether there is no place for it, or somebody else in it.
  private func isBarred(_ address: FloatingAddress) -> Bool {
    switch surroundings.problems[address] {
    case .noInterface, .occupied: true
    default: interface(of: address) == nil
    }
  }

  /// For how many seconds each may be put that can be put at all.
  private func reckon(
    _ wanted: [FloatingAddress], at now: Int64, _ seconds: (FloatingAddress, LifetimeCompany, Int64) -> Int64?
  ) -> [FloatingAddress: UInt32] {
    var ready: [FloatingAddress: UInt32] = [:]
    for address in wanted where address.interface != nil && !isBarred(address) {
      let company = surroundings.company(of: ends.keys, in: address.family)
      if let seconds = seconds(address, company, now), seconds >= 1 { ready[address] = UInt32(clamping: seconds) }
    }
    return ready
  }

  private func look(at now: Int64) {
    do throws(Errno) {
      let tables = try opened()
      surroundings = try Surroundings(of: addresses, in: tables)
      silence = nil
      lookedAt = now
    } catch {
      silence = AddressProblem(error, on: "")
      lookedAt = nil
      return
    }
    // What somebody has taken away is put as if it were new.
    ends = ends.filter { surroundings.present[$0.key] != nil }
  }

  private func opened() throws(Errno) -> NetworkTables {
    if let tables { return tables }
    let new = try NetworkTables()
    tables = new
    return new
  }

  private func put(
    _ puts: [FloatingAddress: UInt32], after removals: [FloatingAddress], at now: Int64
  ) -> [FloatingAddress] {
    let puts = puts.sorted { $0.key.name < $1.key.name }
    let orders =
      removals.compactMap(removal) + puts.compactMap { request($0, $1, ends[$0] == nil ? .new : .again) }
    for address in removals { ends[address] = nil }
    var placed: [FloatingAddress] = []
    var again: [(FloatingAddress, UInt32)] = []
    for ((address, seconds), outcome) in zip(puts, carryOut(orders).suffix(puts.count)) {
      if outcome == .fileExists {
        again.append((address, seconds))
      } else if note(address, outcome, until: now + Int64(seconds) * 1_000_000_000) {
        placed.append(address)
      }
    }
    guard !again.isEmpty else { return placed }
    // What an earlier process has left may be put again. What somebody else has put since the last look, may not.
    look(at: now)
    again.removeAll { isBarred($0.0) }
    for ((address, seconds), outcome) in zip(again, carryOut(again.compactMap { request($0, $1, .again) })) {
      if note(address, outcome, until: now + Int64(seconds) * 1_000_000_000) { placed.append(address) }
    }
    return placed
  }

  /// Takes note of what became of putting an address; whether it's there and wasn't before.
  private func note(_ address: FloatingAddress, _ outcome: Errno?, until end: Int64) -> Bool {
    refusals[address] = outcome.map { AddressProblem($0, on: address.interface ?? "") }
    return outcome == nil && ends.updateValue(end, forKey: address) == nil
  }

  private func remove(_ own: [FloatingAddress], and strays: [InterfaceAddress]) {
    let orders = own.compactMap(removal) + strays.map { .remove($0.bytes, from: $0.interface) }
    for (address, outcome) in zip(own, carryOut(orders)) {
      switch outcome {
      // It isn't there, or nothing of its family is.
      case nil, .addressNotAvailable?, .noSuchAddressOrDevice?: refusals[address] = nil
      case let error?: refusals[address] = AddressProblem(error, on: address.interface ?? "")
      }
    }
  }

  private func removal(_ address: FloatingAddress) -> NetlinkRequest? {
    interface(of: address).map { .remove(address.bytes, from: $0.index) }
  }

  private func request(
    _ address: FloatingAddress, _ seconds: UInt32, _ putting: NetlinkRequest.Putting
  ) -> NetlinkRequest? {
    interface(of: address).map { .put(address.bytes, on: $0.index, seconds: seconds, putting) }
  }

  /// What became of each order.
  private func carryOut(_ orders: [NetlinkRequest]) -> [Errno?] {
    guard !orders.isEmpty else { return [] }
    do throws(Errno) {
      guard let tables else { return orders.map { _ in .addressFamilyNotSupported } }
      return try tables.carryOut(orders)
    } catch {
      // A socket that has lost an answer isn't believed any more.
      tables = nil
      return orders.map { _ in error }
    }
  }
}
