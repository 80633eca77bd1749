internal import Sockets

extension Configuration {
  /// What would run, for people: aligned text with a line for each listener, pool and backend.
  package func summary() -> String {
    var lines = Table(indent: 0)
    for listener in listeners {
      lines.add(
        "listener", listener.name, "\(listener.bind) → \(listener.pool ?? "routes only")",
        Self.limit(listener.maxSessions),
        "removed: \(listener.onRemove.summary(drainLimit: listener.drainLimit))",
        listener.proxy.map { "introduced by \($0.from.map(\.description).joined(separator: ", "))" } ?? "",
        listener.addresses.allow.map { "allowed: \($0.summary)" } ?? "",
        listener.addresses.deny.map { "denied: \($0.summary)" } ?? "", listener.limits?.summary ?? "",
        listener.accessLog.map { "logged: \($0.summary)" } ?? "")
    }
    var text = lines.text
    for listener in listeners where !listener.routes.isEmpty { text += "\n" + listener.routesSummary }
    for pool in pools { text += "\n" + pool.summary }
    var rest = Table(indent: 0)
    let names = stats.map { $0.hosts.isEmpty ? "" : ", also called \($0.hosts.joined(separator: ", "))" } ?? ""
    rest.add("stats", stats.map { "\($0.bind)" + names } ?? "none")
    rest.add("workers", workers == .perCore ? "one per core" : "\(workers.count(cores: 1))")
    rest.add("shutdown", "drain \(DurationText.write(shutdown.drain))")
    rest.add("upgrade", "drain \(DurationText.write(upgrade.drain))")
    rest.add("eviction", "\(eviction.rate) sessions a second, patience \(DurationText.write(eviction.patience))")
    rest.add("reload", reload == .signal ? "by signal" : "by signal, and when the file changes")
    rest.add("admin", admin?.summary ?? "off")
    rest.add("log", "\(log.level.rawValue), \(log.format.rawValue)")
    if let accessLog { rest.add("access log", accessLog.summary) }
    if let fleet {
      rest.add(
        "fleet",
        "\(fleet.name): \(fleet.nodes.map { $0.role == .witness ? "\($0.name) (a witness)" : $0.name }.joined(separator: ", ")), by \(fleet.engine.type.title)"
          + (fleet.engine.type == .embedded ? " (a preview)" : fleet.engine.place))
      for address in fleet.addresses { rest.add("address", address.summary) }
    }
    if pools.contains(where: \.hasNames) {
      let servers = resolver.nameservers.map(\.description).joined(separator: ", ")
      rest.add(
        "resolver",
        "\(servers.isEmpty ? "the system's" : servers), every \(DurationText.write(resolver.interval)), "
          + "timeout \(DurationText.write(resolver.timeout))"
          + (resolver.family == .both ? "" : ", \(resolver.family.rawValue) only"))
    }
    if let zooKeeper { rest.add("zookeeper", zooKeeper.summary) }
    return text + "\n" + rest.text
  }

  fileprivate static func limit(_ sessions: Int) -> String {
    sessions == .max ? "" : "at most \(sessions) sessions"
  }
}

extension ListenerConfiguration {
  fileprivate var routesSummary: String {
    var list = Table(indent: 2)
    for route in routes { list.add("route", route.name, "\(route)") }
    let wait =
      routes.contains(where: \.condition.asksForFacts)
      ? "  waits up to \(DurationText.write(introduction)) for what clients say" : ""
    return "listener \(name)\(wait)\n" + list.text + "  others → \(pool ?? "turned away")\n"
  }
}

extension PoolConfiguration {
  fileprivate var hasNames: Bool {
    backends.contains { backend in
      switch backend.endpoint {
      case .name, .targets: true
      case .address: false
      }
    }
  }

  fileprivate var summary: String {
    var settings = Table(indent: 2)
    settings.add("health", health.summary)
    if let agent { settings.add("agent", "port \(agent.port), every \(DurationText.write(agent.interval))") }
    settings.add(
      "connect",
      "timeout \(DurationText.write(connect.timeout)), deadline \(DurationText.write(connect.deadline)), "
        + "\(connect.attempts) \(connect.attempts == 1 ? "attempt" : "attempts")")
    settings.add(
      "timeouts",
      "idle \(timeouts.idle.map(DurationText.write) ?? "unlimited"), half-closed \(DurationText.write(timeouts.halfClosed)), "
        + "age \(timeouts.maxAge.map(DurationText.write) ?? "unlimited")")
    settings.add("queue", queue.size == 0 ? "off" : "\(queue.size), timeout \(DurationText.write(queue.timeout))")
    settings.add("guard", self.guard.summary)
    settings.add("removed", onRemove.summary(drainLimit: drainLimit))
    settings.add("down", "\(onDown.rawValue) sessions; all down: \(whenAllDown.rawValue)")
    settings.add("slow start", slowStart == .zero ? "off" : DurationText.write(slowStart))
    settings.add("ejection", ejection.map(\.summary) ?? "off")
    settings.add("stick", stick.map(\.summary) ?? "off")
    var list = Table(indent: 2)
    for backend in backends {
      let address = "\(backend.endpoint)"
      list.add(
        "backend", backend.name, backend.name == address ? "" : address, "tier \(backend.tier)",
        "weight \(backend.weight)", Configuration.limit(backend.maxSessions),
        backend.healthEndpoint == backend.endpoint ? "" : "checked at \(backend.healthEndpoint)",
        backend.sendProxy.map { "told of clients by PROXY \($0.version.rawValue)" } ?? "", backend.egress.summary)
    }
    return "pool \(name)  \(strategy.rawValue)\n" + list.text + settings.text
  }
}

extension EgressRules {
  fileprivate var summary: String {
    let source =
      switch source {
      case .any: ""
      case .client: "from the client's address"
      case .addresses(let all): "from \(all.map(\.host).joined(separator: ", "))"
      }
    let parts = [
      source, interface.map { "through \($0)" } ?? "", mark == 0 ? "" : "mark \(mark)", dscp == 0 ? "" : "DSCP \(dscp)",
    ]
    return parts.filter { !$0.isEmpty }.joined(separator: ", ")
  }
}

extension FleetConfiguration.Address {
  fileprivate var summary: String {
    let mover =
      switch action {
      case .address(let interface): "on \(interface)"
      case .command(let words): "by \(words.first ?? "")"
      case .none: "moved by nobody here"
      }
    return "\(name): \(host.host) \(mover), lease \(DurationText.write(lease))"
      + (prefer.isEmpty ? "" : ", rather of \(prefer.joined(separator: ", "))")
      + (onQuorumLoss == .hold ? ", held where nobody can renew it" : "")
  }
}

extension OnRemove {
  fileprivate func summary(drainLimit: Duration) -> String {
    switch self {
    case .drain: "drain up to \(DurationText.write(drainLimit))"
    case .close: "close sessions"
    }
  }
}

extension GuardConfiguration {
  fileprivate var summary: String {
    guard connecting != .max || rate != .max else { return "off" }
    let limits = [connecting == .max ? "" : "\(connecting) connecting", rate == .max ? "" : "\(rate) a second"]
    return limits.filter { !$0.isEmpty }.joined(separator: ", ")
      + ", ramp \(DurationText.write(ramp)), wait \(DurationText.write(wait)), queue \(queue)"
  }
}

extension AccessLogConfiguration {
  fileprivate var summary: String {
    let format =
      switch format {
      case .json: "json"
      case .text: "text"
      case .template: "a template"
      }
    return "\(to), \(format)" + (only.isEmpty ? "" : ", \(only.map(\.rawValue).joined(separator: " and ")) only")
      + (sample == 1 ? "" : ", \(sample) of the sessions")
      + (interval.map { ", every \(DurationText.write($0))" } ?? "")
  }
}

extension ListenerAccessLog {
  fileprivate var summary: String {
    switch self {
    case .off: "off"
    case .own(let log): log.summary
    }
  }
}

extension AdminConfiguration {
  fileprivate var summary: String {
    "\(socket ?? "socket at the default place"), mode \(ModeText.write(mode))"
      + (readers.map { ", group \($0.text) may look" } ?? "") + (state.map { ", state in \($0)" } ?? "")
  }
}

extension StickConfiguration {
  fileprivate var summary: String {
    "for \(DurationText.write(lifetime)), up to \(size) clients"
      + (replication == .ackOne ? ", known to another node first" : "")
  }
}

extension EjectionConfiguration {
  fileprivate var summary: String {
    "after \(failures) \(failures == 1 ? "failure" : "failures"), \(DurationText.write(base)) up to "
      + DurationText.write(max)
  }
}

extension HealthConfiguration {
  fileprivate var summary: String {
    let what =
      switch check {
      case .none: "none"
      case .tcp: "tcp"
      case .http(let http):
        "http \(http.method.rawValue) \(http.path), expects \(http.expect.status)"
          + (http.expect.body == nil ? "" : " and a text in the body")
      case .script(let script): "tcp-script, sends \(script.send.summary), expects \(script.expect.count)"
      case .redis(let redis): "redis" + (redis.role.map { ", a \($0.rawValue)" } ?? "")
      case .postgres(let postgres):
        "postgres as \(postgres.user)" + (postgres.role.map { ", a \($0.rawValue)" } ?? "")
      case .mysql(let user): "mysql as \(user)"
      case .smtp, .ldap: check.name
      }
    guard check != .none else { return what }
    return what + (tls.map { " over TLS" + ($0.isVerified ? "" : " with any certificate") } ?? "")
      + ", every \(DurationText.write(timing.interval)), timeout \(DurationText.write(timing.timeout)), "
      + "rise \(timing.rise), fall \(timing.fall)" + (proxy == .auto ? "" : ", PROXY \(proxy.rawValue)")
  }
}

extension ZooKeeperConfiguration {
  fileprivate var summary: String {
    servers.map(\.description).joined(separator: ", ") + (tls == nil ? "" : " over TLS")
      + (root.isEmpty ? "" : ", below \(root)")
  }
}

extension FleetConfiguration.Engine {
  /// Where the servers are.
  fileprivate var place: String {
    " at \(servers.map(\.description).joined(separator: ", "))" + (tls == nil ? "" : " over TLS") + ", \(root)"
  }
}

extension Secret {
  fileprivate var summary: String {
    switch source {
    case .configuration: "\(bytes.count) bytes"
    case .file(let path): "what is in \(path)"
    case .credential(let name): "the credential \(name)"
    }
  }
}

/// Lines of cells whose columns are aligned.
private struct Table {
  let indent: Int
  private var rows: [[String]] = []

  init(indent: Int) { self.indent = indent }

  mutating func add(_ cells: String...) { rows.append(cells) }

  /// The lines; a column in which every cell is empty takes no room.
  var text: String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
      var line = String(repeating: " ", count: indent)
      var padding = 0
      for (cell, width) in zip(row, widths) where width > 0 {
        if !cell.isEmpty { line += String(repeating: " ", count: padding) + cell }
        padding = cell.isEmpty ? padding + width + 2 : width - cell.count + 2
      }
      return line + "\n"
    }.joined()
  }
}
