import Config
import Proxy
package import Sockets

/// What it takes for listeners to become others. Nothing is bound for it yet.
package struct ListenerSetChange {
  /// An address of a listener that gets sockets, and where they come from.
  enum Place {
    /// The listener has had them.
    case kept(Binding)
    /// Another listener leaves it: no client that waits there is lost.
    case left(Binding)
    /// They aren't there yet.
    case new(SocketAddress)

    var isKept: Bool { if case .kept = self { true } else { false } }
    var isNew: Bool { if case .new = self { true } else { false } }
  }

  /// Listeners that stay where they are.
  private(set) var kept: [(listener: BoundListener, ListenerConfiguration)] = []
  /// Listeners that get the sockets of one with another name.
  private(set) var renamed: [(from: BoundListener, ListenerConfiguration, ListenerStatus)] = []
  /// Listeners that get sockets; those that are there move, perhaps by some ports only.
  private(set) var bound: [(listener: BoundListener?, configuration: ListenerConfiguration, places: [Place])] = []
  /// Listeners that go.
  package private(set) var removed: [BoundListener]
  /// Those that stay at their path, where their socket's file is gone.
  private(set) var rebound: [String] = []
  /// The names of all, in the configuration's order.
  let order: [String]

  /// Compares listeners with a configuration's.
  init(from listeners: [BoundListener], to configurations: [ListenerConfiguration]) {
    order = configurations.map(\.name)
    let names = Set(order)
    removed = listeners.filter { !names.contains($0.configuration.name) }
    let present = Dictionary(listeners.map { ($0.configuration.name, $0) }) { first, _ in first }
    var left = Self.left(by: listeners, for: configurations)
    for configuration in configurations {
      let own = present[configuration.name]
      if let own, own.configuration.bind == configuration.bind {
        if own.isReachable {
          kept.append((own, configuration))
        } else {
          bound.append((own, configuration, configuration.bind.all.map { .new($0) }))
          rebound.append(configuration.name)
        }
        continue
      }
      if own == nil, !configuration.bind.isPortOpen,
        let place = removed.firstIndex(where: { $0.configuration.bind == configuration.bind })
      {
        let from = removed.remove(at: place)
        renamed.append((from, configuration, from.status.renamed(configuration.name)))
        continue
      }
      let places = configuration.bind.all.map { address in
        own?.binding(at: address).map { Place.kept($0) } ?? left.removeValue(forKey: address).map { .left($0) }
          ?? .new(address)
      }
      bound.append((own, configuration, places))
    }
  }

  /// What listeners leave, by address as they have it, each for one newcomer: the kernel may tell of it in other words.
  private static func left(
    by listeners: [BoundListener], for configurations: [ListenerConfiguration]
  ) -> [SocketAddress: Binding] {
    let next = Dictionary(configurations.map { ($0.name, $0.bind) }) { first, _ in first }
    var left: [SocketAddress: Binding] = [:]
    for listener in listeners {
      let (bind, next) = (listener.configuration.bind, next[listener.configuration.name])
      guard bind != next, !bind.isPortOpen else { continue }
      for (address, binding) in zip(bind.all, listener.bindings) where next?.has(address) != true {
        left[address] = binding
      }
    }
    return left
  }

  /// Those whose sockets exist, and whose files are to be somebody's: what that takes can be lacking.
  var given: [ListenerConfiguration] {
    kept.map(\.1) + renamed.map(\.1) + bound.filter { !$0.places.allSatisfy(\.isNew) }.map(\.configuration)
  }

  /// What listeners give up that go or move, even if another one takes it up.
  var withdrawn: [(listener: BoundListener, binding: Binding)] {
    let moved = bound.flatMap { listener, _, places -> [(BoundListener, Binding)] in
      guard let listener else { return [] }
      let staying = Set(
        places.compactMap { place in
          if case .kept(let binding) = place { binding.address } else { nil }
        })
      return listener.bindings.filter { !staying.contains($0.address) }.map { (listener, $0) }
    }
    return moved + removed.flatMap { listener in listener.bindings.map { (listener, $0) } }
  }

  /// The addresses at which nobody of ours answers yet.
  package var opened: [BindAddress] {
    let former = Set(formerly)
    return BindAddress.runs(of: bound.flatMap(\.configuration.bind.all).filter { !former.contains($0) })
  }

  /// The addresses at which nobody of ours answers any more.
  package var closed: [BindAddress] {
    let next = Set(bound.flatMap(\.configuration.bind.all))
    return BindAddress.runs(of: formerly.filter { !next.contains($0) })
  }

  /// Where those answer that go or move.
  private var formerly: [SocketAddress] {
    (bound.compactMap(\.listener) + removed).flatMap(\.address.all)
  }
}
