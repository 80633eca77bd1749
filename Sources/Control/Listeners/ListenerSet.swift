package import Config
package import Proxy
import Sockets

/// The listeners of a process, and how they become others while it runs.
package final class ListenerSet {
  /// What becomes of the listeners at the process's end.
  package enum Departure {
    /// They are closed; who has connected by then is served.
    case closing
    /// Another process has them, too, and accepts from now on.
    case handingOver
  }

  /// In the configuration's order.
  package private(set) var listeners: [BoundListener]
  /// Those that were removed and may still have sessions; who has none any more is forgotten with the next change.
  package private(set) var leaving: [BoundListener] = []
  /// What those have counted that are gone, should they come back; the latest at the end.
  private var former: [ListenerStatus] = []
  /// Ports that were given up, and are kept from others: a way back may need them.
  private var resting: [Binding] = []
  /// What processes before this one have counted.
  package var inherited = InheritedListenerCounts()

  /// How many listeners that are gone are remembered.
  private static let mostFormer = 256

  private let workers: Int

  /// These listeners.
  package init(_ listeners: [BoundListener], workers: Int) {
    self.listeners = listeners
    self.workers = workers
  }

  /// Compares what is there with a configuration's listeners.
  package func change(to configurations: [ListenerConfiguration]) -> ListenerSetChange {
    ListenerSetChange(from: listeners, to: configurations)
  }

  /// Sockets that are taken for a change and answer nobody yet. They are used for it or given back, once.
  package final class Reservation {
    fileprivate let statuses: [ListenerStatus]
    fileprivate let change: ListenerSetChange
    /// What is given up by it, and kept from others.
    fileprivate private(set) var resting: [Binding]
    /// Those of each listener that gets sockets, in the change's order.
    fileprivate private(set) var bindings: [[Binding]]
    /// Those of them that weren't there before.
    private var made: [Binding]

    fileprivate init(
      _ bindings: [[Binding]], made: [Binding], _ statuses: [ListenerStatus], _ change: ListenerSetChange,
      resting: [Binding]
    ) {
      self.bindings = bindings
      self.made = made
      self.statuses = statuses
      self.change = change
      self.resting = resting
    }

    /// The listeners that are bound again where they were.
    package var rebound: [String] { change.rebound }

    /// Gives them back.
    package func close() {
      resting = []
      for binding in made { binding.giveBack() }
      _ = take()
    }

    /// They are the caller's now.
    fileprivate func take() -> [[Binding]] {
      made = []
      defer { bindings = [] }
      return bindings
    }

    /// What is given up is the caller's as well.
    fileprivate func takeResting() -> [Binding] {
      defer { resting = [] }
      return resting
    }
  }

  /// What becomes of ports that a change gives up.
  package enum GivenUp: Equatable, Sendable {
    /// They are anybody's.
    case free
    /// Nobody is answered there, and nobody else can have them until `letGo`, so that there's a way back. Not what the kernel
    /// chose, nor what systemd has made, nor Unix sockets.
    case kept
  }

  /// Takes every address that a change needs, or none.
  package func reserve(_ change: ListenerSetChange, givenUp: GivenUp = .free) throws(StartError) -> Reservation {
    guard listeners.allSatisfy({ !$0.bindings.isEmpty }) else {
      throw StartError("the listeners are closed", hint: "the process is about to end")
    }
    // By port, as only those of one can be in each other's way.
    var present = Dictionary(grouping: listeners.flatMap(\.bindings), by: \.address.port)
    var bindings: [[Binding]] = []
    var made: [Binding] = []
    do throws(StartError) {
      for configuration in change.given { try configuration.access.check(configuration) }
      for (_, configuration, places) in change.bound {
        var its: [Binding] = []
        for place in places {
          let binding: Binding
          switch place {
          case .kept(let own):
            its.append(own)
            continue
          case .left(let other): binding = try other.duplicate(for: configuration)
          case .new(let address): binding = try take(address, for: configuration, besides: present)
          }
          its.append(binding)
          made.append(binding)
          present[binding.address.port, default: []].append(binding)
        }
        bindings.append(its)
      }
    } catch {
      for binding in made { binding.giveBack() }
      throw error
    }
    let statuses = change.bound.map { $0.listener?.status ?? status($0.configuration.name) }
    let kept = givenUp == .kept ? rest(after: change, bindings) : []
    return Reservation(bindings, made: made, statuses, change, resting: kept)
  }

  /// New sockets at an address, or those that rest there.
  private func take(
    _ address: SocketAddress, for configuration: ListenerConfiguration, besides present: [UInt16?: [Binding]]
  ) throws(StartError) -> Binding {
    let others = present[address.port] ?? []
    let resting = resting.filter { $0.address.port == address.port }
    if let rest = resting.first(where: { $0.address == address }) {
      return try rest.resume(configuration, besides: others)
    }
    return try Binding.reserve(configuration, at: address, workers: workers, besides: others + resting)
  }

  /// The ports that nobody of ours is at after a change.
  private func rest(after change: ListenerSetChange, _ bindings: [[Binding]]) -> [Binding] {
    let staying = (change.kept.map(\.listener) + change.renamed.map(\.from)).flatMap(\.bindings) + bindings.joined()
    let byPort = Dictionary(grouping: staying.map(\.address), by: \.port)
    return change.withdrawn.compactMap { listener, binding in
      guard binding.canRest(as: listener.configuration),
        byPort[binding.address.port]?.contains(where: { $0.includes(binding.address) }) != true
      else { return nil }
      return binding
    }
  }

  /// Leaves the ports that were kept for a way back to whoever wants them.
  package func letGo() {
    resting = []
  }

  /// What each worker has to prepare for a reservation.
  package func rollouts(_ reservation: Reservation, id: Int, table: RoutingTable) -> [WorkerRollout] {
    let change = reservation.change
    return (0..<workers).map { worker in
      let opened = zip(zip(reservation.statuses, reservation.bindings), change.bound).flatMap { its, bound in
        zip(its.1, bound.places).flatMap { $1.isKept ? [] : $0.listening(at: worker, for: its.0) }
      }
      let renamed = change.renamed.flatMap { from, _, status in
        from.bindings.flatMap { $0.listening(at: worker, for: status) }
      }
      return WorkerRollout(
        id: id, opened: opened, withdrawn: change.withdrawn.flatMap { $0.binding.sockets[worker] },
        resting: Set(reservation.resting.flatMap { $0.sockets[worker] }), renamed: renamed, table: table)
    }
  }

  /// Makes the change the one that holds: lets clients in, and gives the listeners that are gone.
  package func commit(_ reservation: Reservation) -> [BoundListener] {
    let change = reservation.change
    var result: [BoundListener] = []
    for (listener, configuration) in change.kept {
      if configuration.backlog != listener.configuration.backlog {
        for socket in listener.sockets { try? socket.socket.listen(backlog: configuration.backlog) }
      }
      if configuration.access != listener.configuration.access {
        for binding in listener.bindings { try? binding.give(configuration.access) }
      }
      listener.configuration = configuration
      result.append(listener)
    }
    for (from, configuration, status) in change.renamed {
      let bindings = from.bindings
      from.bindings = []
      inherited.rename(from.configuration.name, to: configuration.name)
      for binding in bindings { try? binding.give(configuration.access) }
      result.append(BoundListener(configuration, status: status, bindings: bindings))
    }
    let bindings = reservation.take()
    // What is taken up again rests no more.
    let used = Set(bindings.joined().flatMap(\.all))
    resting.removeAll { !used.isDisjoint(with: $0.all) }
    resting += reservation.takeResting()
    let addresses = Set(bindings.joined().map(\.address))
    // Other listeners' files go with them, unless somebody comes to their place. The sockets are the workers' now, who take
    // everybody who has come by now.
    let deserted = change.withdrawn.map(\.binding).filter { !addresses.contains($0.address) }
    for binding in deserted { binding.removeFile() }
    for leaving in change.bound.compactMap(\.listener) + change.removed { leaving.bindings = [] }
    for (index, (old, configuration, places)) in change.bound.enumerated() {
      for (binding, place) in zip(bindings[index], places) {
        try? binding.give(configuration.access)
        if !place.isKept {
          binding.open(backlog: configuration.backlog)
        } else if old?.configuration.backlog != configuration.backlog {
          for socket in binding.all { try? socket.socket.listen(backlog: configuration.backlog) }
        }
      }
      if let old {
        old.move(to: bindings[index], as: configuration)
        result.append(old)
      } else {
        result.append(BoundListener(configuration, status: reservation.statuses[index], bindings: bindings[index]))
      }
    }
    // Whose clients are another listener's from now on are to come to that one, and not into a queue that is about to be closed.
    let serving = Dictionary(grouping: result.flatMap(\.bindings).map(\.address), by: \.port)
    for binding in deserted {
      if serving[binding.address.port]?.contains(where: { $0.includes(binding.address) }) == true { binding.hide() }
    }
    former += leaving.filter { $0.status.sessions.taken == 0 }.map(\.status)
    leaving.removeAll { $0.status.sessions.taken == 0 }
    leaving += change.removed
    leaving.removeAll { listener in change.order.contains(listener.configuration.name) }
    listeners = change.order.compactMap { name in result.first { $0.configuration.name == name } }
    former.removeAll { gone in listeners.contains { $0.status === gone } }
    former.removeFirst(max(former.count - Self.mostFormer, 0))
    return change.removed
  }

  /// Lets go of all sockets, for the end of the process; the workers take or leave the clients that wait there.
  package func close(_ departure: Departure) {
    for listener in listeners {
      if departure == .closing { for binding in listener.bindings { binding.removeFile() } }
      listener.bindings = []
    }
  }

  /// What belongs to a listener of this name: that of one which is leaving or has left, if there is one.
  private func status(_ name: String) -> ListenerStatus {
    leaving.last { $0.configuration.name == name }?.status ?? former.last { $0.name == name }
      ?? ListenerStatus(name: name, workers: workers)
  }

  // MARK: Counts

  /// What was counted of a listener, here and by processes before this one.
  package func counts(of listener: BoundListener) -> ListenerCounts {
    var counts = inherited[listener.configuration.name]
    counts.add(ListenerCounts(listener.status.counters))
    return counts
  }

  /// What was counted of all, by name, also of those that are gone, as long as they are remembered.
  var counts: [String: ListenerCounts] {
    var counts: [String: ListenerCounts] = [:]
    for status in listeners.map(\.status) + leaving.map(\.status) + former {
      counts[status.name, default: ListenerCounts()].add(ListenerCounts(status.counters))
    }
    let others = inherited.names.subtracting(counts.keys).sorted().prefix(Self.mostFormer)
    for name in counts.keys + others { counts[name, default: ListenerCounts()].add(inherited[name]) }
    return counts
  }
}
