import Config
import Libevent
import Names
import Stores
import TLS

/// What ZooKeeper knows of backends, by one session for all of its nodes. It connects when somebody looks for the first time. Dropping it
/// ends that.
final class Registry {
  /// What people, or those who look, should know.
  enum News {
    /// No server can be asked: why.
    case away(String)
    /// One answers again.
    case back
    /// Files for TLS have changed and can't be gone by.
    case trouble(String)
    /// Children of a node can't be read: a clause for each.
    case unreadable(TargetSource, String)
    /// What is found there may be something else by now.
    case changed(TargetSource)
  }

  /// How long an answer may take, how often a server is asked for a sign of life, and after how long it may forget the session.
  private static let (patience, pingInterval, sessionTimeout) = (
    Duration.seconds(3), Duration.seconds(5), Duration.seconds(15)
  )

  let configuration: ZooKeeperConfiguration
  private let resolver: Resolver
  private let reader: () -> BackgroundWorker
  private let loop: EventLoop
  private let tell: (News) -> Void
  private var client: ZooKeeperClient?
  /// By whom the session is that there is.
  private var user: StoreUser?
  private var isReading = false
  /// Why nobody can be asked; nil if one has answered, or might.
  private var hindrance: String?
  private var hasToldHindrance = false
  private var nodes: [String: RegisteredNode] = [:]
  /// Those who look, and what they're told in the next turn.
  private var looks: [(look: Weak, finding: TargetFinding?)] = []
  private var turn: Timer?

  private struct Weak {
    weak var look: RegistryLook?
  }

  /// - Parameters:
  ///   - reader: reads the files that are named, where some are.
  ///   - tell: called on the loop, not before this returns.
  init(
    _ configuration: ZooKeeperConfiguration, resolver: Resolver, reader: @escaping () -> BackgroundWorker,
    on loop: EventLoop, tell: @escaping (News) -> Void
  ) {
    (self.configuration, self.resolver, self.reader) = (configuration, resolver, reader)
    (self.loop, self.tell) = (loop, tell)
    turn = Timer(on: loop) { [unowned self] in takeTurn() }
  }

  deinit {
    client?.close()
  }

  /// Looks at a node, once. It ends when a server has shown it, or none can be asked.
  ///
  /// - Parameter found: called once, not before this returns; not at all if the look is dropped.
  func look(at path: String, found: @escaping (TargetFinding) -> Void) -> RegistryLook {
    let look = RegistryLook(path, in: self, found: found)
    looks.append((Weak(look: look), nil))
    turn?.schedule(after: .zero)
    return look
  }

  /// Forgets all other nodes.
  func keep(only paths: Set<String>) {
    nodes = nodes.filter { paths.contains($0.key) }
  }

  /// Whoever has found out something tells it here, in a turn of its own: those who are told may end all of this.
  private func takeTurn() {
    let ready = looks.filter { $0.finding != nil }
    looks.removeAll { $0.look.look == nil || $0.finding != nil }
    let waiting = Set(looks.compactMap(\.look.look?.path))
    if !waiting.isEmpty { ask(for: waiting) }
    for (look, finding) in ready { if let finding { look.look?.end(finding) } }
  }

  private func ask(for paths: Set<String>) {
    guard let client else { return open() }
    if let connection = client.connection {
      for path in paths { read(path, on: connection) }
    } else if let hindrance {
      for path in paths { end(path, .hindered(hindrance)) }
    }
  }

  private func end(_ path: String, _ finding: TargetFinding) {
    for index in looks.indices where looks[index].look.look?.path == path { looks[index].finding = finding }
    turn?.schedule(after: .zero)
  }
}

// MARK: - Reading

extension Registry {
  private func read(_ path: String, on connection: ZooKeeperConnection) {
    let node = nodes[path] ?? RegisteredNode(configuration.root + path)
    nodes[path] = node
    node.read(on: connection) { [unowned self] news in
      guard let news else { return }
      hasAnswered()
      end(path, news.finding)
      if let complaint = news.complaint { tell(.unreadable(.zooKeeper(path), complaint)) }
    }
  }

  private func hasAnswered() {
    client?.hasAnswered()
    hindrance = nil
    if hasToldHindrance { tell(.back) }
    hasToldHindrance = false
  }
}

// MARK: - The session

extension Registry {
  /// Reads anew who asks: if that's another user now, or the password is another, a session of theirs begins.
  func readAgain() {
    guard client != nil, configuration.auth != nil else { return }
    read { [unowned self] keys in
      switch keys {
      case .success(let keys) where keys.user == user: break
      case .success(let keys):
        client?.close()
        client = nil
        for node in nodes.values { node.forgetWatches() }
        connect(keys.user, keys.tls)
      case .failure(let hindrance): tell(.trouble(hindrance.what))
      }
    }
  }

  private func read(then: @escaping (Result<Keys, Hindrance>) -> Void) {
    guard !isReading else { return }
    isReading = true
    reader().perform { [configuration] in
      Result { () throws(Hindrance) in try Keys(configuration) }
    } then: { [weak self] keys in
      self?.isReading = false
      if self != nil { then(keys) }
    }
  }

  private func open() {
    guard configuration.auth != nil || configuration.tls != nil else { return connect(nil, nil) }
    read { [unowned self] keys in
      switch keys {
      case .success(let keys): connect(keys.user, keys.tls)
      case .failure(let hindrance):
        hinder(hindrance.what)
        for path in Set(looks.compactMap(\.look.look?.path)) { end(path, .hindered(hindrance.what)) }
      }
    }
  }

  private func connect(_ user: StoreUser?, _ tls: ServerTLS?) {
    (hindrance, self.user) = (nil, user)
    var manners = ZooKeeperManners(
      patience: Self.patience, user: user?.bytes, tls: tls.map { RenewedTLS($0, on: loop) })
    (manners.pingInterval, manners.sessionTimeout) = (Self.pingInterval, Self.sessionTimeout)
    manners.tls?.onTrouble = { [unowned self] in tell(.trouble($0)) }
    client = ZooKeeperClient(configuration.servers, manners, resolver: resolver, on: loop) {
      [unowned self] in take($0)
    }
  }

  private func take(_ event: ZooKeeperClient.Event) {
    switch event {
    case .up: changed()
    case .down: for node in nodes.values { node.forgetWatches() }
    case .away(let why):
      // Those who look again and again find out once.
      if hindrance == nil { changed() }
      hinder(why)
    case .changed(let changed):
      for (path, node) in nodes where node.note(changed) { tell(.changed(.zooKeeper(path))) }
    }
    turn?.schedule(after: .zero)
  }

  private func hinder(_ why: String) {
    hindrance = why
    if !hasToldHindrance { tell(.away(why)) }
    hasToldHindrance = true
  }

  private func changed() {
    for path in nodes.keys { tell(.changed(.zooKeeper(path))) }
  }

  /// What is in the files by which servers are spoken to.
  private struct Keys: Sendable {
    let user: StoreUser?
    let tls: ServerTLS?

    /// Reads them; for any thread, as that takes time.
    init(_ configuration: ZooKeeperConfiguration) throws(Hindrance) {
      do {
        user = try configuration.auth.map { path in try StoreUser(file: path) }
        tls = try configuration.tls.map { tls in try ServerTLS(tls) }
      } catch {
        throw Hindrance(what: "\(error)")
      }
    }
  }

  /// Why nobody is asked.
  private struct Hindrance: Error {
    let what: String
  }
}

/// A look at a node. Dropping it ends that.
final class RegistryLook {
  fileprivate let path: String
  /// Held until the look is over: one that is made for a single look is there for that long.
  private var registry: Registry?
  private var found: ((TargetFinding) -> Void)?

  fileprivate init(_ path: String, in registry: Registry, found: @escaping (TargetFinding) -> Void) {
    (self.path, self.registry, self.found) = (path, registry, found)
  }

  fileprivate func end(_ finding: TargetFinding) {
    let found = self.found
    (self.found, registry) = (nil, nil)
    found?(finding)
  }
}
