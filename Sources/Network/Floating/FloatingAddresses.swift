import Glibc
import Sockets

/// The floating addresses of this machine: those that it holds are on their interfaces, and neighbours know.
///
/// Whoever decides about them says what is held and for how long; here it's done. No call waits, and what comes of each is told
/// once. All belongs to one thread, in whose network namespace it happens. Times are nanoseconds of CLOCK_BOOTTIME
/// (clock_gettime(2)).
package final class FloatingAddresses {
  private let addresses: [FloatingAddress]
  private let placements: Placements
  private let announcer = Announcer()
  private let commands: [FloatingAddress: AddressCommand]
  private var told: [FloatingAddress: AddressProblem] = [:]

  /// For all addresses that could ever be this machine's.
  ///
  /// - Parameter commandLimit: how long a program that moves one may run.
  package init(_ addresses: [FloatingAddress], commandLimit: Duration = .seconds(10)) {
    self.addresses = addresses
    placements = Placements(addresses)
    let limit = Int64(clamping: commandLimit.clockNanoseconds)
    var commands: [FloatingAddress: AddressCommand] = [:]
    for address in addresses {
      if case .command(let words) = address.action { commands[address] = AddressCommand(address, words, limit: limit) }
    }
    self.commands = commands
  }

  /// What is in the way of each address.
  package var problems: [FloatingAddress: AddressProblem] { told }

  /// The addresses that are on their interfaces by this process's doing.
  package func placed(at now: Int64) -> [FloatingAddress] {
    addresses.filter { placements.isPlaced($0, at: now) }
  }

  /// Whether an address that is held is there as far as it's this process's doing: a program that is to claim it may run still, or have failed.
  package func isClaimed(_ address: FloatingAddress) -> Bool {
    commands[address]?.isClaimed ?? true
  }

  /// Ends a claim that is under way, as another process goes on with the address.
  package func giveUpClaim(of address: FloatingAddress) {
    commands[address]?.giveUp()
  }

  /// Waits until programs that are to release have begun, which takes a moment where a claim had to be ended: for the end of a process.
  package func beginReleases(clock: () -> Int64) {
    let limit = clock() + Self.briefly
    while clock() < limit, commands.values.contains(where: { $0.isToRelease(at: clock()) }) {
      _ = step(at: clock())
      usleep(2_000)
    }
  }

  private static let briefly: Int64 = 200_000_000

  /// When `step` is to be called next; nil if there's nothing to do.
  package var wakesAt: Int64? {
    (commands.values.map(\.next) + [announcer.next]).compactMap(\.self).min()
  }

  /// Begins: what an earlier process has left on the interfaces goes, but for what it has handed over, and programs are run for what
  /// they may have moved here for it. Whether there is leave to put and to tell shows here already.
  package func start(keeping: Set<FloatingAddress> = [], at now: Int64) -> [AddressNews] {
    if addresses.contains(where: { $0.interface != nil }) { announcer.start(at: now) }
    placements.start(keeping: keeping, at: now)
    for (address, command) in commands where !keeping.contains(address) { command.clear(at: now) }
    for address in keeping {
      commands[address]?.adopt()
      if placements.isPlaced(address, at: now) { announcer.begin(address, at: now) }
    }
    return review()
  }

  /// Holds these addresses and no others: all are put as one message, for as long as `seconds` says, or again. To be called
  /// after each renewal, and a few times a second besides: the closer the end of a lease, the more of it can be used.
  ///
  /// Which of two rules holds depends on the company. In `shared` company an address is put when its end comes later by that.
  /// `alone` all go together, so that one may end up to a second earlier than before, until it's put again; one that can't be
  /// put for a whole second any more runs out meanwhile, and goes at once if another couldn't wait for that.
  ///
  /// - Parameters:
  ///   - clock: what time it is. It's looked at again after the order: a process that was stopped in between, or a kernel that
  ///     took its time, has put addresses for too long, and they are put for less or taken away.
  ///   - seconds: for how many whole seconds an address may be put at that time; nil if for none.
  package func hold(
    _ held: [FloatingAddress], clock: () -> Int64, seconds: (FloatingAddress, LifetimeCompany, Int64) -> Int64?
  ) -> [AddressNews] {
    let placed = placements.hold(held, clock: clock, seconds: seconds)
    let now = clock()
    for address in placed { announcer.begin(address, at: now) }
    for address in held { commands[address]?.want(.claim, at: now) }
    for address in addresses where !held.contains(address) { announcer.end(address) }
    return placed.map { .held($0) } + step(at: now)
  }

  /// Takes an address away at once.
  package func drop(_ address: FloatingAddress, at now: Int64) -> [AddressNews] {
    announcer.end(address)
    commands[address]?.want(.release, at: now)
    let news: [AddressNews] = placements.drop(address, at: now) ? [.dropped(address)] : []
    return news + step(at: now)
  }

  /// Does what has its time: neighbours are told again, programs looked after.
  package func step(at now: Int64) -> [AddressNews] {
    announcer.tell(at: now) { [placements] address in
      placements.isPlaced(address, at: now) ? placements.interface(of: address) : nil
    }
    var news: [AddressNews] = []
    for (address, command) in commands {
      switch command.step(at: now) {
      case .done(.claim): news.append(.held(address))
      case .done(.release): news.append(.dropped(address))
      case .notCleared(let problem): news.append(.notCleared(address, problem))
      case nil: break
      }
    }
    return news + review()
  }

  /// What is in the way by now, as far as that is new.
  private func review() -> [AddressNews] {
    var news: [AddressNews] = []
    for address in addresses {
      let problem = problem(of: address)
      guard problem != told[address] else { continue }
      told[address] = problem
      news.append(problem.map { .hindered(address, $0) } ?? .unhindered(address))
    }
    return news
  }

  private func problem(of address: FloatingAddress) -> AddressProblem? {
    if let command = commands[address] { return command.problem }
    return placements.problem(of: address) ?? (address.interface == nil ? nil : announcer.problem)
  }
}
