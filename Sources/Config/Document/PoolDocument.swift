internal import Balancing

/// An object of `pools` as it stands in the file.
struct PoolDocument: Sendable {
  var name: String?
  var strategy = Strategy.roundRobin
  var backends: [Located<BackendDocument>]?
  var health = HealthDocument()
  var agent: AgentDocument?
  var connect = ConnectConfiguration()
  var timeouts = TimeoutsConfiguration()
  var queue = QueueConfiguration()
  var `guard` = GuardConfiguration()
  var onDown = OnDown.keep
  var onRemove = OnRemove.drain
  var drainLimit = Duration.seconds(600)
  var whenAllDown = WhenAllDown.refuse
  var slowStart = Duration.seconds(10)
  var ejection: EjectionConfiguration? = EjectionConfiguration()
  var stick: StickConfiguration?
  var sendProxy: SendProxyDocument?
  var egress = EgressDocument()
}

/// An element of `backends` as it stands in the file: an object, or only the address.
struct BackendDocument: Sendable {
  var name: String?
  var address: Endpoint?
  var srv: String?
  var file: String?
  var zooKeeper: String?
  var weight = 1
  var tier = 0
  var maxSessions = Int.max
  var healthAddress: Endpoint?
  var healthPort: UInt16?
  var sendProxy: SendProxyDocument?
  var egress = EgressDocument()
}

extension PoolDocument {
  /// The keys of a pool.
  static let shape = Shape(initial, [name] + fields, rules: rules)

  private static let initial = PoolDocument()

  private static let name = Field<PoolDocument>(
    "name", optional: \.name, .name, isRequired: true, "The name by which listeners refer to the pool; unique.")

  /// The keys that the short form has too.
  static let fields = own + EgressDocument.fields(.pool).map { $0.inside(\.egress) }

  private static let own: [Field<PoolDocument>] = [
    Field(
      "strategy", \.strategy, in: initial, .choice,
      "How a backend is picked: in turn, at random, the less loaded of two random ones, the least loaded, or by the "
        + "client's address."),
    Field(
      "backends", optional: \.backends,
      BackendDocument.kind.located.list(1...1024, what: "backends", schema: backends), isRequired: true,
      "The backends: addresses, or objects with an address and more."),
    Field("health", \.health, in: initial, HealthDocument.kind, "How the backends' health is checked."),
    Field(
      "agent", optional: \.agent, AgentDocument.shape.kind,
      "How agents beside the backends are asked, in HAProxy's words, how much these may get; an object. Without it none is."
    ),
    Field("connect", \.connect, in: initial, connect.kind, "The limits of connecting a session to a backend."),
    Field(
      "timeouts", \.timeouts, in: initial, timeouts.kind, "How long a session may be silent, and how long it may last."),
    Field("queue", \.queue, in: initial, queue.kind, "Where sessions wait when every backend is at its maxSessions."),
    Field(
      "guard", \.guard, in: initial, `guard`.kind, "What keeps a herd of new sessions from running down a backend."),
    Field(
      "onDown", \.onDown, in: initial, .choice,
      "What happens to the sessions of a backend that goes down: keep lets them go on, close ends them."),
    Field(
      "onRemove", \.onRemove, in: initial, .choice,
      "What happens to the sessions of a backend that is removed, or of the whole pool: drain lets them go on for a "
        + "while, close ends them."),
    Field(
      "drainLimit", \.drainLimit, in: initial, .drainLimit, "How long they may go on at most if they drain; a duration."
    ),
    Field(
      "whenAllDown", \.whenAllDown, in: initial, .choice,
      "What happens to new sessions when no backend is eligible: refuse resets them, panic uses all backends."),
    Field(
      "slowStart", \.slowStart, in: initial, .duration(.zero...(.seconds(3600))),
      "How long a recovered backend warms up to its full weight; a duration, 0s switches it off."),
    Field(
      "ejection", \.ejection, in: initial,
      ejection.kind.orNone("off"),
      "When connect failures of sessions eject a backend for a while; \"off\" for never."),
    Field(
      "stick", \.stick, in: initial,
      stick.kind.orNone("off"),
      "How clients are sent back to the backend that they had, as long as it takes sessions; an object, which may be empty, or "
        + "\"off\" for as the strategy picks."),
    Field(
      "sendProxy", optional: \.sendProxy, SendProxyDocument.kind,
      "Whether backends are told by a header of the PROXY protocol whose session it is, before its first byte: v1, v2, or an "
        + "object. They have to expect it. Without it none is sent."),
  ]

  /// No two are the same, and one at least gets sessions.
  private static let backends: [(String, JSONNode)] = [
    ("uniqueItems", true),
    ("contains", ["not": ["type": "object", "properties": ["weight": ["const": 0]], "required": ["weight"]]]),
  ]

  /// What a schema can say of the keys of a pool together: a Unix socket can't be checked at a port.
  static let rules: [JSONNode] = [
    [
      "if": ["properties": ["health": ["type": "object", "required": ["port"]]], "required": ["health"]],
      "then": [
        "properties": [
          "backends": [
            "items": .either(
              ["not": ["pattern": "^unix:"]],
              [
                "if": ["properties": ["address": ["type": "string", "pattern": "^unix:"]], "required": ["address"]],
                "then": ["required": ["healthAddress"]],
              ])
          ]
        ]
      ],
    ],
    [
      "if": ["required": ["agent"]],
      "then": [
        "properties": [
          "backends": [
            "items": [
              "not": .either(
                ["pattern": "^unix:"],
                ["properties": ["address": ["pattern": "^unix:"]], "required": ["address"]])
            ]
          ]
        ]
      ],
    ],
  ]

  private static let connect = Shape<ConnectConfiguration>(
    ConnectConfiguration(),
    [
      Field(
        "timeout", \.timeout, in: ConnectConfiguration(), .duration(.milliseconds(1)...(.seconds(3600))),
        "How long one attempt may take; a duration."),
      Field(
        "deadline", \.deadline, in: ConnectConfiguration(), .duration(.milliseconds(1)...(.seconds(3600))),
        "How long all attempts may take together, at least timeout; a duration."),
      Field(
        "attempts", \.attempts, in: ConnectConfiguration(), .integer(1...16),
        "How many different backends are tried at most; a count."),
    ]
  ) { connect, found in
    settle(&connect, \.timeout, "timeout", isAtMost: \.deadline, "deadline", &found)
  }

  private static let timeouts = Shape<TimeoutsConfiguration>(
    TimeoutsConfiguration(),
    [
      Field(
        "idle", \.idle, in: TimeoutsConfiguration(),
        Kind<Duration>.duration(.milliseconds(10)...(.seconds(2_592_000))).orNone("unlimited"),
        "How long a session may go without a byte in either direction; a duration."),
      Field(
        "halfClosed", \.halfClosed, in: TimeoutsConfiguration(), .duration(.milliseconds(10)...(.seconds(2_592_000))),
        "How long it may go without a byte after one side has ended; a duration."),
      Field(
        "maxAge", \.maxAge, in: TimeoutsConfiguration(),
        Kind<Duration>.duration(.seconds(1)...(.seconds(2_592_000))).orNone("unlimited"),
        "How long it may last, however busy it is; a duration."),
    ])

  private static let queue = Shape<QueueConfiguration>(
    QueueConfiguration(),
    [
      Field(
        "size", \.size, in: QueueConfiguration(), .integer(0...100_000),
        "How many sessions may wait for a backend slot; a count, 0 switches the queue off."),
      Field(
        "timeout", \.timeout, in: QueueConfiguration(), .duration(.milliseconds(1)...(.seconds(3600))),
        "How long a session may wait; a duration."),
    ])

  private static let `guard` = Shape<GuardConfiguration>(
    GuardConfiguration(),
    [
      Field(
        "connecting", \.connecting, in: GuardConfiguration(), .limit,
        "The most connection attempts to one backend under way at once; a count."),
      Field(
        "rate", \.rate, in: GuardConfiguration(), Kind<Int>.integer(1...1_000_000).orWord("unlimited", meaning: .max),
        "The most new connections to one backend; a count per second."),
      Field(
        "ramp", \.ramp, in: GuardConfiguration(), .duration(.zero...(.seconds(3600))),
        "How long these limits take to rise to their full height after a backend has recovered, or its peer died; a "
          + "duration."),
      Field(
        "wait", \.wait, in: GuardConfiguration(), .duration(.zero...(.seconds(60))),
        "How long a session that is over a limit waits before it goes elsewhere; a duration."),
      Field(
        "queue", \.queue, in: GuardConfiguration(), .integer(0...100_000),
        "How many sessions may wait for one backend, over all workers; a count."),
    ])

  private static let ejection = Shape<EjectionConfiguration>(
    EjectionConfiguration(),
    [
      Field(
        "failures", \.failures, in: EjectionConfiguration(), .integer(1...1000),
        "Connect failures in a row that eject a backend; a count."),
      Field(
        "base", \.base, in: EjectionConfiguration(), .duration(.milliseconds(10)...(.seconds(86_400))),
        "How long the first time, doubled each time; a duration."),
      Field(
        "max", \.max, in: EjectionConfiguration(), .duration(.milliseconds(10)...(.seconds(86_400))),
        "How long at most, at least base; a duration."),
    ]
  ) { ejection, found in
    settle(&ejection, \.base, "base", isAtMost: \.max, "max", &found)
  }

  private static let stick = Shape<StickConfiguration>(
    StickConfiguration(),
    [
      Field(
        "for", \.lifetime, in: StickConfiguration(), .duration(.seconds(1)...(.seconds(2_592_000))),
        "How long a client is remembered after its last session; a duration, counted in whole seconds."),
      Field(
        "size", \.size, in: StickConfiguration(), .integer(1...10_000_000),
        "How many clients are remembered; a count. Whom the pool had seen the longest ago makes room for a new one."),
      Field(
        "replicate", \.replication, in: StickConfiguration(), .choice,
        "In a fleet: whether a client that is new to its backend waits until another node knows that (ack-one), 10 ms at most, or "
          + "not (async)."),
    ])

  /// Sees to it that one duration is at most another: a default yields to what is written, a contradiction is an error.
  private static func settle<Root>(
    _ object: inout Located<Root>, _ lower: WritableKeyPath<Root, Duration>, _ lowerKey: String,
    isAtMost upper: WritableKeyPath<Root, Duration>, _ upperKey: String, _ found: inout Diagnostics
  ) {
    guard object.value[keyPath: lower] > object.value[keyPath: upper] else { return }
    if object.node[upperKey] == nil {
      object.value[keyPath: upper] = object.value[keyPath: lower]
    } else if object.node[lowerKey] == nil {
      object.value[keyPath: lower] = object.value[keyPath: upper]
    } else {
      let place = object.place(of: lowerKey)
      found.error(
        place, "must be at most the \(upperKey), \(DurationText.write(object.value[keyPath: upper]))",
        hint: "change one of the two")
    }
  }
}

extension BackendDocument {
  /// An address, or an object.
  static let kind: Kind<BackendDocument> = shape.kind.orText(.backend) { endpoint in
    var backend = initial
    backend.address = endpoint
    return backend
  }

  /// The keys of the object.
  static let shape = Shape(
    initial, own + EgressDocument.fields(.backend).map { $0.inside(\.egress) }, requiredUnless: sources,
    rules: exclusions.map { ["not": ["required": [JSONNode($0.0), JSONNode($0.1)]]] }
  ) { backend, found in
    for (first, second) in exclusions where backend.node[first] != nil && backend.node[second] != nil {
      found.error(
        backend.place(of: second), "can't stand together with \"\(first)\"", hint: "keep one of the two")
    }
  }

  /// The keys that stand in the place of the address.
  static let sources = ["srv", "file", "zookeeper"]

  private static let exclusions = [
    ("address", "srv"), ("address", "file"), ("address", "zookeeper"), ("srv", "file"), ("srv", "zookeeper"),
    ("file", "zookeeper"), ("healthAddress", "healthPort"),
  ]

  private static let own: [Field<BackendDocument>] = [
    Field(
      "name", optional: \.name, .name, "The name in logs and statistics, unique in the pool. Without it the address."),
    Field(
      "address", optional: \.address, .backend, isRequired: true,
      "Where the backend is reached: an IP address or a host name with a port, or unix:/path. The port same is the one that the client "
        + "asks for. Or srv, file or zookeeper."),
    Field(
      "srv", optional: \.srv, .hostName,
      "In place of the address: a name whose SRV records say where backends are, such as _pg._tcp.db.example. Each has the "
        + "weight of its record, and a tier by its priority."),
    Field(
      "file", optional: \.file, .besideFile,
      "In place of the address: the path of a file with a list of backends, in the form of Prometheus' file_sd. It's read "
        + "again when it changes. A relative path counts from the folder of the file in which it stands."),
    Field(
      "zookeeper", optional: \.zooKeeper, .node(of: "a node of ZooKeeper", such: "/services/db"),
      "In place of the address: the path of a node of ZooKeeper each of whose children is a backend, in Curator's JSON, in that of "
        + "serversets, or as host:port. They come and go as the children do."),
    Field(
      "weight", \.weight, in: initial, .integer(0...256),
      "The share of new sessions; a number, 0 gets none. SRV records have weights of their own."),
    Field(
      "tier", \.tier, in: initial, .integer(0...15),
      "The backends of the lowest tier with eligible ones are used; a number."),
    Field("maxSessions", \.maxSessions, in: initial, .limit, "The most sessions at once; a count."),
    Field(
      "healthAddress", optional: \.healthAddress, .endpoint,
      "The address to check instead of the backend's. Without it what the pool's health says."),
    Field(
      "healthPort", optional: \.healthPort, .port,
      "The port to check instead of the backend's. Without it what the pool's health says."),
    Field(
      "sendProxy", optional: \.sendProxy, SendProxyDocument.kind,
      "The same for this backend alone, or off. Without it what the pool says."),
  ]

  private static let initial = BackendDocument()
}
