package import Agreement
package import Libevent
import Model
package import Names
import Sockets
import Stores
import TLS

/// ZooKeeper as a store.
///
/// Two connections are kept, to two servers: one is used, and the other is there at once when the first is lost. The loss of
/// one tells that what was under way on it is unknown, and nothing else: no node in the store belongs to a session.
package final class ZooKeeperStore: Store {
  package var onHint: ((StoreKey) -> Void)? {
    get { core.onHint }
    set { core.onHint = newValue }
  }
  package var onState: ((StoreState) -> Void)? {
    get { core.reach.changed }
    set { core.reach.changed = newValue }
  }
  package var state: StoreState { core.reach.state }

  /// Called with what the server that is used says of how the servers are tuned, if it does; after each change of the server.
  package var onTuning: ((ZooKeeperTuning) -> Void)? {
    get { core.onTuning }
    set { core.onTuning = newValue }
  }

  /// Called with what people should know of files for TLS that have changed and can't be gone by.
  package var onTrouble: ((String) -> Void)? {
    get { core.tls?.onTrouble }
    set { core.tls?.onTrouble = newValue }
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
  var onTuning: ((ZooKeeperTuning) -> Void)?
  let reach = StoreReach()

  private let loop: EventLoop
  private let manners: ZooKeeperManners
  private let nodes: ZooKeeperNodes
  private let pending: PendingRequests
  private var folders: ZooKeeperFolders?
  private var links: [StoreLink<ZooKeeperConnection>] = []
  /// The connection that is used; nil if there is none.
  private var active: ZooKeeperConnection?
  private var watched: [String: StoreKey] = [:]
  private var question: ZooKeeperTuningQuestion?
  private var isClosed = false
  /// How the last connection to each server ended, since one was used last; in the order in which they did.
  private var losses: [(server: SocketAddress, ending: String)] = []

  init(_ settings: StoreSettings, resolver: Resolver, on loop: EventLoop) {
    self.loop = loop
    manners = ZooKeeperManners(
      patience: settings.patience, user: settings.user?.bytes, tls: settings.tls.map { RenewedTLS($0, on: loop) })
    nodes = ZooKeeperNodes(root: settings.root)
    pending = PendingRequests(patience: settings.patience, on: loop)
    folders = ZooKeeperFolders(
      nodes.folders, on: loop, deliver: { [unowned self] in take($0, of: $1) }, retry: { [unowned self] in settle() })
    let book = StoreAddressBook(settings.servers, resolver: resolver) { [unowned self] in take($0) }
    for index in 0..<2 {
      let other = { [unowned self] in links[1 - index].connection?.server.address }
      links.append(
        StoreLink(
          book, on: loop, staysAwayFrom: other,
          connect: { [unowned self] server, tell in connect(to: server, by: index, tell) },
          deliver: { [unowned self] in take($0) }))
    }
  }

  var tls: RenewedTLS? { manners.tls }

  func start() {
    for link in links { link.dial() }
  }

  /// Nobody is called any more.
  func close() {
    isClosed = true
    for link in links { link.close() }
    pending.close()
    folders?.close()
    (onHint, onTuning, reach.changed, active, question) = (nil, nil, nil, nil, nil)
    tls?.onTrouble = nil
  }
}

// MARK: - Requests

extension Core {
  func perform(_ request: StoreRequest, then: @escaping (StoreReply) -> Void) {
    guard let parts = nodes.requests(for: request) else { return pending.tell(.refused, of: request, to: then) }
    // A connection that has just ended is replaced as soon as all have been told who waited on it.
    guard let active, active.isReady else { return pending.wait(request, then: then) }
    make(request, by: parts, on: active, then: then)
  }

  /// Sends the parts of a request at once: they're answered in order, and the last answer is the reply.
  private func make(
    _ request: StoreRequest, by parts: [ZooKeeperRequest], on connection: ZooKeeperConnection,
    then: @escaping (StoreReply) -> Void
  ) {
    var areDone = true
    for (index, part) in parts.enumerated() {
      connection.send(part) { [unowned self] outcome in
        guard index == parts.count - 1 else { return areDone = areDone && outcome == .answered(.done) }
        guard areDone, case .answered(let reply) = outcome else { return then(.unknown) }
        learn(from: reply, to: part, on: connection)
        then(ZooKeeperNodes.reply(reply, to: request))
      }
    }
  }

  /// Sees what an answer says beside what was asked.
  private func learn(from reply: ZooKeeperReply, to part: ZooKeeperRequest, on connection: ZooKeeperConnection) {
    switch reply {
    case .failed(.noNode) where part.makesNode:
      folders?.areMissing()
      settle()
    case .failed(let error) where ZooKeeperNodes.reply(reply) == .unknown:
      let server = connection.server.address
      reach.reached(server, trouble: "\(server) \(error)")
    case .written: reach.reached(connection.server.address)
    default: break
    }
  }

  func watch(_ keys: Set<StoreKey>) {
    let before = watched
    watched = [:]
    for key in keys { watched[nodes.path(key)] = key }
    for path in watched.keys where before[path] == nil { watch(path) }
  }

  private func watch(_ path: String) {
    guard let active, active.isReady else { return }
    active.send(.watch(path)) { _ in }
  }
}

// MARK: - Connections

extension Core {
  private func take(_ event: StoreAddressBook.Event) {
    switch event {
    case .found: start()
    case .failed(let name, let why): if active == nil { reach.away("\(name) isn't resolved: \(why)") }
    }
  }

  private func connect(
    to server: StoreServer, by index: Int, _ tell: @escaping (StoreLink<ZooKeeperConnection>.News) -> Void
  ) -> ZooKeeperConnection {
    manners.tls?.look()
    return ZooKeeperConnection(to: server, manners, on: loop) { [unowned self] event in
      switch event {
      case .ready: tell(.ready)
      case .changed(let path): change(of: path, on: links[index].connection)
      case .ended(let ending): tell(.ended("\(ending)"))
      }
    }
  }

  private func change(of path: String, on connection: ZooKeeperConnection?) {
    guard connection === active, let key = watched[path] else { return }
    // Watched again before anybody looks, so that nothing changes unseen in between.
    watch(path)
    onHint?(key)
  }

  private func take(_ event: StoreLink<ZooKeeperConnection>.Event) {
    switch event {
    case .up: settle()
    case .down(let server, let ending):
      if let active, !active.isReady { self.active = nil }
      settle()
      guard active == nil else { return }
      losses.removeAll { $0.server == server }
      losses.append((server, ending))
      reach.away(losses.map { "\($0.server) \($0.ending)" }.joined(separator: "; "))
    }
  }

  private func take(_ outcome: ZooKeeperFolders.Outcome, of connection: ZooKeeperConnection) {
    switch outcome {
    case .ready: settle()
    case .failed(let path, let error):
      active = nil
      reach.away("\(connection.server.address) \(error) at \(path)")
    case .unknown: break
    }
  }

  /// Picks the connection to use, if there is one and none is picked yet.
  private func settle() {
    guard !isClosed, let folders, let next = active ?? links.first(where: \.isUp)?.connection else { return }
    guard folders.areReady else { return folders.prepare(on: next) }
    guard active == nil else { return }
    active = next
    losses = []
    for path in watched.keys { watch(path) }
    for waiting in pending.takeAll() {
      make(waiting.request, by: nodes.requests(for: waiting.request) ?? [], on: next, then: waiting.then)
    }
    question = ZooKeeperTuningQuestion(to: next.server, manners, on: loop) { [unowned self] in onTuning?($0) }
    reach.reached(next.server.address)
    // Whatever has changed while nobody was told of it.
    for key in watched.values { onHint?(key) }
  }
}
