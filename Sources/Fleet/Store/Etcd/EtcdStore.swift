package import Agreement
package import Libevent
import Model
package import Names
import Sockets
import Stores
import TLS

/// etcd as a store, by the JSON gateway that every server has.
///
/// Two connections are kept, to two servers: one is used, and the other is there at once when the first is lost. A third one
/// tells of changes. The loss of one tells that what was under way on it is unknown, and nothing else: no key in the store
/// belongs to a lease of etcd.
package final class EtcdStore: Store {
  package var onHint: ((StoreKey) -> Void)? {
    get { core.onHint }
    set { core.onHint = newValue }
  }
  package var onState: ((StoreState) -> Void)? {
    get { core.reach.changed }
    set { core.reach.changed = newValue }
  }
  package var state: StoreState { core.reach.state }

  /// Called with what people should know of files for TLS that have changed and can't be gone by.
  package var onTrouble: ((String) -> Void)? {
    get { core.manners.tls?.onTrouble }
    set { core.manners.tls?.onTrouble = newValue }
  }

  private let core: Core

  /// Starts to connect.
  ///
  /// - Parameter resolver: who finds the servers that are given by name.
  package init(_ settings: StoreSettings, resolver: Resolver, on loop: EventLoop) {
    core = Core(settings, resolver: resolver, on: loop)
    core.start()
  }

  deinit {
    core.close()
  }

  package func perform(_ request: StoreRequest, then: @escaping (StoreReply) -> Void) {
    core.perform(request, then: then)
  }

  package func watch(_ keys: Set<StoreKey>) {
    core.watch(keys)
  }
}

/// What the loop calls for a store, which may be dropped by whoever it has just called.
private final class Core {
  var onHint: ((StoreKey) -> Void)?
  let reach = StoreReach()
  let manners: EtcdManners

  private let loop: EventLoop
  private let keys: EtcdKeys
  private let pending: PendingRequests
  private var links: [StoreLink<EtcdConnection>] = []
  /// The connection that is used; nil if there is none.
  private var active: EtcdConnection?
  private var watched: [String: StoreKey] = [:]
  private var watch: EtcdWatch?
  private var isClosed = false
  /// How the last connection to each server ended, since one was used last; in the order in which they did.
  private var losses: [(server: SocketAddress, ending: String)] = []

  init(_ settings: StoreSettings, resolver: Resolver, on loop: EventLoop) {
    self.loop = loop
    keys = EtcdKeys(root: settings.root)
    manners = EtcdManners(
      patience: settings.patience, probe: keys.path(.head), user: settings.user,
      tls: settings.tls.map { RenewedTLS($0, on: loop) })
    pending = PendingRequests(patience: settings.patience, on: loop)
    watch = EtcdWatch(manners, on: loop) { [unowned self] path in
      if let key = watched[path] { onHint?(key) }
    }
    let book = StoreAddressBook(settings.servers, resolver: resolver) { [unowned self] in take($0) }
    for index in 0..<2 {
      let other = { [unowned self] in links[1 - index].connection?.server.address }
      links.append(
        StoreLink(
          book, on: loop, staysAwayFrom: other, connect: { [unowned self] server, tell in connect(to: server, tell) },
          deliver: { [unowned self] in take($0) }))
    }
  }

  func start() {
    for link in links { link.dial() }
  }

  /// Nobody is called any more.
  func close() {
    isClosed = true
    for link in links { link.close() }
    pending.close()
    watch?.close()
    (onHint, reach.changed, active, watch) = (nil, nil, nil, nil)
    manners.tls?.onTrouble = nil
  }
}

// MARK: - Requests

extension Core {
  func perform(_ request: StoreRequest, then: @escaping (StoreReply) -> Void) {
    guard keys.request(for: request) != nil else { return pending.tell(.refused, of: request, to: then) }
    pending.wait(request, then: then)
    goOn()
  }

  /// Makes the request that has waited longest, if it can be made.
  private func goOn() {
    guard let active, active.isFree, let next = pending.takeFirst(), let request = keys.request(for: next.request)
    else {
      return
    }
    active.send(request) { [unowned self] outcome in
      guard case .answered(let answer) = outcome else { return next.then(.unknown) }
      take(answer, to: request, of: next, on: active)
    }
  }

  private func take(
    _ answer: EtcdAnswer, to request: EtcdRequest, of asked: PendingRequests.Request, on connection: EtcdConnection
  ) {
    learn(from: answer, on: connection)
    // Told after its answer, a change would pass for another one's.
    if case (.write(let writes), .written(let revision)) = (request, answer) {
      watch?.tell(of: writes.map(\.key), changedBy: revision)
    }
    // Whoever was told of it may have dropped this.
    if !isClosed { asked.then(EtcdKeys.reply(answer, to: asked.request)) }
  }

  /// Sees what an answer says beside what was asked.
  private func learn(from answer: EtcdAnswer, on connection: EtcdConnection) {
    let server = connection.server.address
    switch answer {
    case .failed(let error): reach.reached(server, trouble: "\(server) \(error)")
    case .written, .refused: reach.reached(server)
    default: break
    }
  }

  func watch(_ keys: Set<StoreKey>) {
    watched = [:]
    for key in keys { watched[self.keys.path(key)] = key }
    watch?.watch(Set(watched.keys))
  }
}

// MARK: - Connections

extension Core {
  private func connect(
    to server: StoreServer, _ tell: @escaping (StoreLink<EtcdConnection>.News) -> Void
  ) -> EtcdConnection {
    manners.tls?.look()
    return EtcdConnection(to: server, manners, on: loop) { [unowned self] event in
      switch event {
      case .ready: tell(.ready)
      case .free: goOn()
      case .ended(let ending): tell(.ended("\(ending)"))
      }
    }
  }

  private func take(_ event: StoreAddressBook.Event) {
    switch event {
    case .found: start()
    case .failed(let name, let why): if active == nil { reach.away("\(name) isn't resolved: \(why)") }
    }
  }

  private func take(_ event: StoreLink<EtcdConnection>.Event) {
    switch event {
    case .up: settle()
    case .down(let server, let ending):
      if let active, !active.isReady { self.active = nil }
      settle()
      guard active == nil else { return }
      watch?.rest()
      losses.removeAll { $0.server == server }
      losses.append((server, ending))
      reach.away(losses.map { "\($0.server) \($0.ending)" }.joined(separator: "; "))
    }
  }

  /// Picks the connection to use, if there is one and none is picked yet.
  private func settle() {
    guard !isClosed, active == nil, let next = links.first(where: \.isUp)?.connection else { return }
    active = next
    losses = []
    watch?.ask(next)
    goOn()
    reach.reached(next.server.address)
    // Whatever has changed while nobody was told of it.
    for key in watched.values { onHint?(key) }
  }
}
