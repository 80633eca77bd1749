extension Configuration {
  /// The configuration as a file in its long form, with every default: read again, it comes to the same.
  ///
  /// Where checks go that don't go to a backend's own address, how it's told whose session it is and how connections to it leave, is
  /// written with the backend, and not with its pool.
  /// With more than some 80,000 backends it's larger than a file may be. Secrets that stand in it are in it: it's for
  /// nobody but this program.
  package func render() -> String { node.text + "\n" }

  /// The same for people, without secrets.
  package func renderHidingSecrets() -> String { node.hidingSecrets.text + "\n" }

  private var node: JSONNode {
    var document = Document(self)
    document.listeners = listeners.map { Located(ListenerDocument($0)) }
    document.pools = pools.map { pool in
      var document = PoolDocument(pool)
      document.backends = pool.backends.map { Located(BackendDocument($0)) }
      return Located(document)
    }
    return Document.long.render(document)
  }
}

// The way back from what a file comes to, to what stands in it: the counterpart of ``Assembler``.

extension Document {
  /// The document that comes to a configuration, without its listeners and pools.
  init(_ configuration: Configuration) {
    self.init()
    workers = configuration.workers
    stats = configuration.stats.map { Located(StatsDocument(bind: $0.bind, hosts: $0.hosts, detail: $0.detail)) }
    shutdown = configuration.shutdown
    upgrade = configuration.upgrade
    log = configuration.log
    accessLog = configuration.accessLog
    resolver = configuration.resolver
    admin = Located(configuration.admin)
    reload = configuration.reload
    eviction = configuration.eviction
    fleet = configuration.fleet.map { FleetDocument($0) }
    zooKeeper = configuration.zooKeeper.map { ZooKeeperDocument($0) }
  }
}

extension ListenerDocument {
  /// The object that comes to a listener.
  init(_ listener: ListenerConfiguration) {
    self.init(
      name: listener.name, bind: listener.bind, pool: listener.pool, maxSessions: listener.maxSessions,
      backlog: listener.backlog, onRemove: listener.onRemove, drainLimit: listener.drainLimit, access: listener.access,
      freebind: listener.isFreebind,
      proxy: listener.proxy.map { ProxyDocument(from: $0.from, versions: $0.versions) },
      routes: listener.routes.isEmpty ? nil : listener.routes.map { Located(RouteDocument($0)) },
      introduction: listener.introduction, allow: listener.addresses.allow, deny: listener.addresses.deny,
      limits: listener.limits, accessLog: listener.accessLog)
  }
}

extension PoolDocument {
  /// The object that comes to a pool, without its backends.
  init(_ pool: PoolConfiguration) {
    self.init(
      name: pool.name, strategy: pool.strategy, health: HealthDocument(pool.health), connect: pool.connect,
      timeouts: pool.timeouts, queue: pool.queue, guard: pool.guard, onDown: pool.onDown, onRemove: pool.onRemove,
      drainLimit: pool.drainLimit, whenAllDown: pool.whenAllDown, slowStart: pool.slowStart, ejection: pool.ejection,
      stick: pool.stick)
    agent = pool.agent.map { AgentDocument($0) }
  }
}

extension BackendDocument {
  /// The object that comes to a backend. What the address stands for is left out: it isn't always a name that can be given.
  init(_ backend: BackendConfiguration) {
    self.init(
      name: backend.name == backend.endpoint.description ? nil : backend.name, weight: backend.weight,
      tier: backend.tier, maxSessions: backend.maxSessions,
      sendProxy: backend.sendProxy.map { SendProxyDocument($0) }, egress: EgressDocument(backend.egress))
    switch backend.endpoint {
    case .address, .name: address = backend.endpoint
    case .targets(.service(let name), _): srv = name
    case .targets(.file(let path), _): file = path
    case .targets(.zooKeeper(let path), _): zooKeeper = path
    }
    if case .targets(_, let port) = backend.healthEndpoint {
      healthPort = port
    } else if backend.healthEndpoint != backend.endpoint {
      healthAddress = backend.healthEndpoint
    }
  }
}

extension HealthDocument {
  /// The object that comes to a health check.
  init(_ health: HealthConfiguration) {
    self.init(timing: health.timing, proxy: health.proxy, tls: health.tls.map { TLSDocument($0) })
    switch health.check {
    case .none: type = .none
    case .tcp: type = .tcp
    case .http(let check): (type, http) = (.http, check)
    case .redis(let check): (type, redis) = (.redis, check)
    case .postgres(let check): (type, postgres) = (.postgres, check)
    case .mysql(let user): (type, self.user) = (.mysql, user)
    case .smtp: type = .smtp
    case .ldap: type = .ldap
    case .script(let check):
      (type, script) = (
        .script, ScriptDocument(send: check.send == Secret([]) ? nil : check.send, expect: check.expect)
      )
    }
  }
}

extension Located {
  /// A value that stands in no file.
  init(_ value: Value) { self.init(value: value, node: JSONNode(value: .null), path: "") }
}
