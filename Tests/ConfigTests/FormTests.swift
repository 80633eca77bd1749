import Balancing
import Config
import Sockets
import Testing

@Suite("The forms of a configuration")
struct FormTests {
  private static let long = """
    {
      "workers": 2,                                   // default: one per core
      "listeners": [ { "name": "web", "bind": "0.0.0.0:8080", "pool": "web", "maxSessions": 5000 } ],
      "pools": [ {
        "name": "web", "strategy": "least-connections",
        "backends": [
          "10.0.0.1:80",
          { "name": "b2", "address": "10.0.0.2:80", "weight": 3, "tier": 0, "maxSessions": 200 },
          { "address": "10.0.1.1:80", "tier": 1, "healthAddress": "10.0.1.1:81" } ],
        "health": { "type": "http", "path": "/up", "host": "a.example", "method": "HEAD", "port": 8081,
                    "expect": { "status": [204, "300-399"] },
                    "interval": "3s", "timeout": "1.5s", "rise": 4, "fall": 5,
                    "fastInterval": "250ms", "slowInterval": "1m" },
        "connect": { "timeout": "1s", "deadline": "4s", "attempts": 2 },
        "timeouts": { "idle": "1h30m", "halfClosed": "20s" },
        "queue": { "size": 7, "timeout": "6s" }, "onDown": "close", "whenAllDown": "panic", "slowStart": "0s",
        "ejection": { "failures": 9, "base": "2s", "max": "8s" }, "stick": { "for": "5m", "size": 9, "replicate": "ack-one" } } ],
      "stats": { "bind": "127.0.0.1:9090", "hosts": ["Stats.example"] },
      "shutdown": { "drain": "3s" }, "upgrade": { "drain": "2d" }, "log": { "level": "debug", "format": "json" },
      "resolver": { "nameservers": ["10.0.0.53", "[::1]:5353"], "interval": "9s", "timeout": "1s",
                    "family": "ipv4" }
    }
    """

  @Test func everyKeyOfTheLongFormArrivesInTheConfiguration() throws {
    let configuration = try Configuration.parse(Self.long)
    #expect(configuration.workers == .count(2))
    let listener = try #require(configuration.listeners.first)
    #expect(listener.name == "web" && listener.bind.first == SocketAddress("0.0.0.0:8080") && listener.pool == "web")
    #expect(listener.maxSessions == 5000 && listener.backlog == 4096)
    #expect(configuration.stats?.bind == SocketAddress("127.0.0.1:9090"))
    #expect(configuration.stats?.hosts == ["stats.example"])
    #expect(configuration.shutdown.drain == .seconds(3))
    #expect(configuration.upgrade.drain == .seconds(172_800))
    #expect(configuration.log.level == .debug && configuration.log.format == .json)
    #expect(configuration.resolver.nameservers == [SocketAddress("10.0.0.53:53"), SocketAddress("[::1]:5353")])
    #expect(configuration.resolver.interval == .seconds(9) && configuration.resolver.timeout == .seconds(1))
    #expect(configuration.resolver.family == .ipv4)
    #expect(configuration.warnings.isEmpty)
  }

  @Test func everyKeyOfAPoolArrivesInTheConfiguration() throws {
    let pool = try Configuration.parse(Self.long).pools[0]
    #expect(pool.name == "web" && pool.strategy == .leastConnections)
    #expect(pool.backends.map(\.name) == ["10.0.0.1:80", "b2", "10.0.1.1:80"])
    #expect(pool.backends.map(\.endpoint.description) == ["10.0.0.1:80", "10.0.0.2:80", "10.0.1.1:80"])
    #expect(pool.backends.map(\.weight) == [1, 3, 1] && pool.backends.map(\.tier) == [0, 0, 1])
    #expect(pool.backends.map(\.maxSessions) == [.max, 200, .max])
    #expect(pool.backends.map(\.healthEndpoint.description) == ["10.0.0.1:8081", "10.0.0.2:8081", "10.0.1.1:81"])
    guard case .http(let http) = pool.health.check else {
      Issue.record("not an HTTP check")
      return
    }
    #expect(http.method == .head && http.path == "/up" && http.host == "a.example")
    #expect(http.expect.status.ranges == [204...204, 300...399] && http.expect.body == nil)
    let timing = pool.health.timing
    #expect(timing.interval == .seconds(3) && timing.timeout == .milliseconds(1500))
    #expect(timing.rise == 4 && timing.fall == 5)
    #expect(timing.fastInterval == .milliseconds(250) && timing.slowInterval == .seconds(60))
    #expect(pool.connect.timeout == .seconds(1) && pool.connect.deadline == .seconds(4) && pool.connect.attempts == 2)
    #expect(pool.timeouts.idle == .seconds(5400) && pool.timeouts.halfClosed == .seconds(20))
    #expect(pool.queue.size == 7 && pool.queue.timeout == .seconds(6))
    #expect(pool.onDown == .close && pool.whenAllDown == .panic && pool.slowStart == .zero)
    #expect(pool.ejection?.failures == 9)
    #expect(pool.stick?.lifetime == .seconds(300) && pool.stick?.size == 9 && pool.stick?.replication == .ackOne)
    #expect(pool.ejection?.base == .seconds(2) && pool.ejection?.max == .seconds(8))
  }

  @Test func theShortFormIsOneListenerAndAPoolCalledMain() throws {
    let configuration = try Configuration.parse(
      """
      { "listen": "0.0.0.0:8080", "backends": ["10.0.0.1:80", "db.Example:5432"], "strategy": "random",
        "stats": "127.0.0.1:9090" }
      """)
    #expect(configuration.listeners.map(\.name) == ["listener-1"] && configuration.listeners.map(\.pool) == ["main"])
    #expect(configuration.pools.map(\.name) == ["main"] && configuration.pools[0].strategy == .random)
    #expect(
      configuration.pools[0].backends.map(\.endpoint)
        == [.address(.ipv4(0x0A00_0001, port: 80)), .name("db.example", port: 5432)])
    #expect(configuration.stats?.bind == SocketAddress("127.0.0.1:9090"))
  }

  @Test func bothFormsOfTheSameMeanTheSame() throws {
    let short = try Configuration.parse(
      "{ listen: [':80', 'unix:/run/a'], backends: ['10.0.0.1:80'], queue: { size: 4 }, workers: 3 }")
    let long = try Configuration.parse(
      """
      { listeners: [{ bind: ':80', pool: 'main' }, { bind: 'unix:/run/a' }], workers: 3,
        pools: [{ name: 'main', backends: [{ address: '10.0.0.1:80' }], queue: { size: 4 } }] }
      """)
    #expect(short == long)
  }

  @Test func whatIsLeftOutHasItsDefault() throws {
    let configuration = try Configuration.parse("{ listen: ':80', backends: ['10.0.0.1:80'] }")
    let pool = configuration.pools[0]
    #expect(configuration.workers == .perCore && configuration.stats == nil)
    #expect(configuration.workers.count(cores: 6) == 6 && Workers.count(3).count(cores: 6) == 3)
    #expect(configuration.shutdown.drain == .seconds(30))
    #expect(configuration.upgrade.drain == .seconds(3600))
    #expect(configuration.log.level == .info && configuration.log.format == .auto)
    #expect(configuration.resolver.interval == .seconds(30) && configuration.resolver.timeout == .seconds(5))
    #expect(configuration.listeners[0].maxSessions == .max && configuration.listeners[0].backlog == 4096)
    #expect(pool.strategy == .roundRobin && pool.health.check == .tcp)
    #expect(pool.health.timing.interval == .seconds(2) && pool.health.timing.timeout == .seconds(1))
    #expect(pool.health.timing.rise == 2 && pool.health.timing.fall == 3)
    #expect(pool.health.timing.fastInterval == .milliseconds(500) && pool.health.timing.slowInterval == .seconds(10))
    #expect(pool.connect.timeout == .seconds(2) && pool.connect.deadline == .seconds(5) && pool.connect.attempts == 3)
    #expect(pool.timeouts.idle == .seconds(3600) && pool.timeouts.halfClosed == .seconds(30))
    #expect(pool.queue.size == 0 && pool.queue.timeout == .seconds(5))
    #expect(pool.onDown == .keep && pool.whenAllDown == .refuse && pool.slowStart == .seconds(10))
    #expect(pool.stick == nil)
    #expect(pool.ejection?.failures == 3 && pool.ejection?.base == .seconds(5) && pool.ejection?.max == .seconds(60))
  }

  @Test func aDefaultYieldsToWhatIsWritten() throws {
    let quick = try pool("health: { interval: '200ms' }").health.timing
    #expect(quick.timeout == .milliseconds(200) && quick.fastInterval == .milliseconds(200))
    #expect(quick.slowInterval == .seconds(10))
    #expect(try pool("health: { interval: '30s' }").health.timing.slowInterval == .seconds(30))
    #expect(try pool("connect: { timeout: '8s' }").connect.deadline == .seconds(8))
    #expect(try pool("connect: { deadline: '1s' }").connect.timeout == .seconds(1))
    #expect(try pool("ejection: { base: '5m' }").ejection?.max == .seconds(300))
  }

  @Test func healthChecksOfEachTypeAreRead() throws {
    #expect(try pool("health: { type: 'none' }").health.check == .none)
    #expect(try pool("ejection: 'off'").ejection == nil)
    #expect(try pool("stick: {}").stick == StickConfiguration())
    #expect(try pool("stick: 'off'").stick == nil)
    let script = try pool("health: { type: 'tcp-script', send: 'PING\\r\\n', expectHex: '2b 50 4F4e47' }").health.check
    #expect(script == .script(ScriptCheck(send: Array("PING\r\n".utf8), expect: Array("+PONG".utf8))))
    let one = try pool("health: { type: 'http', expect: { status: 200, body: 'all well' } }").health.check
    guard case .http(let http) = one else {
      Issue.record("not an HTTP check")
      return
    }
    #expect(http.expect.status.contains(200) && !http.expect.status.contains(201) && http.expect.body == "all well")
    #expect(http.method == .get && http.path == "/" && http.host == nil)
  }

  @Test func anUnusedPoolAndAnOpenStatsPortAreWarnedOf() throws {
    let configuration = try Configuration.parse(
      """
      { listeners: [{ bind: ':80', pool: 'a' }],
        pools: [{ name: 'a', backends: ['10.0.0.1:80'] },
                { name: 'b', backends: ['10.0.0.1:80'] }],
        stats: ':9090' }
      """)
    #expect(configuration.warnings.map(\.path) == ["stats", "pools[1]"])
    #expect(configuration.warnings.map(\.line) == [4, 3])
  }

  @Test func theSummaryShowsWhatWouldRun() throws {
    let configuration = try Configuration.parse(
      """
      { listeners: [{ name: 'web', bind: ':80', maxSessions: 9 }, { bind: 'unix:/run/a' }], stats: '127.0.0.1:9090',
        pools: [{ name: 'a', backends: ['b.example:80', { name: 'b', address: '10.0.0.1:80', maxSessions: 5 }] }] }
      """)
    #expect(
      configuration.summary() == """
        listener  web         [::]:80 → a      at most 9 sessions  removed: drain up to 10m
        listener  listener-2  unix:/run/a → a                      removed: drain up to 10m

        pool a  round-robin
          backend  b.example:80               tier 0  weight 1
          backend  b             10.0.0.1:80  tier 0  weight 1  at most 5 sessions
          health      tcp, every 2s, timeout 1s, rise 2, fall 3
          connect     timeout 2s, deadline 5s, 3 attempts
          timeouts    idle 1h, half-closed 30s, age unlimited
          queue       off
          guard       off
          removed     drain up to 10m
          down        keep sessions; all down: refuse
          slow start  10s
          ejection    after 3 failures, 5s up to 1m
          stick       off

        stats     127.0.0.1:9090
        workers   one per core
        shutdown  drain 30s
        upgrade   drain 1h
        eviction  100 sessions a second, patience 10s
        reload    by signal
        admin     socket at the default place, mode 0660
        log       info, auto
        resolver  the system's, every 30s, timeout 5s

        """)
  }

  @Test("backends can be found elsewhere, and are written again as they were") func sources() throws {
    let configuration = try Configuration.parse(
      """
      { listen: ':80', backends: [{ srv: '_PG._tcp.db.example.', tier: 2, healthPort: 8008 }, { file: '/etc/targets.json', weight: 0 },
        '10.0.0.1:80'] }
      """)
    let backends = configuration.pools[0].backends
    #expect(backends[0].endpoint == .targets(.service("_pg._tcp.db.example"), port: nil))
    #expect(backends[0].healthEndpoint == .targets(.service("_pg._tcp.db.example"), port: 8008))
    #expect(backends[0].name == "srv:_pg._tcp.db.example")
    #expect(backends[1].endpoint == .targets(.file("/etc/targets.json"), port: nil) && backends[1].weight == 0)
    #expect(try Configuration.parse(configuration.render()).pools == configuration.pools)
  }

  @Test("ZooKeeper is where the file says, else where its fleet's log is") func zooKeeper() throws {
    let fleet = """
      , fleet: { name: 'edge', nodes: [{ name: 'a', address: '10.0.0.1:1' }, { name: 'b', address: '10.0.0.2:1' }], key: '/k',
        engine: { type: 'zookeeper', servers: ['10.0.1.1:2181'], root: '/martlet/edge', auth: '/a', tls: true } }
      """
    func read(_ more: String) throws -> Configuration {
      try Configuration.parse(
        "{ listen: ':80', backends: [{ zookeeper: '/services/db', tier: 2, healthPort: 81 }]\(more) }")
    }
    let own = ", zookeeper: { servers: ['zk.example:2181', '10.0.1.9:2181'], root: '/prod', auth: '/b' }"
    let configuration = try read(own + fleet)
    #expect(configuration.pools[0].backends[0].endpoint == .targets(.zooKeeper("/services/db"), port: nil))
    #expect(configuration.pools[0].backends[0].name == "zookeeper:/services/db")
    #expect(
      configuration.registry
        == ZooKeeperConfiguration(
          servers: [.name("zk.example", port: 2181), .address(.ipv4(0x0A00_0109, port: 2181))], root: "/prod",
          auth: "/b"))
    #expect(try Configuration.parse(configuration.render()).isSame(as: configuration))
    #expect(
      try read(fleet).registry
        == ZooKeeperConfiguration(
          servers: [.address(.ipv4(0x0A00_0101, port: 2181))], auth: "/a", tls: TLSConfiguration()))
    #expect(try read(fleet).zooKeeper == nil)
    for nowhere in ["", fleet.replacing("'zookeeper'", with: "'etcd'")] {
      let errors = problems("{ listen: ':80', backends: [{ zookeeper: '/services/db' }]\(nowhere) }")
      #expect(errors.contains { $0.contains("backends[0].zookeeper: nothing says where ZooKeeper is") }, "\(errors)")
    }
    let errors = problems(
      "{ listen: ':80', backends: ['10.0.0.1:80'], zookeeper: { servers: ['a:1', 'a:1', 'unix:/x'] } }")
    #expect(errors.contains { $0.contains("zookeeper.servers[1]: a:1 is there twice") }, "\(errors)")
    #expect(errors.contains { $0.contains("zookeeper.servers[2]: unix:/x is a Unix socket, and ZooKeeper has none") })
  }

  @Test(
    "where backends are can be said in one way alone",
    arguments: [
      ("{ srv: '_a._tcp.b', address: '10.0.0.2:80' }", "srv: can't stand together with \"address\""),
      ("{ srv: '_a._tcp.b', file: '/a' }", "file: can't stand together with \"srv\""),
      ("{ zookeeper: '/a', file: '/a' }", "zookeeper: can't stand together with \"file\""),
      ("{ zookeeper: 'a/b' }", "zookeeper: \"a/b\" is not the path of a node of ZooKeeper"),
      ("{ weight: 3 }", "address: is missing"), ("{ srv: 'a b' }", "srv: \"a b\" is not a host name"),
      ("{ address: '10.0.0.2:80', healthPort: 1, healthAddress: '10.0.0.2:1' }", "healthPort: can't stand together"),
      ("{ file: 'a/' }", "file: \"a/\" is not the path of a file"),
      ("{ dns: '_a._tcp.b' }", "dns: unknown key"),
    ])
  func sourceProblems(_ backend: String, _ problem: String) {
    let errors = problems("{ listen: ':80', backends: ['10.0.0.1:80', \(backend)] }")
    #expect(errors.contains { $0.contains("backends[1].\(problem)") }, "\(errors)")
  }

  @Test("how connections leave is the pool's to say, and each backend's own, key by key") func egress() throws {
    let backends = try Configuration.parse(
      """
      { listen: ':80', source: ['10.0.0.5', '2001:db8::5'], mark: 7, backends: ['10.0.0.1:81', { address: '10.0.0.2:81',
        source: 'client', interface: 'eth1', dscp: 46 }, { address: 'db.example:81', source: 'any', mark: 0 }, 'unix:/run/x'] }
      """
    ).pools[0].backends.map(\.egress)
    let (ipv4, ipv6) = (SocketAddress.ipv4(0x0A00_0005, port: 0), SocketAddress(ip: "2001:db8::5", port: 0))
    #expect(backends[0].source == .addresses([ipv4, try #require(ipv6)]) && backends[0].mark == 7)
    #expect(backends[1].source == .client && backends[1].interface == "eth1")
    #expect(backends[1].dscp == 46 && backends[1].mark == 7)
    #expect(backends[2] == EgressRules() && backends[3] == EgressRules())
  }

  @Test(
    "what can't be left by is said, and what to do",
    arguments: [
      ("source: '10.0.0.5:80'", "source: \"10.0.0.5:80\" is not an IP address alone"),
      ("source: '0.0.0.0'", "source: 0.0.0.0 stands for every address of this machine"),
      ("source: []", "source: must have 1…64 addresses, has 0"),
      ("source: ['10.0.0.5', '10.0.0.5']", "source[1]: 10.0.0.5 stands there already"),
      ("source: '::1'", "backends[0]: 10.0.0.1:80 can't be reached from ::1: one is IPv4, the other IPv6"),
      ("dscp: 64", "dscp: must be 0…63, is 64"),
      ("interface: 'a/b'", "interface: \"a/b\" is not the name of an interface"),
      ("mark: -1", "mark: must be 0…4294967295, is -1"),
      ("fwmark: 1", "fwmark: unknown key — hint: it's called \"mark\""),
    ])
  func egressProblems(_ key: String, _ problem: String) {
    let errors = problems(shortForm: key)
    #expect(errors.contains { $0.contains(problem) }, "\(errors)")
  }

  @Test("whom a backend is told of is the pool's to say, and its own") func sendProxy() throws {
    let pool = try Configuration.parse(
      """
      { listen: ':80', sendProxy: 'v1', backends: [ '[::1]:81', { address: '[::1]:82', sendProxy: 'off' },
        { address: '[::1]:83', sendProxy: { tlvs: ['unique-id', 'crc32c'] } }, { address: '[::1]:84', sendProxy: 'v2' } ] }
      """
    ).pools[0]
    #expect(
      pool.backends.map(\.sendProxy) == [
        SendProxyConfiguration(.v1), nil, SendProxyConfiguration(.v2, fields: [.uniqueID, .crc32c]),
        SendProxyConfiguration(.v2),
      ])
    #expect(pool.health.proxy == .auto)
    #expect(CheckProxy.auto.version(where: pool.backends[0].sendProxy, isSamePlace: true) == .v1)
    #expect(CheckProxy.auto.version(where: pool.backends[0].sendProxy, isSamePlace: false) == nil)
    #expect(CheckProxy.v2.version(where: nil, isSamePlace: false) == .v2)
    #expect(throws: (any Error).self) {
      try Configuration.parse(
        "{ listen: ':80', backends: ['[::1]:81'], sendProxy: { version: 'v1', tlvs: ['crc32c'] } }")
    }
  }
}
