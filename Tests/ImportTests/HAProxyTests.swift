import Config
import Testing

@testable import Import

/// What lines of HAProxy's come to.
@Suite struct HAProxyTests {
  /// A `listen` with these lines before its server, on line 3 and on.
  private func translate(_ lines: String, server: String = "server s 10.0.0.1:80") throws -> Translation {
    try Translation(of: "listen web\n  bind :80\n\(lines)\n\(server)\n", in: .haproxy, file: "haproxy.cfg")
  }

  @Test(
    "lines of a proxy",
    arguments: [
      ("balance roundrobin", nil), ("balance leastconn", #""strategy": "least-connections""#),
      ("balance source", #""strategy": "source-hash""#), ("balance random", #""strategy": "two-choices""#),
      ("balance random(1)", #""strategy": "random""#),
      ("timeout client 5m\ntimeout server 50s", #""idle": "50s", "halfClosed": "50s""#),
      ("timeout client 5m\ntimeout tunnel 1h", #""idle": "1h", "halfClosed": "5m""#),
      ("timeout client 0\ntimeout server-fin 9s", #""idle": "unlimited", "halfClosed": "9s""#),
      ("timeout connect 2000\nretries 2", #""connect": { "timeout": "2s", "deadline": "6s", "attempts": 3 }"#),
      ("retries 0", #""connect": { "attempts": 1 }"#), ("maxconn 500", #""maxSessions": 500"#),
      ("backlog 100", #""backlog": 100"#),
      ("rate-limit sessions 30", #""limits": { "rate": "30/s", "excess": "delay" }"#),
      ("stick-table type ip size 200k expire 30m\nstick on src", #""stick": { "for": "30m", "size": 204800 }"#),
      ("source 10.0.0.9", #""source": "10.0.0.9""#), ("source 0.0.0.0 usesrc clientip", #""source": "client""#),
      ("source 10.0.0.9 interface eth1", #""interface": "eth1""#),
      ("tcp-request connection reject if { src 10.0.0.0/8 }", #""deny": ["10.0.0.0/8"]"#),
      ("acl us src 10.0.0.0/8\ntcp-request content reject unless us", #""allow": ["10.0.0.0/8"]"#),
      ("tcp-request inspect-delay 1s\ntcp-request content accept if { req.len gt 0 }", nil),
      ("option redispatch\noption tcpka\nno option splice-auto", nil),
    ] as [(String, String?)])
  func lines(_ lines: String, _ fragment: String?) throws {
    let translation = try translate(lines)
    #expect(translation.isWhole, "\(translation.notes)")
    if let fragment { #expect(translation.text?.contains(fragment) == true, "\(translation.text ?? "")") }
  }

  @Test(
    "options of a server",
    arguments: [
      ("weight 20", #""weight": 20"#), ("backup\nserver t 10.0.0.2", #""address": "10.0.0.2:80""#),
      ("maxconn 50", #""queue": { "size": 100000 }"#),
      ("maxconn 50", #""maxSessions": 50"#),
      ("send-proxy", #""sendProxy": "v1""#), ("send-proxy-v2", #""sendProxy": "v2""#),
      (
        "send-proxy-v2 proxy-v2-options crc32c,unique-id",
        #""sendProxy": { "version": "v2", "tlvs": ["crc32c", "unique-id"] }"#
      ),
      ("backup", #""tier": 1"#), ("check port 81", #""healthPort": 81"#),
      ("check addr 10.0.0.9", #""healthAddress": "10.0.0.9:80""#),
      (
        "check",
        #""health": { "type": "tcp", "interval": "2s", "timeout": "2s", "fastInterval": "2s", "slowInterval": "2s""#
      ),
      (
        "check inter 5s fastinter 1s downinter 9s rise 1 fall 4",
        #""interval": "5s", "timeout": "5s", "rise": 1, "fall": 4, "fastInterval": "1s", "slowInterval": "9s""#
      ),
      ("slowstart 30s", #""slowStart": "30s""#), ("on-marked-down shutdown-sessions", #""onDown": "close""#),
      ("observe layer4 error-limit 5", #""ejection": { "failures": 5 }"#),
      ("source 10.0.0.9:0", #""source": "10.0.0.9""#),
      ("send-proxy check check-send-proxy port 9", #""proxy": "v1""#), ("", #""health": { "type": "none" }"#),
    ])
  func servers(_ options: String, _ fragment: String) throws {
    let translation = try translate("", server: "server s 10.0.0.1:80 \(options)")
    #expect(translation.isWhole, "\(translation.notes)")
    let flat = (translation.text ?? "").replaced("\n        ", " ").replaced("{ ", "{")
    #expect(flat.contains(fragment.replaced("{ ", "{")), "\(flat)")
  }

  @Test(
    "checks",
    arguments: [
      ("option httpchk", #""type": "http", "method": "OPTIONS", "path": "/""#),
      ("option httpchk GET /up", #""type": "http", "path": "/up""#),
      (
        "option httpchk HEAD /up HTTP/1.1\\r\\nHost:\\ a.example",
        #""method": "HEAD", "path": "/up", "host": "a.example""#
      ),
      (
        "option httpchk\nhttp-check send meth GET uri /x hdr Host b\nhttp-check expect status 200-204",
        #""path": "/x", "host": "b", "expect": { "status": "200-204" }"#
      ),
      ("option httpchk GET /\nhttp-check expect string fine", #""expect": { "body": "fine" }"#),
      (
        "option tcp-check\ntcp-check send PING\\r\\n\ntcp-check expect string +PONG",
        #""type": "tcp-script", "send": "PING\r\n", "expect": "+PONG""#
      ),
      ("option tcp-check\ntcp-check expect string SSH-", #""type": "tcp-script", "expect": "SSH-""#),
      (
        "option tcp-check\ntcp-check connect\ntcp-check send-binary 0102\ntcp-check expect binary 03",
        #""sendHex": "0102", "expectHex": "03""#
      ),
    ])
  func checks(_ lines: String, _ fragment: String) throws {
    let translation = try translate("timeout check 1s\n\(lines)", server: "server s 10.0.0.1:80 check")
    #expect(translation.isWhole, "\(translation.notes)")
    let flat = (translation.text ?? "").replaced("\n        ", " ")
    #expect(flat.contains(fragment), "\(flat)")
  }

  /// What other parts of the configuration are to have: only the text is looked at.
  @Test(
    "what is written for routes and for checks by protocols",
    arguments: [
      ("option pgsql-check user probe", #""type": "postgres", "user": "probe""#),
      ("option redis-check", #""type": "redis""#),
      ("option ldap-check", #""type": "ldap""#), ("option smtpchk", #""type": "smtp""#),
      ("option mysql-check user probe", #""type": "mysql", "user": "probe""#),
      ("option ssl-hello-chk", #""type": "tcp", "tls": { "verify": false }"#),
      ("default-server agent-check agent-port 99 agent-inter 5s", #""agent": { "port": 99, "interval": "5s" }"#),
      (
        "use_backend web if { req.ssl_sni -i a.example b.example }",
        #"{ "sni": ["a.example", "b.example"], "pool": "web" }"#
      ),
      ("use_backend web if { req.ssl_sni -m end .a.example }", #"{ "sni": ["*.a.example"], "pool": "web" }"#),
      (
        "acl in src 10.0.0.0/8\nuse_backend web if in { req.ssl_alpn h2 }",
        #"{ "from": ["10.0.0.0/8"], "alpn": ["h2"], "pool": "web" }"#
      ),
      ("use_backend web if { payload(0,7) -m bin 5353482d322e30 }", #"{ "protocol": "ssh", "pool": "web" }"#),
      (
        "tcp-request content accept if { req_ssl_hello_type 1 }\ntcp-request content reject",
        #"{ "protocol": "tls", "pool": "web" }"#
      ),
    ])
  func later(_ lines: String, _ fragment: String) throws {
    let text = try translate(lines, server: "server s 10.0.0.1:80 check").text ?? ""
    #expect(text.replaced("\n        ", " ").contains(fragment), "\(text)")
  }

  @Test(
    "what can't be translated is listed with its line",
    arguments: [
      ("balance uri", 3), ("bind :1-9000", 3), ("bind :443 ssl crt a.pem", 3), ("frobnicate", 3),
      ("option frobnicate", 3),
      ("tcp-request content reject if { src_conn_rate gt 9 }", 3),
      ("tcp-request connection accept if { src -f a.txt }", 3),
      ("use_backend web if { req.ssl_sni -m reg ^a }", 3), ("use_backend web if !{ src 10.0.0.0/8 }", 3),
      ("use_backend nobody if { src 10.0.0.0/8 }", 3), ("http-check expect rstring a.b\noption httpchk", 3),
      ("stick on hdr(x)", 3), ("timeout client soon", 3), ("server t 10.0.0.2:80 ssl verify none", 3),
      ("server t 10.0.0.2:+1000", 3), ("use-server s if { src 10.0.0.0/8 }", 3),
      ("server t 10.0.0.2:80 frobnicate", 3), ("external-check path /bin", 3),
      ("bind abns@x", 3), ("tcp-request content set-var(x) src", 3),
      ("tcp-request connection frobnicate if x\nacl\nacl x", 3),
      ("tcp-request content reject if { req.len 0 }", 3),
    ])
  func untranslated(_ lines: String, _ line: Int) throws {
    let server = "server s 10.0.0.1:80\(lines.contains("httpchk") ? " check" : "")"
    let translation = try translate(lines, server: server)
    #expect(translation.notes.filter { $0.fate == .untranslated }.map(\.line) == [line], "\(translation.notes)")
  }

  @Test("what holds for all its defaults say, by name too") func defaults() throws {
    let text = try Translation(
      of: """
        defaults slow
          timeout client 9m
          timeout server 9m
        defaults
          timeout client 7s
          timeout server 7s
          balance leastconn
        listen a
          bind :1
          server s 10.0.0.1:1
        listen b from slow
          bind :2
          server s 10.0.0.1:2
        """, in: .haproxy, file: "x")
    #expect(text.isWhole, "\(text.notes)")
    #expect(text.text?.contains(#""idle": "7s""#) == true && text.text?.contains(#""idle": "9m""#) == true)
    #expect(text.text?.ranges(of: "least-connections").count == 1)
  }

  @Test(
    "a range of ports is one listener, and a server without its own has the one that a client asks for",
    arguments: [
      (":20-29", "10.0.0.1", "0.0.0.0:20-29", "10.0.0.1:same"),
      (":20-29", "10.0.0.1:0", "0.0.0.0:20-29", "10.0.0.1:same"),
      ("10.0.0.9:20-29", "db.example:+0", "10.0.0.9:20-29", "db.example:same"),
      (":::20-29", "[2001:db8::1]", "[::]:20-29", "[2001:db8::1]:same"),
      (":20-20", "10.0.0.1:7", "0.0.0.0:20", "10.0.0.1:7"),
      (":20", "10.0.0.1", "0.0.0.0:20", "10.0.0.1:20"), (":20,:21", "10.0.0.1:-0", "0.0.0.0:21", "10.0.0.1:same"),
      (":20 accept-proxy", "10.0.0.1", "0.0.0.0:20", "10.0.0.1:same"),
    ])
  func ports(_ bind: String, _ server: String, _ listener: String, _ backend: String) throws {
    for (options, more) in [("", nil), (" check port 81", "\"healthPort\": 81"), (" check", "\"healthPort\": 20")] {
      let translation = try Translation(
        of: "listen web\n  bind \(bind)\n  server s \(server)\(options)\n", in: .haproxy, file: "haproxy.cfg")
      #expect(translation.isWhole, "\(translation.notes)")
      let text = translation.text ?? ""
      #expect(text.contains("\"\(listener)\"") && text.contains("\"\(backend)\""), "\(text)")
      if let more, backend.hasSuffix(":same") { #expect(text.contains(more), "\(text)") }
    }
  }

  @Test("ports that are some way from the one asked for, or too many, aren't translated")
  func otherPorts() throws {
    for (bind, server) in [
      (":20-29", "10.0.0.1:+1000"), (":1-2000", "10.0.0.1:7"), (":29-20", "10.0.0.1:7"), ("/run/a", "10.0.0.1"),
    ] {
      let translation = try Translation(
        of: "listen web\n  bind \(bind)\n  server s \(server)\n", in: .haproxy, file: "haproxy.cfg")
      #expect(!translation.isWhole, "\(bind) \(server): \(translation.text ?? "")")
    }
  }

  @Test("a server without a port of its own that nobody could check isn't translated")
  func nowhereToCheck() throws {
    for (options, isWhole) in [("", true), (" check", false), (" check port 81", true)] {
      let translation = try Translation(
        of: "listen web\n  bind /run/a accept-proxy\n  server a 10.0.0.1\(options)\n  server b 10.0.0.2:7\n",
        in: .haproxy, file: "haproxy.cfg")
      let note = translation.notes.contains { "\($0)".contains("says where to check it") }
      #expect(translation.isWhole == isWhole && note != isWhole, "\(translation.notes)")
      #expect(translation.text?.contains("10.0.0.1:same") == isWhole, "\(translation.text ?? "")")
      _ = try Configuration.parse(translation.text ?? "")
    }
  }

  @Test("the page with statistics is the stats port; requests are nobody's") func http() throws {
    let translation = try Translation(
      of: """
        listen stats
          bind 127.0.0.1:8404
          mode http
          stats enable
        frontend site
          mode http
          bind :80
          default_backend site
        backend site
          mode http
          server a 10.0.0.1:80
        listen db
          bind :5432
          server a 10.0.0.1:5432
        """, in: .haproxy, file: "x")
    #expect(translation.text?.contains(#""stats": "127.0.0.1:8404""#) == true)
    #expect(translation.notes.filter { $0.fate == .untranslated }.map(\.line) == [5, 9])
  }

  @Test("names are asked for where a section says, and found by their records") func resolvers() throws {
    let translation = try Translation(
      of: """
        resolvers dc
          nameserver a 10.0.0.53:53
          hold valid 5s
          hold other 30s
          timeout retry 2s
        listen db
          bind :5432
          server-template pg 5 _pg._tcp.db.example resolvers dc check
        listen web
          bind :80
          server-template w 3 web.example:80 resolvers dc
        """, in: .haproxy, file: "x")
    #expect(translation.isWhole, "\(translation.notes)")
    for fragment in [
      #""resolver": { "interval": "5s", "timeout": "2s", "nameservers": ["10.0.0.53:53"] }"#,
      #"{ "srv": "_pg._tcp.db.example" }"#,
      #""address": "web.example:80""#,
    ] { #expect(translation.text?.contains(fragment) == true, "\(translation.text ?? "")") }
  }
}

extension String {
  /// With a text in place of another.
  func replaced(_ text: String, _ other: String) -> String {
    split(separator: text, omittingEmptySubsequences: false).joined(separator: other)
  }
}
