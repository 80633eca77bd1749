import Config
import Testing

@Suite("What is wrong with a configuration")
struct ProblemTests {
  /// Keys beside a listener and a backend, all on line 1, and the start of the one error they cause.
  @Test(
    "a wrong value is reported with its path and what would be right",
    arguments: [
      ("workers: 0", "workers: must be 1…256, is 0 — hint: choose a number in this range"),
      ("workers: -1", "workers: must be 1…256, is -1 —"),
      ("workers: 1e99", "workers: must be a whole number 1…256, is 1e99 —"),
      (
        "workers: 99999999999999999999",
        "workers: must be a whole number 1…256, is 99999999999999999999"
      ),
      ("workers: 1e999999999", "workers: must be a whole number 1…256, is 1e999999999"),
      ("workers: 1.5", "workers: must be a whole number 1…256, is 1.5 —"),
      ("workers: '2'", "workers: must be a whole number 1…256 or \"per-core\", is \"2\" —"),
      ("workers: 'per-cor'", "workers: must be a whole number 1…256 or \"per-core\", is \"per-cor\" —"),
      ("workers: null", "workers: must be a whole number 1…256, is null — hint: leave the key out"),
      ("workers: true", "workers: must be a whole number 1…256, is true —"),
      ("strategy: 'roundrobin'", "strategy: must be one of \"round-robin\","),
      ("strategy: 3", "strategy: must be one of \"round-robin\","),
      ("slowStart: 10", "slowStart: must be a duration with a unit, is 10 — hint: write \"10s\" for seconds"),
      ("slowStart: '10'", "slowStart: must be a duration with a unit, is \"10\" — hint: write \"10s\" for seconds"),
      ("slowStart: '2h'", "slowStart: must be 0s…1h, is 2h —"),
      ("timeouts: { idle: '1ms' }", "timeouts.idle: must be 10ms…30d, is 1ms —"),
      ("timeouts: { idel: '1s' }", "timeouts.idel: unknown key — hint: did you mean \"idle\"?"),
      ("timeouts: []", "timeouts: must be an object, is a list —"),
      ("tiemouts: {}", "tiemouts: unknown key — hint: did you mean \"timeouts\"?"),
      ("colour: 1", "colour: unknown key — hint: known here: listen, strategy,"),
      ("pool: 'x'", "pool: unknown key —"),
      ("on_down: 'keep'", "on_down: unknown key — hint: did you mean \"onDown\"?"),
      ("queue: { size: 1, size: 2 }", "queue.size: the key is there twice, first on line 1 —"),
      ("connect: { attempts: 17 }", "connect.attempts: must be 1…16, is 17 —"),
      ("connect: { timeout: '3s', deadline: '2s' }", "connect.timeout: must be at most the deadline, 2s —"),
      ("ejection: { base: '3s', max: '2s' }", "ejection.base: must be at most the max, 2s —"),
      ("stick: true", "stick: must be an object, is true —"),
      ("stick: { for: '500ms' }", "stick.for: must be 1s…30d, is 500ms —"),
      ("stick: { replicate: 'sync' }", "stick.replicate: must be one of \"async\", \"ack-one\", is \"sync\" —"),
      ("stick: { size: 0 }", "stick.size: must be 1…10000000, is 0 —"),
      ("ejection: 'of'", "ejection: must be an object or \"off\", is \"of\" —"),
      ("stats: 9090", "stats: must be an address in quotes or an object, is 9090 —"),
      ("stats: {}", "stats.bind: is missing —"),
      (
        "stats: { bind: '127.0.0.1:1', hosts: ['a.b:80'] }",
        "stats.hosts[0]: \"a.b:80\" is not a host name — hint: write the name alone"
      ),
      ("stats: '[::1]:8080'", "stats: [::1]:8080 is taken by the listener at listen, [::]:8080 —"),
      ("stats: { bind: '0.0.0.0:8080' }", "stats.bind: 0.0.0.0:8080 is taken by the listener at listen, [::]:8080 —"),
      ("log: { level: 'warn' }", "log.level: must be one of \"trace\","),
      ("shutdown: { drain: '2d' }", "shutdown.drain: must be 0s…1d, is 2d —"),
      ("upgrade: { drain: '8d' }", "upgrade.drain: must be 0s…7d, is 8d —"),
      ("resolver: { nameservers: ['dns.example'] }", "resolver.nameservers[0]: \"dns.example\" is a name, and"),
      (
        "resolver: { nameservers: ['dns.example:53'] }",
        "resolver.nameservers[0]: \"dns.example\" is not an IP address"
      ),
    ])
  func wrongValue(_ keys: String, _ start: String) {
    let found = problems(shortForm: keys)
    #expect(found.count == 1 && found[0].hasPrefix("1: \(start)"), "\(found)")
  }

  @Test(
    "a health check is refused keys and values that don't fit it",
    arguments: [
      (
        "type: 'htttp'",
        "type: must be one of \"tcp\", \"http\", \"tcp-script\", \"redis\", \"postgres\", \"mysql\", \"smtp\", \"ldap\", \"none\", is \"htttp\" — hint: did you"
      ),
      ("type: 1", "type: must be one of"),
      ("path: '/'", "path: is not for the type \"tcp\" — hint: remove it, or set \"type\" to \"http\""),
      (
        "expect: 'x'",
        "expect: is not for the type \"tcp\" — hint: remove it, or set \"type\" to \"http\" or \"tcp-script\""
      ),
      ("type: 'none', rise: 2", "rise: is not for the type \"none\" —"),
      ("type: 'http', send: 'x'", "send: is not for the type \"http\" —"),
      ("type: 'http', path: 'x'", "path: must be a text without spaces that starts with \"/\""),
      ("type: 'http', path: '/a b'", "path: must be a text without spaces"),
      ("type: 'http', host: 'a\\r\\nX: y'", "host: must be a text without spaces"),
      (
        "type: 'http', method: 'get'",
        "method: must be one of \"GET\", \"HEAD\", \"OPTIONS\", is \"get\" — hint: did you"
      ),
      ("type: 'http', expect: { status: 99 }", "expect.status: must be 100…599, is 99 —"),
      ("type: 'http', expect: { status: '399-200' }", "expect.status: must be a status code or a range of them"),
      ("type: 'http', expect: { status: [] }", "expect.status: must have 1…100 status codes or ranges, has 0"),
      ("type: 'http', expect: { status: ['2xx'] }", "expect.status[0]: must be a status code or a range of them"),
      ("type: 'http', method: 'HEAD', expect: { body: 'x' }", "expect.body: an answer to HEAD has no body —"),
      ("type: 'tcp-script', send: 'x'", "expect: is missing —"),
      ("type: 'tcp-script', expect: ''", "expect: must have 1…4096 bytes, has 0 —"),
      ("type: 'tcp-script', expectHex: '0g'", "expectHex: \"0g\" is not hexadecimal bytes —"),
      ("type: 'tcp-script', expectHex: '123'", "expectHex: \"123\" is not hexadecimal bytes —"),
      ("type: 'tcp-script', expectHex: '+1'", "expectHex: \"+1\" is not hexadecimal bytes —"),
      ("type: 'tcp-script', expect: 'x', expectHex: '00'", "expectHex: can't stand together with \"expect\" —"),
      ("timeout: '3s'", "timeout: must be at most the interval, 2s —"),
      ("fastInterval: '3s'", "fastInterval: must be at most the interval, 2s —"),
      ("slowInterval: '1s'", "slowInterval: must be at least the interval, 2s —"),
      ("port: 81, address: '10.0.0.1:80'", "port: can't stand together with \"address\" —"),
      ("port: 0", "port: must be 1…65535, is 0 —"),
      ("rise: 0", "rise: must be 1…100, is 0 —"),
      (
        "type: 'redis', role: 'slave'",
        "role: must be one of \"master\", \"replica\", is \"slave\" — hint: write \"replica\""
      ),
      (
        "type: 'postgres', role: 'leader'",
        "role: must be one of \"primary\", \"replica\", is \"leader\" — hint: write \"primary\""
      ),
      ("type: 'mysql', tls: true", "tls: is not for the type \"mysql\" —"),
      (
        "type: 'smtp', user: 'x'",
        "user: is not for the type \"smtp\" — hint: remove it, or set \"type\" to \"postgres\" or \"mysql\""
      ),
      ("tls: { ca: '/a', verify: false }", "tls.ca: nobody looks whether a CA has signed the certificate —"),
      ("tls: { certificate: '/a' }", "tls.certificate: there's no \"key\" to it —"),
      ("tls: false", "tls: must be true or an object"),
    ])
  func wrongHealth(_ keys: String, _ start: String) {
    let found = problems(shortForm: "health: { \(keys) }")
    #expect(found.count == 1 && found[0].hasPrefix("1: health.\(start)"), "\(found)")
  }

  @Test(
    "backends that can't be used are refused",
    arguments: [
      ("[]", "backends: must have 1…1024 backends, has 0 — hint: add one"),
      ("'10.0.0.1:80'", "backends: must be a list of backends, is \"10.0.0.1:80\" — hint: write [\"10.0.0.1:80\"]"),
      ("[5]", "backends[0]: must be an address in quotes or an object, is 5 —"),
      ("[{}]", "backends[0].address: is missing —"),
      ("[{ address: '10.0.0.1:80', weight: 999 }]", "backends[0].weight: must be 0…256, is 999 —"),
      ("[{ address: '10.0.0.1:80', tier: 16 }]", "backends[0].tier: must be 0…15, is 16 —"),
      ("[{ address: '10.0.0.1:80', weight: 0 }]", "backends: every backend has the weight 0"),
      ("[{ address: '10.0.0.1:80', maxSessions: 0 }]", "backends[0].maxSessions: must be 1…10000000, is 0 —"),
      ("[{ address: '10.0.0.1:80', name: 'a b' }]", "backends[0].name: \"a b\" is not a name —"),
      ("['10.0.0.1:80', '10.0.0.1:80']", "backends[1]: 10.0.0.1:80 is already the address of backends[0] —"),
      ("['a:80', { address: 'A:80' }]", "backends[1].address: a:80 is already the address of backends[0] —"),
      (
        "[{ name: 'a', address: '10.0.0.1:80' }, { name: 'a', address: '10.0.0.2:80' }]",
        "backends[1].name: the name \"a\" is taken by backends[0].name —"
      ),
      (
        "[{ name: '10.0.0.2:80', address: '10.0.0.1:80' }, '10.0.0.2:80']",
        "backends[1]: the name \"10.0.0.2:80\" is taken by backends[0].name —"
      ),
      ("['127.0.0.1:8080']", "backends[0]: 127.0.0.1:8080 is our own listener, listen: sessions would"),
      ("['localhost:8080']", "backends[0]: 127.0.0.1:8080 is our own listener, listen: sessions would"),
      ("['[::1]:8080']", "backends[0]: [::1]:8080 is our own listener, listen: sessions would"),
      ("['127.0.0.1:9090']", "backends[0]: 127.0.0.1:9090 is our own stats port, stats: sessions would"),
    ])
  func wrongBackends(_ list: String, _ start: String) {
    let found = problems("{ listen: ':8080', stats: '127.0.0.1:9090', backends: \(list) }")
    #expect(found.count == 1 && found[0].hasPrefix("1: \(start)"), "\(found)")
  }

  @Test func aUnixBackendCannotBeCheckedAtAPort() {
    let found = problems("{ listen: ':80', backends: ['unix:/run/a'], health: { port: 81 } }")
    #expect(found.count == 1 && found[0].hasPrefix("1: backends[0]: a Unix socket has no port"), "\(found)")
  }

  @Test func aUnixBackendHasNoAgent() {
    let found = problems("{ listen: ':80', backends: [{ address: 'unix:/run/a' }], agent: { port: 81 } }")
    #expect(
      found.count == 1
        && found[0].hasPrefix("1: backends[0].address: a Unix socket has no port, and the pool's agents are at one"),
      "\(found)")
  }

  @Test func allErrorsAreToldAtOnceInTheOrderOfTheirLines() {
    let found = problems(
      """
      {
        "listeners": [
          { "name": "web", "bind": "0.0.0.0:8080", "pool": "wbe" },
          { "name": "web", "bind": "0.0.0.0:8080" },
          { "bind": "example.com:80", "pool": "web" } ],
        "pools": [
          { "name": "web", "backends": [
              { "address": "10.0.0.1:0" },
              { "address": "10.0.0.1:80", "wieght": 2 } ] },
          { "name": "web", "backends": [], "strategy": "rr" },
          { "name": "x", "backends": ["10.0.0.1:70000"] } ],
        "listen": ":1"
      }
      """)
    let expected = [
      "3: listeners[0].pool: there is no pool \"wbe\"",
      "4: listeners[1].name: the name \"web\" is taken by listeners[0].name",
      "4: listeners[1].bind: 0.0.0.0:8080 is taken by the listener at listeners[0].bind, 0.0.0.0:8080",
      "5: listeners[2].bind: \"example.com\" is not an address of this machine",
      "8: pools[0].backends[0].address: port must be 1…65535, is 0",
      "9: pools[0].backends[1].wieght: unknown key — hint: did you mean \"weight\"?",
      "10: pools[1].backends: must have 1…1024 backends, has 0",
      "10: pools[1].strategy: must be one of",
      "11: pools[2].backends[0]: port must be 0…65535, is 70000",
      "12: listen: belongs to the short form",
    ]
    #expect(found.count >= expected.count)
    for start in expected { #expect(found.contains { $0.hasPrefix(start) }, "\(start) in \(found)") }
    let lines = found.compactMap { $0.split(separator: ":").first.flatMap { Int($0) } }
    #expect(lines == lines.sorted() && lines.count == found.count)
  }

  @Test(
    "who may connect is said of Unix sockets, in accounts that there are",
    arguments: [
      ("bind: ':80', mode: '0660'", "listeners[0].mode: is for Unix sockets only, and this is [::]:80 —"),
      ("bind: ':80', group: 'root'", "listeners[0].group: is for Unix sockets only, and this is [::]:80 —"),
      (
        "bind: 'unix:/a', user: 'no-such'",
        "listeners[0].user: this machine knows no user \"no-such\" — hint: `getent passwd`"
      ),
      (
        "bind: 'unix:/a', group: 'no-such'",
        "listeners[0].group: this machine knows no group \"no-such\" — hint: `getent group`"
      ),
      (
        "bind: 'unix:/a', user: 33",
        "listeners[0].user: must be the name or the number of a user in quotes, is 33 — hint: write \"33\""
      ),
      ("bind: 'unix:/a', mode: '0888'", "listeners[0].mode: must be 0000…0777"),
      ("bind: 'unix:/a', freebind: true", "listeners[0].freebind: is for IP addresses, and this is unix:/a —"),
      ("bind: ':80', freebind: 'yes'", "listeners[0].freebind: must be true or false, is \"yes\""),
    ])
  func access(keys: String, problem: String) {
    let found = problems("{ listeners: [{ \(keys) }], pools: [{ name: 'a', backends: ['10.0.0.1:80'] }] }")
    #expect(found.count == 1 && found[0].contains(problem), "\(found)")
  }

  @Test("listeners share a port at addresses that the kernel tells apart, and nothing else does")
  func sharedPorts() {
    func found(_ binds: String, _ more: String = "") -> [String] {
      problems("{ listen: [\(binds)], backends: ['10.0.0.1:80']\(more) }")
    }
    #expect(found("'0.0.0.0:80', '[::]:80', '127.0.0.1:80', '[::1]:80'") == [])
    #expect(
      found("':80', '[::]:80'").first?.contains("listen[1]: [::]:80 is taken by the listener at listen[0]") == true)
    #expect(found("'127.0.0.1:80', '[::ffff:127.0.0.1]:80'").count == 1)
    let stats = found("'0.0.0.0:80', '[::]:80'", ", stats: '127.0.0.1:80'")
    #expect(stats.first?.contains("stats: 127.0.0.1:80 is taken by the listener at listen[0], 0.0.0.0:80") == true)
  }

  @Test func aListenerMustSayWhichOfSeveralPools() {
    let pools = "pools: [{ name: 'aa', backends: ['10.0.0.1:80'] }, { name: 'bb', backends: ['10.0.0.1:80'] }]"
    #expect(
      problems("{ listeners: [{ bind: ':80' }], \(pools) }").first?
        .hasPrefix("1: listeners[0].pool: is missing, and there are 2 pools") == true)
    #expect(
      problems("{ listeners: [{ bind: ':80', pool: 'xyz' }], \(pools) }")
        == ["1: listeners[0].pool: there is no pool \"xyz\" — hint: the pools are: aa, bb"])
  }

  @Test(
    "a file that says nothing is told what the smallest one is",
    arguments: ["", " \n\t", "{}", "{ workers: 2 }", "[]", "5", "null", "\"text\""])
  func nothing(_ text: String) {
    let found = problems(text)
    #expect(found.count == 1 && found[0].contains("the smallest one is"), "\(found)")
  }

  @Test func portsThatTheKernelChoosesNeverCollide() {
    #expect(
      problems("{ listen: ['127.0.0.1:0', '127.0.0.1:0'], backends: ['10.0.0.1:80'], stats: '127.0.0.1:0' }") == [])
  }

  @Test func errorsArePrintedOnALineEachWithTheFile() {
    #expect(throws: ConfigErrors.self) { try Configuration.parse("{ listen: 5 }", file: "a.json") }
    do throws(ConfigErrors) {
      _ = try Configuration.parse(
        "{\n listen: ':80',\n backends: [{ address: 'a:80', weight: 999 }], }", file: "a.json")
      Issue.record("no error")
    } catch {
      #expect(
        error.description
          == "a.json:3: backends[0].weight: must be 0…256, is 999 — hint: choose a number in this range")
    }
  }

  @Test func moreErrorsThanAnyoneReadsAreCounted() {
    let keys = (0..<150).map { "x\($0): 1" }.joined(separator: ", ")
    do throws(ConfigErrors) {
      _ = try Configuration.parse("{ listen: ':80', backends: ['10.0.0.1:80'], \(keys) }")
      Issue.record("no error")
    } catch {
      #expect(error.errors.count == ConfigErrors.most && error.omitted == 50)
      #expect(error.description.hasSuffix("and 50 more errors"))
    }
  }
}
