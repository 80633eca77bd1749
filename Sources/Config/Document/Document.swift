internal import Sockets

/// The whole file, in its long or its short form.
struct Document: Sendable {
  /// For editors only.
  var schema: String?
  var workers = Workers.perCore
  var stats: Located<StatsDocument>?
  var shutdown = ShutdownConfiguration()
  var upgrade = UpgradeConfiguration()
  var log = LogConfiguration()
  var accessLog: AccessLogConfiguration?
  var resolver = ResolverConfiguration()
  var admin: Located<AdminConfiguration?>?
  var reload = ReloadTrigger.signal
  var eviction = EvictionConfiguration()
  var fleet: FleetDocument?
  var zooKeeper: ZooKeeperDocument?
  /// The long form.
  var listeners: [Located<ListenerDocument>]?
  var pools: [Located<PoolDocument>]?
  /// The files and folders that have more of both.
  var include: [Located<String>]?
  /// The short form: the listeners' addresses, and the keys of the only pool.
  var listen: [Located<BindAddress>]?
  var main = PoolDocument()
}

/// The `stats` object as it stands in the file, or only the address.
struct StatsDocument: Sendable {
  var bind: SocketAddress?
  var hosts: [String] = []
  var detail = StatsDetail.backends
}

/// An object of `listeners` as it stands in the file.
struct ListenerDocument: Sendable {
  var name: String?
  var bind: BindAddress?
  var pool: String?
  var maxSessions = Int.max
  var backlog = 4096
  var onRemove = OnRemove.drain
  var drainLimit = Duration.seconds(600)
  var access = SocketAccess()
  var freebind = false
  var proxy: ProxyDocument?
  var routes: [Located<RouteDocument>]?
  var introduction = Duration.seconds(3)
  var allow: AddressList?
  var deny: AddressList?
  var limits: LimitsConfiguration?
  var accessLog: ListenerAccessLog?
}

extension Document {
  /// The keys of the long form.
  static let long = Shape(
    initial,
    lists(areRequired: true) + [
      Field(
        "include", optional: \.include, Kind<String>.include.located.oneOrMore(0...256, what: "paths"),
        "Files with more listeners and pools, or folders whose *.json files have them, in the order of their names. A relative "
          + "path counts from the folder of this file. Without it there are none.")
    ] + common,
    requiredUnless: ["include"],
    // With several pools a listener has to name one of them.
    rules: [
      [
        "if": ["properties": ["pools": ["minItems": 2]], "required": ["pools"]],
        "then": [
          "properties": ["listeners": ["items": ["anyOf": [["required": ["pool"]], ["required": ["routes"]]]]]]
        ],
      ]
    ])

  /// The keys of a file that is included.
  static let part = Shape(initial, lists(areRequired: false))

  private static func lists(areRequired: Bool) -> [Field<Document>] {
    [
      Field(
        "listeners", optional: \.listeners,
        ListenerDocument.shape.kind.located.list(1...mostListeners, what: "listeners"),
        isRequired: areRequired, "Where clients are accepted."),
      Field(
        "pools", optional: \.pools,
        PoolDocument.shape.kind.located.list(1...mostPools, what: "pools", schema: [("uniqueItems", true)]),
        isRequired: areRequired, "The pools of backends."),
    ]
  }

  /// The most listeners and pools that there can be.
  static let mostListeners = 256
  static let mostPools = 1024

  /// The keys of the short form.
  static let short = Shape(
    initial,
    [
      Field(
        "listen", optional: \.listen, Kind<BindAddress>.bind.located.oneOrMore(1...256, what: "addresses"),
        isRequired: true, "The address or addresses at which clients are accepted, as bind of a listener has them.")
    ] + PoolDocument.fields.map { $0.inside(\.main) } + common,
    rules: PoolDocument.rules)

  private static let initial = Document()

  /// The keys of both forms.
  private static let common: [Field<Document>] = [
    Field(
      "workers", \.workers, in: initial,
      Kind<Int>.integer(1...256).map {
        Workers.count($0)
      } back: {
        if case .count(let count) = $0 { count } else { nil }
      }
      .orWord("per-core", meaning: .perCore),
      "How many workers relay sessions, each with a thread of its own; a count."),
    Field(
      "stats", optional: \.stats,
      stats.kind.orText(.localBind) { StatsDocument(bind: $0) }.located,
      "The stats port: an address, or an object. Without it there is none."),
    Field("shutdown", \.shutdown, in: initial, shutdown.kind, "How the program ends."),
    Field("upgrade", \.upgrade, in: initial, upgrade.kind, "How a process ends that another one has taken over from."),
    Field("log", \.log, in: initial, log.kind, "What is logged, and how."),
    Field(
      "accessLog", optional: \.accessLog, AccessLogDocument.kind,
      "A line for each session: where it goes, or an object. Without it there is none."),
    Field("resolver", \.resolver, in: initial, resolver.kind, "How host names are resolved."),
    Field(
      "admin", optional: \.admin, admin.kind.orNone("off").located,
      "The admin socket, through which the running program is asked and told; \"off\" for none."),
    Field(
      "reload", \.reload, in: initial, .choice,
      "When this file is read again: signal on SIGHUP or by the admin socket; watch also when it or what it includes "
        + "changes."),
    Field("eviction", \.eviction, in: initial, eviction.kind, "How sessions end that have to go."),
    Field(
      "fleet", optional: \.fleet, FleetDocument.shape.kind,
      "Several Martlets that act as one. Without it this one is by itself."),
    Field(
      "zookeeper", optional: \.zooKeeper, ZooKeeperDocument.shape.kind,
      "Where ZooKeeper is, in which backends are found. Without it where the fleet's log is, if that's in ZooKeeper."),
    Field(
      "$schema", optional: \.schema, .line(1...2048, spaces: true),
      "Where an editor finds the schema of this file. Not used otherwise."),
  ]

  private static let stats = Shape<StatsDocument>(
    StatsDocument(),
    [
      Field(
        "bind", optional: \.bind, .localBind, isRequired: true,
        "The address: an IP address with a port, :port for all addresses, or unix:/path."),
      Field(
        "hosts", \.hosts, in: StatsDocument(), Kind<String>.hostName.list(0...64, what: "host names"),
        "The names by which browsers may ask for the page and the JSON; an IP address, localhost and the machine's own "
          + "names are always right."),
      Field(
        "detail", \.detail, in: StatsDocument(), .choice,
        "Of what /metrics tells: backends, or pools only, where there are so many backends that their series are a burden."
      ),
    ])

  private static let shutdown = Shape<ShutdownConfiguration>(
    ShutdownConfiguration(),
    [
      Field(
        "drain", \.drain, in: ShutdownConfiguration(), .duration(.zero...(.seconds(86_400))),
        "How long sessions may go on after SIGTERM; a duration, 0s ends them at once.")
    ])

  private static let upgrade = Shape<UpgradeConfiguration>(
    UpgradeConfiguration(),
    [
      Field(
        "drain", \.drain, in: UpgradeConfiguration(), .duration(.zero...(.seconds(604_800))),
        "How long its sessions may go on after an upgrade; a duration.")
    ])

  private static let log = Shape<LogConfiguration>(
    LogConfiguration(),
    [
      Field("level", \.level, in: LogConfiguration(), .choice, "The least severe messages to log."),
      Field(
        "format", \.format, in: LogConfiguration(), .choice,
        "Lines for people (text) or objects for programs (json); auto is text on a terminal and json otherwise."),
    ])

  private static let resolver = Shape<ResolverConfiguration>(
    ResolverConfiguration(),
    [
      Field(
        "nameservers", \.nameservers, in: ResolverConfiguration(),
        Kind<SocketAddress>.nameserver.list(0...8, what: "name servers"),
        "The name servers to ask, IP addresses with or without a port; none are the system's."),
      Field(
        "family", \.family, in: ResolverConfiguration(), .choice,
        "Which addresses of a name are used: ipv4, ipv6 or both; of both, those of a kind that can't be reached aren't."
      ),
      Field(
        "interval", \.interval, in: ResolverConfiguration(), .duration(.milliseconds(100)...(.seconds(86_400))),
        "How often a name is resolved again, at the least: sooner if its answer says so (its TTL) or a backend fails; a duration."
      ),
      Field(
        "timeout", \.timeout, in: ResolverConfiguration(), .duration(.milliseconds(10)...(.seconds(60))),
        "How long an answer may take; a duration."),
    ])

  private static let admin = Shape<AdminConfiguration>(
    AdminConfiguration(),
    [
      Field(
        "socket", optional: \.socket, .path(atMost: SocketAddress.longestUnixPath),
        "The socket's path. Without it $XDG_RUNTIME_DIR/martlet/admin.sock, or /run/martlet/admin.sock."),
      Field(
        "mode", \.mode, in: AdminConfiguration(), .mode,
        "The mode of the socket's file, in octal: who may write to it may connect."),
      Field(
        "readers", optional: \.readers, .account(.group),
        "A group, by its name or number, whose members may look at the process and change nothing. Without it there is none."
      ),
      Field(
        "state", optional: \.state, .path(atMost: 4095),
        "The file that keeps what was changed at run time over a restart. Without it, one in $STATE_DIRECTORY, in a user's own "
          + "folder for state, or in /var/lib/martlet."),
    ])

  private static let eviction = Shape<EvictionConfiguration>(
    EvictionConfiguration(),
    [
      Field(
        "rate", \.rate, in: EvictionConfiguration(), .integer(1...100_000),
        "How many sessions are ended at most; a count per second."),
      Field(
        "patience", \.patience, in: EvictionConfiguration(), .duration(.zero...(.seconds(3600))),
        "How long a session that is amid its bytes is waited for before it is cut off; a duration."),
    ])
}

extension ListenerDocument {
  /// The keys of a listener.
  static let shape = Shape(
    initial,
    [
      Field(
        "name", optional: \.name, .name,
        "The name in logs and statistics; unique. Without it listener-1 for the first, and so on."),
      Field(
        "bind", optional: \.bind, .bind, isRequired: true,
        "The address: an IP address with a port, :port for all addresses, or unix:/path. In place of the port several, such as "
          + "20000-20100: it's one listener at all of them."),
      Field(
        "pool", optional: \.pool, .name,
        "The pool's name. Without it the only pool; of a listener with routes none, and whom no route takes is turned away."
      ),
      Field("maxSessions", \.maxSessions, in: initial, .limit, "The most sessions at once; a count."),
      Field(
        "backlog", \.backlog, in: initial, .integer(1...65_535),
        "How many connections the kernel may hold until they are accepted; a count, cut to net.core.somaxconn."),
      Field(
        "onRemove", \.onRemove, in: initial, .choice,
        "What happens to its sessions when the listener is removed: drain lets them go on for a while, close ends them."
      ),
      Field(
        "drainLimit", \.drainLimit, in: initial, .drainLimit,
        "How long they may go on at most if they drain; a duration."),
      Field(
        "freebind", \.freebind, in: initial, .bool,
        "Whether the address may be one that this machine doesn't have yet, such as one that moves between machines. A fleet's "
          + "floating addresses always may."),
      Field(
        "proxy", optional: \.proxy, ProxyDocument.shape.kind,
        "Who has to say whose connection it is, by the PROXY protocol. Without it nobody, and what comes is the client's own."
      ),
      Field(
        "routes", optional: \.routes, RouteDocument.shape.kind.located.list(1...256, what: "routes"),
        "Which clients go to another pool than the listener's own, by where they are and by what they say first: the first one takes a "
          + "client of which all holds that it has. Without them all go to the listener's pool."),
      Field(
        "introduction", \.introduction, in: initial, .duration(.milliseconds(10)...(.seconds(60))),
        "How long it may take from the accept on until it's known who a client is and what it wants, where proxy and routes look at that; a "
          + "duration."),
      Field(
        "allow", optional: \.allow, .addresses,
        "The clients that may come in, by their addresses: a list of ranges, or a file of them. Of ranges here and in deny the most "
          + "specific one that has a client's address decides. Without it all may whom deny doesn't name."),
      Field(
        "deny", optional: \.deny, .addresses,
        "The clients that may not come in, likewise; of a range that is in both it's this one that counts. Without it none."
      ),
      Field(
        "limits", optional: \.limits, LimitsConfiguration.shape.kind,
        "How often clients may come, and what each of them may have. Without it anything."),
      Field(
        "accessLog", optional: \.accessLog, AccessLogDocument.ofListener,
        "The same as accessLog of the file, for this listener; off for none. Without it, what the file says."),
    ] + SocketAccess.fields.map { $0.inside(\.access) },
    rules: [
      [
        "if": ["properties": ["bind": ["pattern": "^unix:"]]],
        "then": ["properties": ["freebind": ["const": false]]],
        "else": ["properties": JSONNode(SocketAccess.fields.map { ($0.name, false) })],
      ]
    ]
  ) { listener, found in
    let bind = listener.value.bind?.first
    SocketAccess.check(listener, bind: bind, &found)
    if listener.value.freebind, let bind, bind.port == nil {
      let place = listener.place(of: "freebind")
      found.error(place, "is for IP addresses, and this is \(bind)", hint: "remove it")
    }
  }

  private static let initial = ListenerDocument()
}
