import Agreement
import Libevent
import Network

/// The addresses that this node owns, on its own machine: they are there as long as it does, and no longer.
///
/// What an owner may count on is the protocol's to say; here it comes to the kernel, which ends an address by itself if this thread
/// doesn't run. It belongs to the fleet's thread, and never waits.
final class FleetAddresses {
  /// What it has to say.
  enum Event {
    /// An address is about to come to this node.
    case gained(Int)
    /// Its sessions are to end. If it's still there, that's waited for, and answered by `sessionsEnded`.
    case lost(Int)
    /// Nothing stands for it here any more, though it was this node's to give up.
    case gone(Int)
    /// Whether it could be this node's.
    case ability(Int, isAble: Bool)
    /// What people should know: something is wrong, or well again, or has come to pass.
    case trouble(String), relief(String), news(String)
  }

  /// An address that is here.
  private struct Hold {
    enum State: Equatable {
      case owned
      /// Its lease is over, and it's kept all the same.
      case keptOver
      /// Its sessions end, until then at most.
      case ending(by: Moment)
      /// A program takes it away.
      case going(by: Moment)
    }

    var generation: UInt64
    var until: Moment
    var state = State.owned
  }

  private let addresses: [FleetAddress]
  private let floating: FloatingAddresses
  private let tell: (Event) -> Void
  private var holds: [Int: Hold] = [:]
  private var isAble: [Bool]
  private var timer: Timer?
  private var probesAt = Moment.start
  /// Whether this node shall own none.
  private(set) var hasLeft = false
  /// Whether it can own none, as long as this process runs.
  private var isOut = false

  /// How long sessions may take to end, before an address goes.
  private static let patience = Span.milliseconds(500)
  /// How often what is held is looked after.
  private static let glance = Span.milliseconds(200)
  /// How often it's looked whether what stood in the way is gone.
  private static let look = Span.seconds(1)
  /// How often the kernel is asked again that has refused.
  private static let probe = Span.seconds(5)

  /// Has nothing yet.
  init(_ addresses: [FleetAddress], on loop: EventLoop, tell: @escaping (Event) -> Void) {
    self.addresses = addresses
    self.tell = tell
    floating = FloatingAddresses(addresses.map(\.floating))
    isAble = addresses.map { _ in true }
    timer = Timer(on: loop) { [unowned self] in tick() }
  }

  /// Begins: what an earlier process has left goes, but for what it has handed over.
  ///
  /// - Parameter inherited: takes that, before anything else is told: the protocol goes on from it only as long as it hasn't begun.
  func start(_ leases: [FleetLease], hasLeft: Bool, inherited: (_ index: Int, FleetLease) -> Void) {
    self.hasLeft = hasLeft
    let now = BootClock.now()
    let kept = leases.compactMap { lease in
      addresses.firstIndex { $0.floating.name == lease.name && lease.until > now.nanoseconds }.map {
        (index: $0, lease)
      }
    }
    let claimed = kept.filter { $0.1.isUnclaimed != true }
    let news = floating.start(keeping: Set(claimed.map { addresses[$0.index].floating }), at: now.nanoseconds)
    for (index, lease) in kept { inherited(index, lease) }
    take(news)
    // Of what the protocol doesn't go on with nobody would hear any more. The kernel ends it, a program has to be told.
    for (index, _) in kept where holds[index] == nil {
      if case .command = addresses[index].floating.action {
        take(floating.drop(addresses[index].floating, at: BootClock.now().nanoseconds))
      }
    }
    tick()
  }

  // MARK: What the protocol says

  /// This node owns an address until then.
  func own(_ index: Int, generation: UInt64, until: Moment) {
    let before = holds.updateValue(Hold(generation: generation, until: until), forKey: index)
    if before == nil {
      tell(.gained(index))
      tell(.news("\(said(index)) is this node's, by generation \(generation)"))
    } else if before?.state == .keptOver {
      tell(.relief("\(said(index)) is renewed again"))
    }
    tick()
  }

  /// This node owns it no longer, or isn't to.
  func drop(_ index: Int, _ cause: Ownership.Cause) {
    guard var hold = holds[index] else {
      if cause == .released { tell(.gone(index)) }
      return
    }
    switch cause {
    case .released:
      hold.state = .ending(by: min(BootClock.now() + Self.patience, max(hold.until, BootClock.now())))
      holds[index] = hold
      tell(.news("\(said(index)) is given up"))
      tell(.lost(index))
    case .lapsed where addresses[index].loss == .hold && isPlaced(index):
      holds[index]?.state = .keptOver
      tell(.trouble("\(said(index)) can't be renewed in time, and is kept all the same (onQuorumLoss)"))
    case .lapsed:
      lose(index)
      tell(.trouble("\(said(index)) couldn't be renewed in time, and isn't this node's any more"))
    case .taken(let node):
      lose(index)
      tell(.trouble("\(said(index)) is \(node.map { "\($0.text)'s" } ?? "nobody's") now"))
    }
    tick()
  }

  /// Takes an address away, and whoever came by it after that.
  private func lose(_ index: Int) {
    holds[index] = nil
    take(floating.drop(addresses[index].floating, at: BootClock.now().nanoseconds))
    tell(.lost(index))
  }

  /// The sessions of an address that is given up have ended.
  func sessionsEnded(_ index: Int) {
    guard let hold = holds[index], case .ending = hold.state else { return }
    holds[index]?.state = .going(by: hold.until)
    goAway(index)
  }

  /// Takes an address away that is given up. As long as it may be here still, nobody is told that it's gone: a program takes its time, and the
  /// kernel may have refused.
  private func goAway(_ index: Int) {
    let address = addresses[index].floating
    take(floating.drop(address, at: BootClock.now().nanoseconds))
    if case .command = address.action { return }
    guard holds[index] != nil, floating.problems[address]?.leavesWhatIsThere != true else { return }
    holds[index] = nil
    tell(.gone(index))
  }

  /// This node shall own none, or may again.
  func leave(_ hasLeft: Bool) {
    self.hasLeft = hasLeft
    weigh()
  }

  /// This node can own none any more, whatever people want; the process that comes after this one may.
  func stayOut() {
    isOut = true
    weigh()
  }

  /// Ends. What is handed over stays where it is, and is given; all else goes.
  func end(handingOver: Bool) -> [FleetLease] {
    timer = nil
    let now = BootClock.now()
    var leases: [FleetLease] = []
    for (index, hold) in holds {
      let address = addresses[index].floating
      if handingOver, hold.state == .owned, hold.until > now {
        let isClaimed = floating.isClaimed(address)
        if !isClaimed { floating.giveUpClaim(of: address) }
        leases.append(
          FleetLease(
            name: address.name, generation: hold.generation, until: hold.until.nanoseconds,
            isUnclaimed: isClaimed ? nil : true))
      } else {
        _ = floating.drop(address, at: now.nanoseconds)
      }
    }
    floating.beginReleases { BootClock.now().nanoseconds }
    holds = [:]
    return leases
  }

  // MARK: What is shown

  /// What is in the way of an address, for people.
  func problem(of index: Int) -> String? { floating.problems[addresses[index].floating]?.description }

  /// Until when this node counts on an address; nil if it hasn't got it.
  func until(_ index: Int) -> Moment? { holds[index]?.until }

  // MARK: Time

  private func tick() {
    let now = BootClock.now()
    for (index, hold) in holds {
      switch hold.state {
      case .ending(let limit) where now >= limit: sessionsEnded(index)
      case .going(let limit) where now >= limit:
        holds[index] = nil
        tell(.gone(index))
      case .going: goAway(index)
      default: break
      }
    }
    take(
      floating.hold(
        held.map { addresses[$0].floating }, clock: { BootClock.now().nanoseconds },
        seconds: { [unowned self] in seconds(for: $0, $1, at: Moment(nanoseconds: $2)) }))
    if now >= probesAt { ask(at: now) }
    let pause = holds.isEmpty ? Self.look : Self.glance
    let next = floating.wakesAt.map { Span(nanoseconds: $0) - Span(nanoseconds: now.nanoseconds) } ?? pause
    timer?.schedule(after: .nanoseconds(max(min(pause, next).nanoseconds, 5_000_000)))
  }

  private var held: [Int] {
    holds.filter { $0.value.state == .owned || $0.value.state == .keptOver }.keys.sorted()
  }

  private func isPlaced(_ index: Int) -> Bool {
    guard case .address = addresses[index].floating.action else { return true }
    return floating.placed(at: BootClock.now().nanoseconds).contains(addresses[index].floating)
  }

  private func seconds(for address: FloatingAddress, _ company: LifetimeCompany, at now: Moment) -> Int64? {
    guard let index = addresses.firstIndex(where: { $0.floating == address }), let hold = holds[index] else {
      return nil
    }
    let lease = addresses[index].lease
    var end = hold.until
    if addresses[index].loss == .hold, hold.until - now < lease.term / 2 {
      // Nobody renews it. It's to stay without a gap as long as this process runs, and goes with it.
      guard hold.state == .keptOver || hold.until > now else { return nil }
      end = lease.end(sentAt: now)
    }
    return KernelLifetime.seconds(until: end, at: now, company == .alone ? .alone : .shared)
  }

  /// Asks the kernel again about what it has refused; other obstacles are seen to go.
  private func ask(at now: Moment) {
    probesAt = now + Self.probe
    for index in addresses.indices where !isAble[index] && holds[index] == nil {
      guard case .address = addresses[index].floating.action else { continue }
      take(floating.drop(addresses[index].floating, at: now.nanoseconds))
    }
  }

  // MARK: News

  private func take(_ news: [AddressNews]) {
    for news in news {
      switch news {
      case .held: break
      case .dropped(let address):
        guard let index = addresses.firstIndex(where: { $0.floating == address }), let hold = holds[index],
          case .going = hold.state, case .command = address.action
        else { break }
        holds[index] = nil
        tell(.gone(index))
      case .notCleared(let address, let problem):
        tell(.news("\(address.name): \(problem), when it was to release what an earlier process may have left here"))
      case .hindered(let address, let problem): tell(.trouble("\(address.name): \(problem)"))
      case .unhindered(let address): tell(.relief("\(address.name): nothing is in its way any more"))
      }
    }
    weigh()
  }

  private func weigh() {
    for (index, address) in addresses.enumerated() {
      let isAble = !hasLeft && !isOut && floating.problems[address.floating]?.keepsOwnersAway != true
      guard isAble != self.isAble[index] else { continue }
      self.isAble[index] = isAble
      tell(.ability(index, isAble: isAble))
    }
  }

  private func said(_ index: Int) -> String {
    "\(addresses[index].floating.name) (\(addresses[index].floating.host.host))"
  }
}

extension AddressProblem {
  /// Whether another node should have the address rather than this one.
  fileprivate var keepsOwnersAway: Bool {
    if case .isDown = self { return true }
    return isFatal
  }
}
