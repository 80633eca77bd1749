package import Agreement
package import Libevent
import Model
package import Names
import Sockets

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
    get { core.onState }
    set { core.onState = newValue }
  }
  package var state: StoreState { core.state }
  private let core: Core

  /// Starts to connect.
  ///
  /// - Parameter resolver: who finds the servers that are given by name.
  package init(_ settings: ZooKeeperSettings, resolver: Resolver, on loop: EventLoop) {
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
  var onState: ((StoreState) -> Void)?
  private(set) var state = StoreState.away(since: .now, why: "no server has answered yet")

  /// After how long the folders are looked for again that couldn't be made.
  private static let folderPause = Duration.seconds(1)

  private let nodes: ZooKeeperNodes
  private let servers: ZooKeeperAddressBook
  private let pending: PendingRequests
  private var links: [ZooKeeperLink] = []
  /// The connection that is used; nil if there is none.
  private var active: ZooKeeperConnection?
  private var areFoldersReady = false
  private var isPreparing = false
  private var prepareAgain: Timer?
  private var watched: [String: StoreKey] = [:]
  private var hasToldState = false
  private var isClosed = false

  init(_ settings: ZooKeeperSettings, resolver: Resolver, on loop: EventLoop) {
    nodes = ZooKeeperNodes(root: settings.root)
    servers = ZooKeeperAddressBook(settings.servers, resolver: resolver)
    pending = PendingRequests(patience: settings.patience, on: loop)
    let manners = ZooKeeperManners(patience: settings.patience, user: settings.user?.bytes)
    for index in 0..<2 {
      let other = { [unowned self] in links[1 - index].connection?.server }
      links.append(
        ZooKeeperLink(servers, manners, on: loop, staysAwayFrom: other) { [unowned self] in take($0, from: index) })
    }
    prepareAgain = Timer(on: loop) { [unowned self] in settle() }
    servers.deliver = { [unowned self] event in
      switch event {
      case .found: start()
      case .failed(let name, let why): if active == nil { away("\(name) isn't resolved: \(why)") }
      }
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
    (onHint, onState, servers.deliver, prepareAgain, active) = (nil, nil, nil, nil, nil)
  }
}

// MARK: - Requests

extension Core {
  func perform(_ request: StoreRequest, then: @escaping (StoreReply) -> Void) {
    guard nodes.requests(for: request) != nil else { return pending.tell(.refused, of: request, to: then) }
    // A connection that has just ended is replaced as soon as everybody has been told who waited on it.
    guard let active, active.isReady else { return pending.wait(request, then: then) }
    make(request, of: active, then: then)
  }

  private func make(
    _ request: StoreRequest, of connection: ZooKeeperConnection, then: @escaping (StoreReply) -> Void
  ) {
    var isInOrder = true
    let requests = nodes.requests(for: request) ?? []
    for (index, part) in requests.enumerated() {
      let isLast = index == requests.count - 1
      connection.send(part) { [unowned self] outcome in
        guard isLast else { return isInOrder = outcome == .answered(.done) }
        guard isInOrder, case .answered(let reply) = outcome else { return then(.unknown) }
        look(at: reply, to: part, from: connection)
        then(ZooKeeperNodes.reply(reply, to: request))
      }
    }
  }

  /// Learns from an answer what isn't about the request alone.
  private func look(at reply: ZooKeeperReply, to request: ZooKeeperRequest, from connection: ZooKeeperConnection) {
    switch reply {
    case .failed(.noNode) where request.makesNode:
      // Perhaps somebody has taken the folders away.
      areFoldersReady = false
      settle()
    case .failed(let error) where ZooKeeperNodes.reply(reply) == .unknown:
      reached(connection.server, trouble: "\(connection.server) \(error)")
    case .written: reached(connection.server, trouble: nil)
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
  private func take(_ event: ZooKeeperLink.Event, from index: Int) {
    switch event {
    case .up: settle()
    case .changed(let path):
      guard links[index].connection === active, let key = watched[path] else { return }
      // Watched again before anybody looks, so that nothing changes unseen in between.
      watch(path)
      onHint?(key)
    case .down(let server, let ending):
      if let active, !active.isReady { self.active = nil }
      settle()
      if active == nil { away("\(server) \(ending)") }
    }
  }

  /// Picks the connection to use, if there is one and none is picked yet.
  private func settle() {
    guard !isClosed, let next = active ?? links.first(where: \.isUp)?.connection else { return }
    guard areFoldersReady else { return prepare(on: next) }
    guard active == nil else { return }
    active = next
    for path in watched.keys { watch(path) }
    for waiting in pending.takeAll() { make(waiting.request, of: next, then: waiting.then) }
    reached(next.server, trouble: nil)
    // Whatever has changed while nobody was told of it.
    for key in watched.values { onHint?(key) }
  }

  private func prepare(on connection: ZooKeeperConnection) {
    guard !isPreparing else { return }
    isPreparing = true
    ZooKeeperFolders.prepare(nodes.folders, on: connection) { [unowned self] outcome in
      isPreparing = false
      switch outcome {
      case .ready:
        areFoldersReady = true
        settle()
      case .failed(let path, let error):
        active = nil
        prepareAgain?.schedule(after: Self.folderPause)
        away("\(connection.server) \(error) at \(path)")
      case .unknown: prepareAgain?.schedule(after: Self.folderPause)
      }
    }
  }
}

// MARK: - State

extension Core {
  private func reached(_ server: SocketAddress, trouble: String?) {
    guard case .reached(_, let since, _) = state else {
      return tell(.reached(server, since: .now, trouble: trouble))
    }
    state = .reached(server, since: since, trouble: trouble)
  }

  private func away(_ why: String) {
    guard case .away(let since, _) = state else { return tell(.away(since: .now, why: why)) }
    hasToldState ? state = .away(since: since, why: why) : tell(.away(since: since, why: why))
  }

  private func tell(_ new: StoreState) {
    state = new
    hasToldState = true
    onState?(new)
  }
}
