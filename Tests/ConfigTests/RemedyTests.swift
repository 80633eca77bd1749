import Config
import Testing

@testable import Config

/// What people write who know another program, or are in a hurry, and what they are told: each remedy is tried.
@Suite("Remedies")
struct RemedyTests {
  @Test(
    "an address that is nearly right",
    arguments: [
      ("::1:8080", "\"::1:8080\" doesn't tell its address from its port — hint: write \"[::1]:8080\""),
      (
        "2001:db8::5:443",
        "\"2001:db8::5:443\" doesn't tell its address from its port — hint: write \"[2001:db8::5]:443\""
      ),
      ("2001:db8::5", "\"2001:db8::5\" has no port — hint: write \"[2001:db8::5]:8080\""),
      ("[::1]", "\"[::1]\" has no port — hint: write \"[::1]:8080\""),
      ("10.0.0.1:70000", "port must be 0…65535, is 70000 — hint: choose one in this range"),
      ("10.0.0.1:80 ", "\"10.0.0.1:80 \" has white space around it — hint: write \"10.0.0.1:80\""),
      ("\\t10.0.0.1:80", "\"\\u{9}10.0.0.1:80\" has white space around it — hint: write \"10.0.0.1:80\""),
      ("\\ufeff10.0.0.1:80", "\"\\u{feff}10.0.0.1:80\" has white space around it — hint: write \"10.0.0.1:80\""),
      ("10.0.0.1: 80", "\"10.0.0.1: 80\" has white space in it — hint: write \"10.0.0.1:80\""),
      ("10.0.0.1 80", "\"10.0.0.1 80\" has white space in it — hint: write \"10.0.0.1:80\""),
      (
        "10.0.0.1：80",
        "\"10.0.0.1：80\" has no port — hint: write it behind the address, such as \"10.0.0.1:8080\"; its character 9 is U+FF1A"
      ),
      ("http://10.0.0.1:80/up", "\"http://10.0.0.1:80/up\" is a URL, not an address — hint: write \"10.0.0.1:80\""),
      ("https://web.example", "\"https://web.example\" is a URL, not an address — hint: write \"web.example:443\""),
      ("10.0.0.1:80/tcp", "port must be a number 0…65535, is \"80/tcp\" — hint: write \"10.0.0.1:80\""),
      ("/run/web.sock", "\"/run/web.sock\" has no port — hint: write \"unix:/run/web.sock\""),
      ("unix:///run/web.sock", "hint"),
      ("unix:/run/", "\"/run/\" is not the absolute path of a socket — hint: write the path of the socket"),
      ("8080", "\"8080\" has no port — hint: write \"127.0.0.1:8080\""),
      (":8080", "there is no host before the port — hint: write \"127.0.0.1:8080\""),
      ("[fe80::1%nowhere]:80", "\"[fe80::1%nowhere]:80\" names an interface that this machine hasn't, \"nowhere\" —"),
      (
        "[fe80::1]:80",
        "fe80::1 is known on a single link only, and the interface to it is missing — hint: write it behind"
      ),
      ("224.0.0.1:80", "224.0.0.1 stands for many machines"), ("[ff02::1]:80", "ff02::1 stands for many machines"),
      ("1.99999999999999999999:80", "\"1.99999999999999999999\" is neither an IP address nor a host name"),
      ("\u{212A}.example:80", "\"\u{212A}.example\" is neither an IP address nor a host name — hint: write"),
    ])
  func address(_ text: String, _ start: String) {
    let found = problems("{ listen: ':81', backends: ['\(text)'] }")
    guard start != "hint" else { return #expect(found == []) }
    #expect(found.count == 1 && found[0].hasPrefix("1: backends[0]: \(start)"), "\(found)")
  }

  @Test(
    "where something listens that is nearly right",
    arguments: [
      ("listen: 8080", "listen: must be an address in quotes", "write \":8080\""),
      ("listen: '8080'", "listen: \"8080\" has no port", "write \":8080\""),
      ("listen: ':70000'", "listen: port must be 0…65535, is 70000", "choose one in this range"),
      ("listen: ':80,:81'", "listen: ", "write [\":80\", \":81\"]"),
      (
        "listen: 'WEB.EXAMPLE:80'", "listen: \"WEB.EXAMPLE\" is not an address of this machine",
        "write \"10.0.0.1:8080\""
      ),
      ("listen: '[fe80::1]:80'", "listen: fe80::1 is known on a single link only", "write it behind the address"),
      ("stats: 9090", "stats: must be an address in quotes or an object", "write \"127.0.0.1:9090\""),
      ("stats: '9090'", "stats: \"9090\" has no port", "write \"127.0.0.1:9090\""),
      ("stats: 'off'", "stats: \"off\" has no port", "leave the key out to have its default"),
      ("stats: false", "stats: must be an address in quotes or an object", "leave the key out to have its default"),
      (
        "resolver: { nameservers: ['dns.example'] }", "resolver.nameservers[0]: \"dns.example\" is a name",
        "write its IP address"
      ),
      (
        "resolver: { nameservers: ['dns.example:53'] }",
        "resolver.nameservers[0]: \"dns.example\" is not an IP address",
        "write its IP address"
      ),
      ("resolver: { nameservers: '10.0.0.53' }", "resolver.nameservers: must be a list", "write [\"10.0.0.53\"]"),
      ("resolver: { nameservers: ['::1:53'] }", "", ""),
    ])
  func bind(_ key: String, _ start: String, _ hint: String) {
    let found = problems(
      "{ \(key.hasPrefix("listen") ? "" : "listen: ':82', ")backends: ['10.0.0.1:80'], \(key) }")
    guard !start.isEmpty else { return #expect(found == []) }
    #expect(found.count == 1 && found[0].hasPrefix("1: \(start)"), "\(found)")
    #expect(found.first?.contains("— hint: \(hint)") == true, "\(found)")
  }

  @Test(
    "a value that is nearly right",
    arguments: [
      ("workers: '4'", "workers: must be a whole number 1…256 or \"per-core\", is \"4\"", "write 4, without quotes"),
      ("workers: 'auto'", "workers: must be", "write \"per-core\""),
      ("workers: 'many'", "workers: must be", "write one of the two"),
      ("workers: 1.5", "workers: must be a whole number 1…256, is 1.5", "choose one in this range"),
      ("guard: { rate: '100/s' }", "guard.rate: must be", "write 100, without quotes"),
      ("guard: { rate: '100 per second' }", "guard.rate: must be", "write 100, without quotes"),
      ("guard: { queue: '10k' }", "guard.queue: must be", "write 10000, without quotes"),
      ("guard: { rate: 0 }", "guard.rate: must be 1…1000000, is 0", "write \"unlimited\""),
      ("guard: 'off'", "guard: must be an object, is \"off\"", "leave the key out to have its default"),
      ("health: 'tcp'", "health: must be an object, is \"tcp\"", "write { \"type\": \"tcp\" }"),
      ("health: 'http'", "health: must be an object, is \"http\"", "write { \"type\": \"http\" }"),
      ("health: 'off'", "health: must be an object, is \"off\"", "write { \"type\": \"none\" }"),
      ("health: false", "health: must be an object, is false", "write { \"type\": \"none\" }"),
      ("health: { type: 'off' }", "health.type: must be one of", "write \"none\""),
      ("health: { type: 'http', expect: { status: '2xx' } }", "health.expect.status: must be", "write \"200-299\""),
      ("health: { type: 'http', expect: { status: '200,204' } }", "", "write [\"200\", \"204\"]"),
      ("health: { type: 'http', expect: { status: '404' } }", "", ""),
      ("ejection: false", "ejection: must be an object, is false", "write \"off\""),
      ("ejection: 'none'", "ejection: must be", "write \"off\""),
      ("ejection: true", "ejection: must be an object, is true", "leave the key out to have its default"),
      ("admin: false", "admin: must be", "write \"off\""),
      ("admin: { mode: 660 }", "admin.mode: must be an octal mode in quotes, is 660", "write \"0660\""),
      ("admin: { mode: '0o660' }", "admin.mode: must be 0000…0777", "write \"0660\""),
      ("slowStart: 'off'", "slowStart: must be a duration", "write \"0s\""),
      ("slowStart: '-2s'", "slowStart: must be 0s…1h, is -2s", "choose a duration in this range"),
      ("slowStart: '99999999999999d'", "slowStart: must be 0s…1h, is 99999999999999d", "choose a duration"),
      ("slowStart: '10'", "slowStart: must be a duration with a unit", "write \"10s\" for seconds or \"10ms\" for"),
      ("slowStart: 7200", "slowStart: must be a duration with a unit", "write \"7200ms\" for milliseconds"),
      ("slowStart: 1.5", "slowStart: must be a duration with a unit", "write \"1.5s\" for seconds or \"1.5ms\""),
      ("slowStart: -1", "slowStart: must be a duration with a unit", "write"),
      ("slowStart: '10 S'", "slowStart: must be a duration", "write \"10s\""),
      ("slowStart: '10 seconds'", "slowStart: must be a duration", "write \"10s\""),
      ("slowStart: '1,5min'", "slowStart: must be a duration", "write \"1.5m\""),
      ("slowStart: '.5s'", "slowStart: must be a duration", "write \"0.5s\""),
      ("slowStart: '5\u{455}'", "slowStart: must be a duration, is", "write a number with its unit"),
      ("timeouts: { maxAge: 'never' }", "timeouts.maxAge: must be a duration", "write \"unlimited\""),
      (
        "timeouts: '30s'", "timeouts: must be an object",
        "write { … } with some of these keys: idle, halfClosed, maxAge"
      ),
      ("log: { level: 'warn' }", "log.level: must be one of", "write \"warning\""),
      ("log: { level: ' info' }", "log.level: \" info\" has white space around it", "write \"info\""),
      ("log: { level: 'fatal' }", "log.level: must be one of", "write \"critical\""),
      ("log: { level: 'Info' }", "log.level: must be one of", "did you mean \"info\"?"),
      ("strategy: 'leastconn'", "strategy: must be one of", "write \"least-connections\""),
      ("strategy: 'ip_hash'", "strategy: must be one of", "write \"source-hash\""),
      ("strategy: 'rr'", "strategy: must be one of", "write \"round-robin\""),
      ("strategy: ['random']", "strategy: must be one of", "write \"random\""),
      ("strategy: 'r\u{430}ndom'", "strategy: must be one of", "did you mean \"random\"?; its character 2 is U+0430"),
      ("queue: 'off'", "queue: must be an object", "write { \"size\": 0 }"),
      ("onDown: 'shutdown-sessions'", "onDown: must be one of", "write \"close\""),
    ])
  func value(_ keys: String, _ start: String, _ hint: String) {
    let found = problems(shortForm: keys)
    guard !start.isEmpty || !hint.isEmpty else { return #expect(found == []) }
    #expect(found.count == 1 && found[0].hasPrefix("1: \(start)"), "\(found)")
    #expect(found.first?.contains("— hint: \(hint)") == true, "\(found)")
  }

  @Test(
    "a key of another program",
    arguments: [
      ("balance: 'x'", "balance: unknown key — hint: it's called \"strategy\" here"),
      ("lb_policy: 'x'", "lb_policy: unknown key — hint: it's called \"strategy\" here"),
      (
        "maxconn: 5",
        "maxconn: unknown key — hint: it's called \"maxSessions\" here, and belongs into backends[]"
      ),
      ("maxSessions: 5", "maxSessions: unknown key — hint: it belongs into backends[]"),
      ("interval: '2s'", "interval: unknown key — hint: it belongs into health or agent or accessLog or resolver"),
      ("tls: true", "tls: unknown key — hint: remove it: TLS is passed on as it comes"),
      ("ca: '/a'", "ca: unknown key — hint: remove it: TLS is passed on as it comes"),
      ("proxyProtocol: true", "proxyProtocol: unknown key — hint: "),
      ("send_proxy: true", "send_proxy: unknown key — hint: did you mean \"sendProxy\"?"),
      ("checkSendProxy: true", "checkSendProxy: unknown key — hint: "),
      ("mode: 'tcp'", "mode: unknown key — hint: it belongs into admin"),
      ("sticky: true", "sticky: unknown key — hint: did you mean \"stick\"?"),
      ("persistence: {}", "persistence: unknown key — hint: it's called \"stick\" here"),
      ("cookie: 'x'", "cookie: unknown key — hint: remove it; \"stick\": {} sends a client"),
      ("nbthread: 4", "nbthread: unknown key — hint: it's called \"workers\" here"),
      ("healthCheck: {}", "healthCheck: unknown key — hint: it's called \"health\" here"),
      ("idle_timeout: '1s'", "idle_timeout: unknown key — hint: it's called \"idle\" here, inside \"timeouts\""),
      ("health: { inter: '2s' }", "health.inter: unknown key — hint: it's called \"interval\" here"),
      ("health: { type: 'http', uri: '/' }", "health.uri: unknown key — hint: it's called \"path\" here"),
      (
        "'timeoutѕ': {}",
        "\"timeout\\u{455}\": unknown key: its character 8 is U+0455, CYRILLIC SMALL LETTER DZE — hint: did"
      ),
      ("'tier ': 1", "\"tier\\u{20}\": unknown key: its character 5 is U+0020, SPACE — hint:"),
      ("'': 1", "\"\": unknown key — hint: known here"),
    ])
  func key(_ keys: String, _ start: String) {
    let found = problems(shortForm: keys)
    #expect(found.count == 1 && found[0].hasPrefix("1: \(start)"), "\(found)")
  }

  @Test(
    "a whole file of another program",
    arguments: [
      (
        "{ frontends: [{ bind: ':80' }], upstreams: [{ name: 'a', servers: ['10.0.0.1:80'] }] }",
        [
          "frontends: unknown key — hint: it's called \"listeners\" here",
          "upstreams: unknown key — hint: it's called \"pools\" here",
        ]
      ),
      (
        "{ listen: ':80', servers: ['10.0.0.1:80'] }",
        ["servers: unknown key — hint: it's called \"backends\" here"]
      ),
      (
        "{ listners: [{ bind: ':80' }], pools: [{ name: 'a', backend: ['10.0.0.1:80'] }] }",
        [
          "listners: unknown key — hint: did you mean \"listeners\"?",
          "pools[0].backend: unknown key — hint: did you mean \"backends\"?",
        ]
      ),
      (
        "{ listeners: [{ address: ':80' }], pools: [{ name: 'a', backends: [{ server: '10.0.0.1:80' }] }] }",
        [
          "listeners[0].address: unknown key — hint: it's called \"bind\" here",
          "pools[0].backends[0].server: unknown key — hint: it's called \"address\" here",
        ]
      ),
    ]) func file(_ text: String, _ starts: [String])
  {
    let found = problems(text)
    #expect(found.count == starts.count, "\(found)")
    for start in starts { #expect(found.contains { $0.hasPrefix("1: \(start)") }, "\(start) in \(found)") }
  }

  @Test(
    "what is no JSON",
    arguments: [
      ("{ listen: True }", "True is neither a number nor true, false or null — hint: write true"),
      ("{ listen: None }", "None is neither a number nor true, false or null — hint: write null"),
      ("{ listen: .5 }", ".5 is neither a number nor true, false or null — hint: write 0.5"),
      ("{ listen: +5 }", "+5 is neither a number nor true, false or null — hint: write 5"),
      ("{ listen: 08 }", "08 is neither a number nor true, false or null — hint: write 8"),
      ("{ listen: 0x1F }", "0x1F is neither a number nor true, false or null — hint: write 31"),
      ("{ listen: 1_000 }", "1_000 is neither a number nor true, false or null — hint: write 1000"),
      ("{ slowStart: 2s }", "2s is neither a number nor true, false or null — hint: text needs quotes: \"2s\""),
      ("# a comment\n{}", "expected a value, found \"#\" — hint: a comment starts with //"),
      ("{ # a comment\n}", "expected a key, found \"#\" — hint: a comment starts with //"),
      (
        "{ listen = ':80' }",
        "expected \":\" after the key \"listen\", found \"=\" — hint: write \"listen\": and a value"
      ),
    ])
  func syntax(_ text: String, _ start: String) {
    let found = problems(text)
    #expect(found.count == 1 && found[0].contains(": \(start)") || found[0].contains(" \(start)"), "\(found)")
  }
}
