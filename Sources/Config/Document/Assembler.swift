internal import Sockets

/// Turns a document whose parts are right into a configuration, and reports what is wrong between the parts.
///
/// It works on documents with errors too, as far as they could be read, so that all errors are told at once.
struct Assembler {
  var found: Diagnostics
  /// Where something listens, so that many backends are compared with few of them.
  private(set) var binds = BindIndex<BoundPlace>()
  /// The addresses that a fleet moves between its nodes, with port 0.
  private var floating: Set<SocketAddress> = []

  init(_ found: Diagnostics) { self.found = found }

  /// The configuration of a document in its long form; it is only right if nothing was found wrong.
  mutating func assemble(_ document: Document) -> Configuration {
    floating = Set((document.fleet?.addresses ?? []).compactMap(\.value.host))
    let documents = document.pools ?? []
    let pools = documents.map { pool($0) }
    unique(documents) { pool in pool.name.map { ($0, isGiven: true) } }
    let listeners = (document.listeners ?? []).enumerated().map { listener($0.element, $0.offset, document.pools) }
    let located = zip(document.listeners ?? [], listeners).map {
      Located(value: $1, node: $0.node, path: $0.path, file: $0.file)
    }
    unique(located) { ($0.name, isGiven: true) }
    let stats = document.stats.flatMap { self.stats($0) }
    let admin = document.admin.map { self.admin($0) } ?? AdminConfiguration()
    let used = Set(listeners.flatMap(\.pools))
    for pool in documents {
      guard let name = pool.value.name, !used.contains(name), document.listeners != nil else { continue }
      found.warning(
        pool.place, "no listener uses the pool \"\(name)\"", hint: "remove it, or name it in a listener")
    }
    let configuration = Configuration(
      workers: document.workers, listeners: listeners, pools: pools, stats: stats, shutdown: document.shutdown,
      upgrade: document.upgrade,
      log: document.log, accessLog: document.accessLog, resolver: document.resolver, admin: admin,
      reload: document.reload,
      eviction: document.eviction, fleet: document.fleet.map { FleetConfiguration($0) },
      zooKeeper: document.zooKeeper.map { ZooKeeperConfiguration($0) }, warnings: found.warnings)
    for pool in documents {
      loops(in: pool, askedFor: configuration.ports(askedOf: pool.value.name ?? ""))
      portless(in: pool, from: located)
      if configuration.registry == nil { unregistered(in: pool) }
    }
    return configuration
  }
}

// MARK: - Listeners

extension Assembler {
  private mutating func listener(
    _ listener: Located<ListenerDocument>, _ index: Int, _ pools: [Located<PoolDocument>]?
  ) -> ListenerConfiguration {
    let value = listener.value
    if let bind = value.bind { bound(to: bind, listener.place(of: "bind"), .listener) }
    let names = (pools ?? []).compactMap(\.value.name)
    // Without a readable list of pools there is nothing to compare with.
    if let pools, names.count == pools.count {
      if value.routes == nil || value.pool != nil { check(value.pool, of: listener, among: names) }
      for route in value.routes ?? [] where route.value.pool != nil {
        check(route.value.pool, at: route.place(of: "pool"), among: names)
      }
    }
    return ListenerConfiguration(
      name: value.name ?? "listener-\(index + 1)", bind: value.bind ?? BindAddress(.unix(path: "")),
      pool: value.pool ?? (listener.node["routes"] == nil ? names.first ?? "" : nil),
      routes: found.routes(of: listener, among: pools), maxSessions: value.maxSessions, backlog: value.backlog,
      onRemove: value.onRemove, drainLimit: value.drainLimit, access: value.access,
      isFreebind: value.freebind || value.bind.map { floating.contains($0.first.withoutMapping.with(port: 0)) } == true,
      proxy: value.proxy.map { ProxyConfiguration(from: $0.from ?? [], versions: $0.versions) },
      introduction: value.introduction, addresses: AddressLists(allow: value.allow, deny: value.deny),
      limits: value.limits, accessLog: value.accessLog)
  }

  private mutating func check(_ pool: String?, of listener: Located<ListenerDocument>, among names: [String]) {
    let place = listener.place(of: "pool")
    guard let pool else {
      if listener.node["pool"] == nil, names.count > 1 {
        found.error(place, "is missing, and there are \(names.count) pools", hint: "name one of them")
      }
      return
    }
    check(pool, at: place, among: names)
  }

  private mutating func check(_ pool: String?, at place: Place, among names: [String]) {
    guard let pool, !names.contains(pool) else { return }
    let hint = nearest(to: pool, among: names).map { "did you mean \"\($0)\"?" }
    let known = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
    found.error(place, "there is no pool \"\(pool)\"", hint: hint ?? "the pools are: \(known)")
  }

  private mutating func stats(_ stats: Located<StatsDocument>) -> StatsConfiguration? {
    guard let bind = stats.value.bind else { return nil }
    let place = stats.place(of: "bind")
    bound(to: BindAddress(bind), place, .stats)
    if !bind.isLocal {
      found.warning(
        place, "the stats port can be reached from other machines, and asks for no password",
        hint: "bind it to 127.0.0.1, or see to it that only the right ones reach it")
    }
    return StatsConfiguration(bind: bind, hosts: stats.value.hosts, detail: stats.value.detail)
  }

  private mutating func admin(_ admin: Located<AdminConfiguration?>) -> AdminConfiguration? {
    if let socket = admin.value?.socket {
      bound(to: BindAddress(.unix(path: socket)), admin.place(of: "socket"), .admin)
    }
    return admin.value
  }

  /// Notes where something listens; no two may listen at one address.
  private mutating func bound(to address: BindAddress, _ place: Place, _ what: BoundPlace.Role) {
    let bind = BoundPlace(address: address, place: place, what: what)
    let others = address.count > 1 ? address.ports.map { binds.at($0) } ?? [] : binds.at(address.first.port)
    if !address.isPortOpen, let other = others.first(where: { $0.excludes(bind) }) {
      found.error(
        place,
        "\(address) is taken by the \(other.what.rawValue) at \(found.shown(other.place, from: place)), \(other.address)",
        hint: "choose another port or address")
    }
    binds.add(bind, at: address)
  }
}

// MARK: - Pools

extension BackendDocument {
  /// Where it is, or where those are found that it stands for; nil if nothing says so.
  fileprivate var endpoint: Endpoint? {
    address ?? srv.map { .targets(.service($0.hasSuffix(".") ? String($0.dropLast()) : $0), port: nil) }
      ?? file.map { .targets(.file($0), port: nil) } ?? zooKeeper.map { .targets(.zooKeeper($0), port: nil) }
  }
}

extension Assembler {
  private mutating func pool(_ pool: Located<PoolDocument>) -> PoolConfiguration {
    let value = pool.value
    let backends = value.backends ?? []
    unique(backends) { backend in
      backend.name.map { ($0, isGiven: true) } ?? backend.endpoint.map { ($0.description, isGiven: false) }
    }
    sameAddress(in: backends)
    if !backends.isEmpty, backends.allSatisfy({ $0.value.weight == 0 }) {
      let place = pool.place(of: "backends")
      found.error(
        place, "every backend has the weight 0, so none gets sessions", hint: "give one a weight above 0")
    }
    return PoolConfiguration(
      name: value.name ?? "", strategy: value.strategy, backends: backends.map { backend($0, value) },
      health: HealthConfiguration(
        check: value.health.check, timing: value.health.timing, proxy: value.health.proxy,
        tls: value.health.tls.map { TLSConfiguration($0) }),
      connect: value.connect,
      timeouts: value.timeouts, queue: value.queue, guard: value.guard, onDown: value.onDown, onRemove: value.onRemove,
      drainLimit: value.drainLimit, whenAllDown: value.whenAllDown, slowStart: value.slowStart,
      ejection: value.ejection,
      stick: value.stick, agent: value.agent?.configuration)
  }

  private mutating func backend(
    _ backend: Located<BackendDocument>, _ pool: PoolDocument
  ) -> BackendConfiguration {
    let (value, health) = (backend.value, pool.health)
    let endpoint = value.endpoint ?? .address(.unix(path: ""))
    var healthEndpoint = value.healthAddress ?? health.address ?? endpoint
    if let port = value.healthPort ?? health.port, value.healthAddress == nil, value.endpoint != nil {
      if let other = endpoint.with(port: port) {
        healthEndpoint = other
      } else {
        let place = backend.place(of: "address")
        found.error(
          place,
          "a Unix socket has no port, but the \(value.healthPort == nil ? "pool's " : "")health check wants port \(port)",
          hint: "give the backend a \"healthAddress\"")
      }
    }
    if value.address?.hasSamePort == true, healthEndpoint.hasSamePort, health.check != .none {
      found.error(
        backend.place(of: "address"), "which port clients ask for says nothing of where to check the backend",
        hint:
          "give the pool's health a \"port\", or the backend a \"healthPort\"; or switch the check off: \"health\": { \"type\": \"none\" }"
      )
    }
    if value.address?.hasSamePort == true, health.check == .none, pool.agent == nil {
      found.warning(
        backend.place(of: "address"),
        "nobody finds out that it's down: it isn't checked, and a refusal is one port's and not the backend's",
        hint: "give the pool's health a \"type\" and a \"port\"")
    }
    if pool.agent != nil, value.address != nil, endpoint.with(port: 1) == nil {
      found.error(
        backend.place(of: "address"), "a Unix socket has no port, and the pool's agents are at one",
        hint: "give the backend an IP address, or move it to a pool without \"agent\"")
    }
    return BackendConfiguration(
      name: value.name ?? endpoint.description, endpoint: endpoint, weight: value.weight, tier: value.tier,
      maxSessions: value.maxSessions, healthEndpoint: healthEndpoint,
      sendProxy: (value.sendProxy ?? pool.sendProxy)?.configuration, egress: egress(of: backend, pool))
  }

  private mutating func egress(of backend: Located<BackendDocument>, _ pool: PoolDocument) -> EgressRules {
    let (document, rules) = (backend.value.egress, backend.value.egress.rules(in: pool.egress))
    guard case .address(let address) = backend.value.address else { return rules }
    guard address.port != nil else {
      for key in ["source", "interface", "mark", "dscp"] where backend.node[key] != nil {
        found.error(
          backend.place(of: key), "\(address) is a Unix socket: connections to it don't leave this machine",
          hint: "remove it")
      }
      return EgressRules()
    }
    if case .addresses(let sources) = rules.source, !sources.contains(where: { $0.isIPv4 == address.isIPv4 }) {
      let place = backend.place(of: document.source == nil ? "address" : "source")
      found.error(
        place,
        "\(address) can't be reached from \(sources.map(\.host).joined(separator: " or ")): one is IPv4, the other IPv6",
        hint: "add an address of its kind to \"source\", or set \"source\" to \"any\" for this backend")
    }
    return rules
  }

  private mutating func sameAddress(in backends: [Located<BackendDocument>]) {
    var first: [Endpoint: String] = [:]
    for backend in backends {
      guard let address = backend.value.endpoint else { continue }
      let place = backend.place(of: BackendDocument.sources.first { backend.node[$0] != nil } ?? "address")
      guard let other = first[address] else {
        first[address] = place.path
        continue
      }
      found.error(
        place, "\(address) is already \(backend.value.address == nil ? "at" : "the address of") \(other)",
        hint: "remove one; use \"weight\" for a larger share")
    }
  }

  /// Reports backends that ZooKeeper is to know, though nothing says where that is.
  private mutating func unregistered(in pool: Located<PoolDocument>) {
    for backend in pool.value.backends ?? [] where backend.value.zooKeeper != nil {
      found.error(
        backend.place(of: "zookeeper"), "nothing says where ZooKeeper is",
        hint: "add such as \"zookeeper\": { \"servers\": [\"10.0.1.1:2181\"] } to the file, beside its pools")
    }
  }

  /// Reports names that are there twice. Two that both come from an address are the same address, and reported as such.
  private mutating func unique<Value>(_ elements: [Located<Value>], _ name: (Value) -> (text: String, isGiven: Bool)?) {
    var first: [String: (place: Place, isGiven: Bool)] = [:]
    for element in elements {
      guard let (text, isGiven) = name(element.value) else { continue }
      let place = element.place(of: isGiven ? "name" : "address")
      guard let other = first[text] else {
        first[text] = (place, isGiven)
        continue
      }
      guard isGiven || other.isGiven else { continue }
      found.error(
        place, "the name \"\(text)\" is taken by \(found.shown(other.place, from: place))", hint: "choose another name")
    }
  }
}

extension SocketAddress {
  /// Whether only this machine can reach it.
  fileprivate var isLocal: Bool {
    if case .unix = self { true } else { isLoopback }
  }
}
