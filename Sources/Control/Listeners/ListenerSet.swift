package import Config
package import Proxy
package import Sockets

/// A listener as the control plane sees it.
package final class BoundListener {
  /// What the file says of it.
  package fileprivate(set) var configuration: ListenerConfiguration
  /// Its sessions and counts.
  package let status: ListenerStatus
  /// Its sockets; nil once they were closed here, or left to another process.
  package fileprivate(set) var binding: Binding?
  /// Where it's bound, or was last.
  package fileprivate(set) var address: SocketAddress

  /// A listener that is bound.
  package init(_ configuration: ListenerConfiguration, status: ListenerStatus, binding: Binding) {
    self.configuration = configuration
    self.status = status
    self.binding = binding
    address = binding.address
  }

  /// Moves to other sockets.
  fileprivate func move(to binding: Binding) {
    self.binding = binding
    address = binding.address
  }
}

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
  private var resting: [(bind: SocketAddress, binding: Binding)] = []
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

  /// What it takes to become other listeners. Nothing is bound for it yet.
  package struct Change {
    /// Listeners that stay where they are.
    fileprivate var kept: [(listener: BoundListener, ListenerConfiguration)] = []
    /// Listeners that get a socket from one with another name.
    fileprivate var renamed: [(from: BoundListener, ListenerConfiguration, ListenerStatus)] = []
    /// Listeners that get sockets; those that are there move. The sockets are new, or those of a listener that leaves the
    /// same address.
    package fileprivate(set) var bound:
      [(listener: BoundListener?, configuration: ListenerConfiguration, from: BoundListener?)] = []
    /// Listeners that go.
    package fileprivate(set) var removed: [BoundListener] = []
    /// Those of them that stay at their path, where their socket's file is gone.
    fileprivate(set) var rebound: [String] = []
    fileprivate let order: [String]

    /// Those whose sockets exist, and whose files are to be somebody's: what that takes can be lacking.
    fileprivate var given: [ListenerConfiguration] {
      kept.map(\.1) + renamed.map(\.1) + bound.filter { $0.from != nil }.map(\.configuration)
    }

    /// The addresses that are given up.
    package var unbound: [SocketAddress] {
      bound.compactMap { $0.listener?.address } + removed.map(\.address)
    }
  }

  /// Compares what is there with a configuration's listeners.
  package func change(to configurations: [ListenerConfiguration]) -> Change {
    var change = Change(order: configurations.map(\.name))
    let names = Set(change.order)
    // Who leaves an address, each for one newcomer.
    var vacating = listeners.filter { listener in
      !configurations.contains {
        $0.name == listener.configuration.name && $0.bind == listener.configuration.bind
      }
    }
    var removed = listeners.filter { !names.contains($0.configuration.name) }
    for configuration in configurations {
      let own = listeners.first { $0.configuration.name == configuration.name }
      if let own, own.configuration.bind == configuration.bind {
        if own.binding?.isReachable == false {
          change.bound.append((own, configuration, nil))
          change.rebound.append(configuration.name)
        } else {
          change.kept.append((own, configuration))
        }
        continue
      }
      let place = vacating.firstIndex { $0.configuration.bind == configuration.bind && configuration.bind.port != 0 }
      let from = place.map { vacating.remove(at: $0) }
      if own == nil, let from, !names.contains(from.configuration.name) {
        change.renamed.append((from, configuration, from.status.renamed(configuration.name)))
        removed.removeAll { $0 === from }
      } else {
        change.bound.append((own, configuration, from))
      }
    }
    change.removed = removed
    return change
  }

  /// Sockets that are taken for a change and answer nobody yet. They are used for it or given back, once.
  package final class Reservation {
    fileprivate let statuses: [ListenerStatus]
    fileprivate let change: Change
    /// What is given up by it, and kept from others.
    fileprivate private(set) var resting: [(bind: SocketAddress, binding: Binding)]
    fileprivate private(set) var bindings: [Binding]

    fileprivate init(
      _ bindings: [Binding], _ statuses: [ListenerStatus], _ change: Change,
      resting: [(bind: SocketAddress, binding: Binding)]
    ) {
      self.bindings = bindings
      self.statuses = statuses
      self.change = change
      self.resting = resting
    }

    /// The listeners that are bound again where they were.
    package var rebound: [String] { change.rebound }

    /// Gives them back.
    package func close() {
      resting = []
      for binding in take() { binding.giveBack() }
    }

    /// They are the caller's now.
    fileprivate func take() -> [Binding] {
      defer { bindings = [] }
      return bindings
    }

    /// What is given up is the caller's as well.
    fileprivate func takeResting() -> [(bind: SocketAddress, binding: Binding)] {
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
  package func reserve(_ change: Change, givenUp: GivenUp = .free) throws(StartError) -> Reservation {
    let present = listeners.compactMap(\.binding)
    guard present.count == listeners.count else {
      throw StartError("the listeners are closed", hint: "the process is about to end")
    }
    var bindings: [Binding] = []
    do throws(StartError) {
      for configuration in change.given { try configuration.access.check(configuration) }
      for (_, configuration, from) in change.bound {
        if let binding = from?.binding {
          bindings.append(try binding.duplicate(for: configuration))
        } else if let rest = resting.first(where: { $0.bind == configuration.bind }) {
          bindings.append(try rest.binding.resume(configuration, besides: present + bindings))
        } else {
          let others = present + resting.map(\.binding) + bindings
          bindings.append(try Binding.reserve(configuration, workers: workers, besides: others))
        }
      }
    } catch {
      for binding in bindings { binding.giveBack() }
      throw error
    }
    let statuses = change.bound.map { $0.listener?.status ?? status($0.configuration.name) }
    let kept = givenUp == .kept ? rest(after: change, bindings) : []
    return Reservation(bindings, statuses, change, resting: kept)
  }

  /// The ports that nobody of ours is at after a change.
  private func rest(after change: Change, _ bindings: [Binding]) -> [(bind: SocketAddress, binding: Binding)] {
    let staying = (change.kept.map(\.listener) + change.renamed.map(\.from)).map(\.address) + bindings.map(\.address)
    return (change.bound.compactMap(\.listener) + change.removed).compactMap { listener in
      guard let binding = listener.binding, binding.canRest(as: listener.configuration),
        !staying.contains(where: { $0.includes(binding.address) })
      else { return nil }
      return (listener.configuration.bind, binding)
    }
  }

  /// Leaves the ports that were kept for a way back to whoever wants them.
  package func letGo() {
    resting = []
  }

  /// What each worker has to prepare for a reservation.
  package func rollouts(_ reservation: Reservation, id: Int, table: RoutingTable) -> [WorkerRollout] {
    let change = reservation.change
    let withdrawn = (change.bound.compactMap(\.listener) + change.removed).compactMap(\.binding)
    return (0..<workers).map { worker in
      let opened = zip(reservation.statuses, reservation.bindings).flatMap { status, binding in
        binding.sockets[worker].map { ListeningSocket(status: status, socket: $0) }
      }
      let renamed = change.renamed.flatMap { from, _, status in
        (from.binding?.sockets[worker] ?? []).map { ListeningSocket(status: status, socket: $0) }
      }
      return WorkerRollout(
        id: id, opened: opened, withdrawn: withdrawn.flatMap { $0.sockets[worker] },
        resting: Set(reservation.resting.flatMap { $0.binding.sockets[worker] }), renamed: renamed, table: table)
    }
  }

  /// Makes the change the one that holds: lets clients in, and gives the listeners that are gone.
  package func commit(_ reservation: Reservation) -> [BoundListener] {
    let change = reservation.change
    var result: [BoundListener] = []
    for (listener, configuration) in change.kept {
      if configuration.backlog != listener.configuration.backlog {
        for socket in listener.binding?.all ?? [] { try? socket.socket.listen(backlog: configuration.backlog) }
      }
      if configuration.access != listener.configuration.access { try? listener.binding?.give(configuration.access) }
      listener.configuration = configuration
      result.append(listener)
    }
    for (from, configuration, status) in change.renamed {
      guard let binding = from.binding.take() else { continue }
      inherited.rename(from.configuration.name, to: configuration.name)
      try? binding.give(configuration.access)
      result.append(BoundListener(configuration, status: status, binding: binding))
    }
    let bindings = reservation.take()
    // What is taken up again rests no more.
    let used = Set(bindings.flatMap(\.all))
    resting.removeAll { !used.isDisjoint(with: $0.binding.all) }
    resting += reservation.takeResting()
    let addresses = Set(bindings.map(\.address))
    // Other listeners' files go with them, unless somebody comes to their place. The sockets are the workers' now, who take
    // everybody who has come by now.
    let departing = change.bound.compactMap(\.listener) + change.removed
    let deserted = departing.filter { !addresses.contains($0.address) }.compactMap(\.binding)
    for binding in deserted { binding.removeFile() }
    for leaving in departing { leaving.binding = nil }
    for (index, (old, configuration, _)) in change.bound.enumerated() {
      let binding = bindings[index]
      try? binding.give(configuration.access)
      binding.open(backlog: configuration.backlog)
      if let old {
        old.configuration = configuration
        old.move(to: binding)
        result.append(old)
      } else {
        result.append(BoundListener(configuration, status: reservation.statuses[index], binding: binding))
      }
    }
    // Whose clients are another listener's from now on are to come to that one, and not into a queue that is about to be closed.
    for binding in deserted where result.contains(where: { $0.address.includes(binding.address) }) { binding.hide() }
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
      if departure == .closing { listener.binding?.removeFile() }
      listener.binding = nil
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
