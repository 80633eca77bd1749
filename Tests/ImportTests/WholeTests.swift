import Config
import Support
import Testing

@testable import Import

/// Whole configurations, as they're found.
@Suite struct WholeTests {
  @Test("those that are run beside their originals are right", arguments: ForeignConfiguration.all)
  func right(_ configuration: ForeignConfiguration) throws {
    let text = configuration.filled(port: 4000, ["127.0.0.1:4001", "127.0.0.1:4002", "127.0.0.1:4003"])
    let dialect = try #require(Dialect(of: text))
    #expect(dialect.rawValue == configuration.program)
    let translation = try Translation(of: text, in: dialect, file: "x")
    // What routes ask for is read where there are routes.
    guard translation.isWhole || !configuration.routes else { return }
    #expect(translation.isWhole, "\(translation.notes)")
    let settings = try Configuration.parse(try #require(translation.text), file: "x")
    #expect(settings.listeners.count == 1)
  }

  @Test("a database by who is its leader") func leader() throws {
    let translation = try Translation(
      of: """
        global
            maxconn 100
        defaults
            log global
            mode tcp
            retries 2
            timeout client 30m
            timeout connect 4s
            timeout server 30m
            timeout check 5s
        listen stats
            mode http
            bind *:7000
            stats enable
            stats uri /
        listen leader
            bind *:5000
            option httpchk
            http-check expect status 200
            default-server inter 3s fall 3 rise 2 on-marked-down shutdown-sessions
            server node1 10.0.0.1:5432 maxconn 100 check port 8008
            server node2 10.0.0.2:5432 maxconn 100 check port 8008
        """, in: .haproxy, file: "x")
    #expect(translation.isWhole, "\(translation.notes)")
    let settings = try Configuration.parse(try #require(translation.text), file: "x")
    let pool = try #require(settings.pools.first)
    #expect(pool.onDown == .close && pool.queue.timeout == .seconds(4) && pool.timeouts.idle == .seconds(1800))
    #expect(pool.backends.map(\.healthEndpoint.description) == ["10.0.0.1:8008", "10.0.0.2:8008"])
    #expect(settings.stats?.bind.port == 7000 && settings.listeners.map(\.maxSessions) == [100])
  }

  @Test("an API behind two addresses, with logs") func api() throws {
    let translation = try Translation(
      of: """
        global
            log 127.0.0.1:514 local0
            daemon
        defaults
            mode tcp
            log global
            option tcplog
            option dontlog-normal
            timeout connect 10s
            timeout client 1h
            timeout server 1h
        frontend api
            bind 10.0.0.5:6443,10.0.0.6:6443
            default_backend masters
        backend masters
            option ssl-hello-chk
            balance roundrobin
            server m1 10.0.0.11:6443
            server m2 10.0.0.12:6443
        """, in: .haproxy, file: "x")
    #expect(translation.isWhole, "\(translation.notes)")
    let settings = try Configuration.parse(try #require(translation.text), file: "x")
    #expect(settings.listeners.map(\.bind.description) == ["10.0.0.5:6443", "10.0.0.6:6443"])
    #expect(translation.text?.contains(#""only": ["failed"]"#) == true)
  }

  @Test("no line is lost: each that nobody knows is listed, wherever it stands")
  func nothingIsLost() throws {
    let haproxy = [
      "global", "defaults", "frontend f\n bind :1\n default_backend b", "backend b\n server s 10.0.0.1:1", "peers p",
      "resolvers r",
    ]
    for place in haproxy.indices {
      var sections = haproxy
      sections[place] += "\n unheard of"
      let text = sections.joined(separator: "\n")
      let lines = text.split(separator: "\n")
      let line = try #require(lines.firstIndex { $0.contains("unheard") }) + 1
      let notes = try Translation(of: text, in: .haproxy, file: "x").notes
      #expect(
        notes.contains { $0.line == line && $0.subject.contains("unheard") }
          || notes.contains { $0.subject.contains("and all in it up to line \(line)") }, "\(text): \(notes)")
    }
    let nginx = [
      "@", "stream {", "@", "upstream u { @ server 10.0.0.1:1; }", "server { @ listen 1; proxy_pass u; }", "}",
    ]
    for place in nginx.indices where nginx[place].contains("@") {
      let text = nginx.enumerated().map { $0.element.replaced("@", $0.offset == place ? "unheard of;" : "") }.joined(
        separator: "\n")
      let notes = try Translation(of: text, in: .nginx, file: "x").notes
      #expect(
        notes.contains { $0.line == place + 1 && $0.fate == .untranslated && $0.subject.contains("unheard") },
        "\(notes)")
    }
  }

  @Test("what the original says can't end a comment, nor be a variable") func texts() throws {
    let translation = try Translation(
      of:
        "listen a\n bind :1\n description a\\nb*/\n option tcp-check\n tcp-check expect string \"\\${HOME}\"\n server s 10.0.0.1:1 check\n",
      in: .haproxy, file: "x\ny")
    #expect(translation.isWhole, "\(translation.notes)")
    let settings = try Configuration.parse(try #require(translation.text), file: "x")
    guard case .script(let script) = settings.pools[0].health.check else {
      Issue.record("no script")
      return
    }
    #expect(String(decoding: script.expect, as: UTF8.self) == "${HOME}")
  }
}

extension WholeTests {
  @Test("whatever a file says, it's told what is wrong with what comes of it", arguments: ForeignConfiguration.all)
  func mutated(_ configuration: ForeignConfiguration) throws {
    let whole = configuration.filled(port: 4000, ["10.0.0.1:4001", "db.example:4002", "unix:/tmp/c"])
    let dialect = try #require(Dialect(rawValue: configuration.program))
    var state: UInt64 = 1
    func next(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % count
    }
    for _ in 0..<40 {
      var words = whole.split(separator: " ", omittingEmptySubsequences: false)
      for _ in 0...next(3) {
        let (place, other) = (next(words.count), next(words.count))
        switch next(4) {
        case 0: words.remove(at: place)
        case 1: words.swapAt(place, other)
        case 2: words.insert(words[other], at: place)
        default: words[place] = ["-1", "{", "\"", "99999999999999999999", "::", ";", "$x", "!", "~", "\\"][next(10)]
        }
      }
      let text = words.joined(separator: " ")
      guard let translation = try? Translation(of: text, in: dialect, file: "x"), let written = translation.text else {
        continue
      }
      let isRight = (try? Configuration.parse(written, secrets: .ifThere)) != nil
      #expect(isRight || !translation.isWhole, "\(text)")
    }
  }
}
