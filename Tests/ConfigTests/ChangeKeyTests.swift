import Config
import Testing

@Suite("The keys of change at run time")
struct ChangeKeyTests {
  private static let long = """
    {
      "listeners": [ { "bind": ":8080", "onRemove": "close", "drainLimit": "5s" } ],
      "pools": [ {
        "name": "web", "backends": ["10.0.0.1:80"], "onRemove": "close", "drainLimit": "1d",
        "timeouts": { "maxAge": "8h" },
        "guard": { "connecting": 20, "rate": 300, "ramp": "30s", "wait": "250ms", "queue": 40 } } ],
      "admin": { "socket": "/run/a/b.sock", "mode": "0600", "state": "/var/lib/a.json" },
      "reload": "watch", "eviction": { "rate": 7, "patience": "0s" }
    }
    """

  @Test func everyKeyArrivesInTheConfiguration() throws {
    let configuration = try Configuration.parse(Self.long)
    let admin = try #require(configuration.admin)
    #expect(admin.socket == "/run/a/b.sock" && admin.mode == 0o600 && admin.state == "/var/lib/a.json")
    #expect(configuration.reload == .watch)
    #expect(configuration.eviction.rate == 7 && configuration.eviction.patience == .zero)
    let listener = configuration.listeners[0]
    #expect(listener.onRemove == .close && listener.drainLimit == .seconds(5))
    let pool = configuration.pools[0]
    #expect(pool.onRemove == .close && pool.drainLimit == .seconds(86_400))
    #expect(pool.timeouts.maxAge == .seconds(28_800))
    #expect(pool.guard.connecting == 20 && pool.guard.rate == 300 && pool.guard.ramp == .seconds(30))
    #expect(pool.guard.wait == .milliseconds(250) && pool.guard.queue == 40)
  }

  @Test func whatIsLeftOutHasItsDefault() throws {
    let configuration = try Configuration.parse("{ listen: ':80', backends: ['10.0.0.1:80'] }")
    let admin = try #require(configuration.admin)
    #expect(admin.socket == nil && admin.mode == 0o660 && admin.state == nil)
    #expect(configuration.reload == .signal)
    #expect(configuration.eviction.rate == 100 && configuration.eviction.patience == .seconds(10))
    let listener = configuration.listeners[0]
    #expect(listener.onRemove == .drain && listener.drainLimit == .seconds(600))
    let pool = configuration.pools[0]
    #expect(pool.onRemove == .drain && pool.drainLimit == .seconds(600) && pool.timeouts.maxAge == nil)
    #expect(pool.guard.connecting == .max && pool.guard.rate == .max && pool.guard.ramp == .seconds(10))
    #expect(pool.guard.wait == .milliseconds(500) && pool.guard.queue == 1000)
  }

  @Test func aWordStandsForNone() throws {
    #expect(try Configuration.parse("{ listen: ':80', backends: ['10.0.0.1:80'], admin: 'off' }").admin == nil)
    let timeouts = try pool("timeouts: { idle: 'unlimited', maxAge: 'unlimited' }").timeouts
    #expect(timeouts.idle == nil && timeouts.maxAge == nil)
    #expect(try pool("guard: { connecting: 'unlimited', rate: 'unlimited' }").guard == GuardConfiguration())
  }

  @Test("a mode has three octal digits", arguments: [("'0777'", 0o777), ("'640'", 0o640), ("'0000'", 0)])
  func mode(_ text: String, _ mode: UInt32) throws {
    let configuration = try Configuration.parse(
      "{ listen: ':80', backends: ['10.0.0.1:80'], admin: { mode: \(text) } }")
    #expect(configuration.admin?.mode == mode)
  }

  @Test(
    "a wrong value is reported with its path and what would be right",
    arguments: [
      (
        "admin: '/run/a'", "admin: must be an object or \"off\", is \"/run/a\" — hint: write { \"socket\": \"/run/a\" }"
      ),
      (
        "admin: 'unix:/run/a'",
        "admin: must be an object or \"off\", is \"unix:/run/a\" — hint: write { \"socket\": \"/run/a\" }"
      ),
      ("admin: 'of'", "admin: must be an object or \"off\", is \"of\" —"),
      ("admin: { socket: 'run/a' }", "admin.socket: \"run/a\" is not the absolute path of a file —"),
      ("admin: { socket: '/run/' }", "admin.socket: \"/run/\" is not the absolute path of a file —"),
      ("admin: { socket: 'unix:/run/a' }", "admin.socket: \"unix:/run/a\" is not the absolute path of a file —"),
      ("admin: { state: '/a\\u0000' }", "admin.state: \"/a\\u{0}\" is not the absolute path of a file —"),
      (
        "admin: { socket: '/\(String(repeating: "x", count: 107))' }",
        "admin.socket: the path has 108 bytes, it can have 107 —"
      ),
      (
        "admin: { state: '/\(String(repeating: "x", count: 4095))' }",
        "admin.state: the path has 4096 bytes, it can have 4095 —"
      ),
      ("admin: { mode: 660 }", "admin.mode: must be an octal mode in quotes, is 660 —"),
      ("admin: { mode: '0680' }", "admin.mode: must be 0000…0777, is \"0680\" —"),
      ("admin: { mode: '1777' }", "admin.mode: must be 0000…0777, is \"1777\" —"),
      ("admin: { mode: '00660' }", "admin.mode: must be 0000…0777, is \"00660\" —"),
      ("admin: { mode: '0o66' }", "admin.mode: must be 0000…0777, is \"0o66\" —"),
      ("admin: { mode: '60' }", "admin.mode: must be 0000…0777, is \"60\" —"),
      ("reload: 'auto'", "reload: must be one of \"signal\", \"watch\", is \"auto\" —"),
      ("eviction: { rate: 0 }", "eviction.rate: must be 1…100000, is 0 —"),
      ("eviction: { patience: '2h' }", "eviction.patience: must be 0s…1h, is 2h —"),
      ("onRemove: 'keep'", "onRemove: must be one of \"drain\", \"close\", is \"keep\" —"),
      ("drainLimit: '31d'", "drainLimit: must be 0s…30d, is 31d —"),
      ("timeouts: { maxAge: '10ms' }", "timeouts.maxAge: must be 1s…30d, is 10ms —"),
      ("timeouts: { maxAge: 60 }", "timeouts.maxAge: must be a duration with a unit, is 60 — hint: write \"60s\""),
      ("timeouts: { maxAge: 'long' }", "timeouts.maxAge: must be a duration, is \"long\" —"),
      (
        "timeouts: { maxAge: 'unlimted' }",
        "timeouts.maxAge: must be a duration in quotes or \"unlimited\", is \"unlimted\" — hint: write \"unlimited\""
      ),
      ("guard: { connecting: 0 }", "guard.connecting: must be 1…10000000, is 0 —"),
      ("guard: { rate: 1000001 }", "guard.rate: must be 1…1000000, is 1000001 —"),
      ("guard: { ramp: '2h' }", "guard.ramp: must be 0s…1h, is 2h —"),
      ("guard: { wait: '61s' }", "guard.wait: must be 0s…1m, is 61s —"),
      ("guard: { queue: 100001 }", "guard.queue: must be 0…100000, is 100001 —"),
    ])
  func wrongValue(_ keys: String, _ start: String) {
    let found = problems(shortForm: keys)
    #expect(found.count == 1 && found[0].hasPrefix("1: \(start)"), "\(found)")
  }

  @Test func theAdminSocketIsNobodyElses() {
    let start = "1: admin.socket: unix:/run/a is taken by the listener at listen, unix:/run/a —"
    let taken = problems("{ listen: 'unix:/run/a', backends: ['10.0.0.1:80'], admin: { socket: '/run/a' } }")
    #expect(taken.count == 1 && taken[0].hasPrefix(start), "\(taken)")
    let own = problems("{ listen: ':80', backends: ['unix:/run/a'], admin: { socket: '/run/a' } }")
    #expect(own.count == 1 && own[0].contains("is our own admin socket, admin.socket"), "\(own)")
  }

  @Test func theSummaryShowsThem() throws {
    let summary = try Configuration.parse(Self.long).summary()
    for line in [
      "listener  listener-1  [::]:8080 → web  removed: close sessions",
      "  timeouts    idle 1h, half-closed 30s, age 8h",
      "  guard       20 connecting, 300 a second, ramp 30s, wait 250ms, queue 40",
      "  removed     close sessions",
      "eviction  7 sessions a second, patience 0s",
      "reload    by signal, and when the file changes",
      "admin     /run/a/b.sock, mode 0600, state in /var/lib/a.json",
    ] {
      #expect(summary.split(separator: "\n").contains(Substring(line)), "\(line) in \(summary)")
    }
  }
}
