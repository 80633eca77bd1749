import Sockets
import Testing

@testable import Config

/// Listeners with several ports, and backends at the one that a client asks for.
@Suite struct PortTests {
  private let checked = "health: { port: 81 }"

  @Test(
    "ports in a row are read and written",
    arguments: [
      (":20000-20100", "[::]:20000-20100", 101), ("10.0.0.1:1-1024", "10.0.0.1:1-1024", 1024),
      ("[::1]:80-81", "[::1]:80-81", 2), ("*:80-81", "[::]:80-81", 2), ("localhost:7-9", "127.0.0.1:7-9", 3),
      (":65535-65535", "[::]:65535", 1), (":80", "[::]:80", 1), (":0", "[::]:0", 1),
    ])
  func read(_ text: String, _ written: String, _ count: Int) throws {
    for keys in ["listen: '\(text)'", "listen: ['\(text)']"] {
      let configuration = try Configuration.parse("{ \(keys), backends: ['10.0.0.9:9'] }")
      let bind = configuration.listeners[0].bind
      #expect(bind.description == written && bind.count == count && bind.all.count == count)
      #expect(try Configuration.parse(configuration.render()).listeners[0].bind == bind)
    }
  }

  @Test(
    "what is wrong with ports is told with what was meant",
    arguments: [
      (
        "listen: ':20100-20000'",
        "listen: the first port, 20100, is above the last, 20000 — hint: write \":20000-20100\""
      ),
      ("listen: '20000-20100'", "listen: \"20000-20100\" has no port — hint: write \":20000-20100\""),
      ("listen: ':1–9'", "listen: port must be a number 0…65535, is \"1–9\" — hint: write \":1-9\""),
      ("listen: ':0-9'", "listen: port 0 lets the kernel choose one, and can't be the first of several —"),
      (
        "listen: ':1-1025'",
        "listen: 1-1025 are 1025 ports, and a listener has 1024 at most — hint: write several listeners: the first one at 1-1024"
      ),
      ("listen: ':1-70000'", "listen: port must be a number 0…65535, is \"1-70000\" —"),
      ("listen: ':1-2-3'", "listen: port must be a number 0…65535, is \"1-2-3\" —"),
      ("listen: ':same'", "listen: the port \"same\" is for addresses of backends in the file of configuration —"),
      (
        "stats: '127.0.0.1:1-2'",
        "stats: 1-2 are several ports, and only listeners have those — hint: write one of them"
      ),
      (
        "backends: ['10.0.0.1:1-2']",
        "backends[0]: 1-2 are several ports, and only listeners have those — hint: write \"10.0.0.1:same\" for the port that a"
      ),
      ("health: { address: '10.0.0.1:same' }", "health.address: the port \"same\" is for"),
      ("backends: ['0.0.0.0:same']", "backends[0]: 0.0.0.0 stands for every address of this machine"),
      (
        "backends: ['10.0.0.1:same']",
        "backends[0]: which port clients ask for says nothing of where to check the backend — hint: give the pool's health a \"port\""
      ),
    ])
  func wrong(_ keys: String, _ start: String) {
    let rest = [("listen", "':8080'"), ("backends", "['10.0.0.1:80']")].filter { !keys.hasPrefix($0.0) }
    let found = problems("{ \(keys), \(rest.map { "\($0.0): \($0.1)" }.joined(separator: ", ")) }")
    #expect(found.count == 1 && found[0].hasPrefix("1: \(start)"), "\(found)")
  }

  @Test("no two listen at one address, whichever of their ports it is")
  func overlaps() {
    func found(_ listen: String, _ stats: String = "'[::1]:9'") -> [String] {
      problems("{ listen: [\(listen)], backends: ['10.0.0.9:9'], stats: \(stats) }")
    }
    #expect(found("':20-29', ':30-39', '127.0.0.1:25-26', '0.0.0.0:20-29'").isEmpty)
    #expect(
      found("':20-29', ':29-39'").first?.contains(
        "listen[1]: [::]:29-39 is taken by the listener at listen[0], [::]:20-29 —") == true)
    #expect(found("':20', ':19-21'").count == 1 && found("':19-21', ':20'").count == 1)
    #expect(found("'10.0.0.1:20-29', '[::ffff:10.0.0.1]:25'").count == 1)
    #expect(found("':20-29'", "'127.0.0.1:25'").count == 1)
    #expect(found("':1-8', ':10-19'").isEmpty)
  }

  @Test("a backend that is one of our ports is found, also where a client's port leads there")
  func loops() {
    func found(_ listen: String, _ backend: String) -> Int {
      problems("{ listen: [\(listen)], backends: ['\(backend)'], \(checked) }").count
    }
    #expect(found("':20-29'", "127.0.0.1:25") == 1)
    #expect(found("':20-29'", "127.0.0.1:30") == 0)
    #expect(found("':20-29'", "127.0.0.1:same") == 1)
    #expect(found("'127.0.0.2:20-29'", "127.0.0.1:same") == 0)
    #expect(found("'127.0.0.2:20-29', '127.0.0.1:29'", "127.0.0.1:same") == 1)
    #expect(found("'10.0.0.1:20-29'", "10.0.0.1:same") == 1)
    // A header may name any port.
    func introduced(_ own: String) -> [String] {
      problems(
        """
        { listeners: [{ bind: '127.0.0.2:20-29', pool: 'p', proxy: { from: ['10.0.0.0/8'] } },
                      { bind: '\(own)', pool: 'q' }],
          pools: [{ name: 'p', backends: ['127.0.0.1:same'], \(checked) }, { name: 'q', backends: ['127.0.0.1:9'] }] }
        """)
    }
    #expect(introduced("127.0.0.1:90").first?.contains("127.0.0.1:90 is our own listener") == true)
    #expect(introduced("127.0.0.3:90").isEmpty)
  }

  @Test("who is never checked and can't be ejected for refusing is warned of")
  func unchecked() throws {
    func warnings(_ backend: String, _ more: String) throws -> [String] {
      try Configuration.parse("{ listen: ':20-29', backends: ['\(backend)'], \(more) }").warnings.map(\.description)
    }
    #expect(
      try warnings("10.0.0.1:same", "health: { type: 'none' }").first?.contains("nobody finds out that it's down")
        == true)
    #expect(try warnings("10.0.0.1:same", checked).isEmpty)
    #expect(try warnings("10.0.0.1:20", "health: { type: 'none' }").isEmpty)
    #expect(try warnings("10.0.0.1:same", "health: { type: 'none' }, agent: { port: 9 }").isEmpty)
  }

  @Test("the port that clients ask for is a backend's by address and name, and whom no port was asked of has none")
  func same() throws {
    let all = try Configuration.parse(
      "{ listen: ':20-29', backends: ['10.0.0.1:same', '[2001:db8::1]:same', 'Db.example:same'], \(checked) }")
    let backends = all.pools[0].backends
    #expect(backends.map(\.name) == ["10.0.0.1:same", "[2001:db8::1]:same", "db.example:same"])
    #expect(backends.map(\.endpoint.hasSamePort) == [true, true, true])
    #expect(
      backends.map(\.healthEndpoint.description) == ["10.0.0.1:81", "[2001:db8::1]:81", "db.example:81"])
    #expect(try Configuration.parse(all.render()).isSame(as: all))
    #expect(try Endpoint(text: "db.example:same") == backends[2].endpoint)
    #expect(all.ports(leadingTo: "main") == [20...29])

    func found(_ listener: String, _ more: String = "") -> [String] {
      problems(
        """
        { listeners: [{ bind: \(listener) }],
          pools: [{ name: 'p', backends: ['10.0.0.1:same'], health: { type: 'none' }\(more) }] }
        """)
    }
    #expect(found("':20'").isEmpty && found("':20-29'").isEmpty)
    #expect(
      found("'unix:/run/a'").first?.contains("the clients of listeners[0] come by unix:/run/a and ask for no port")
        == true)
    #expect(found("':0'").first?.contains("the port of listeners[0] is the kernel's choice") == true)
    #expect(found("'unix:/run/a', proxy: { from: ['unix:'] }").isEmpty, "a header may tell")
    #expect(
      problems("{ listen: ['unix:/run/a', ':20'], backends: ['10.0.0.1:same'], \(checked) }").count == 1)
  }

  @Test("a file of targets has ports of its own")
  func targets() {
    func problem(_ text: String) -> String? {
      do throws(ConfigIssue) {
        _ = try TargetFile.parse(Array(text.utf8), file: "/t.json")
        return nil
      } catch {
        return error.message
      }
    }
    #expect(problem(#"[{ "targets": ["10.0.0.1:80"] }]"#) == nil)
    #expect(problem(#"[{ "targets": ["10.0.0.1:same"] }]"#)?.contains("is for addresses of backends") == true)
  }
}
