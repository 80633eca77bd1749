import Testing

@testable import Import

/// What directives of nginx's come to.
@Suite struct NginxTests {
  /// A stream with these directives in its upstream and its server.
  private func translate(upstream: String = "", server: String = "", around: String = "", listen: String = "80") throws
    -> Translation
  {
    try Translation(
      of:
        "stream {\n\(around)\nupstream web { \(upstream) server 10.0.0.1:80; server 10.0.0.2:80; }\nserver { listen \(listen); \(server) proxy_pass web; }\n}\n",
      in: .nginx, file: "nginx.conf")
  }

  private func expect(_ translation: Translation, _ fragment: String?) {
    #expect(translation.isWhole, "\(translation.notes)")
    let flat = (translation.text ?? "").replaced("\n        ", " ")
    if let fragment { #expect(flat.contains(fragment), "\(flat)") }
  }

  @Test(
    "of an upstream",
    arguments: [
      ("least_conn;", #""strategy": "least-connections""#),
      ("hash $remote_addr consistent;", #""strategy": "source-hash""#),
      ("random;", #""strategy": "random""#), ("random two least_conn;", #""strategy": "two-choices""#),
      ("zone web 64k;", nil),
      ("server 10.0.0.3:80 weight=5;", #""weight": 5"#), ("server 10.0.0.3:80 max_conns=9;", #""maxSessions": 9"#),
      ("server 10.0.0.3:80 backup;", #""tier": 1"#), ("server 10.0.0.3:80 down;", #""weight": 0"#),
      ("server 10.0.0.3:80 slow_start=30s;", #""slowStart": "30s""#), ("server unix:/run/x;", #""unix:/run/x""#),
      ("server db.example service=pg resolve;", #""srv": "_pg._tcp.db.example""#),
      ("", #""ejection": { "failures": 1, "base": "10s", "max": "10s" }"#), ("", #""health": { "type": "none" }"#),
    ] as [(String, String?)])
  func upstreams(_ directives: String, _ fragment: String?) throws {
    expect(try translate(upstream: directives), fragment)
  }

  @Test(
    "a range of ports is one listener, and the server's port that of its client",
    arguments: [
      ("20-29", "10.0.0.1:$server_port", #""bind": "0.0.0.0:20-29""#, "10.0.0.1:same"),
      ("[::1]:20-29", "db.example:$server_port", #""bind": "[::1]:20-29""#, "db.example:same"),
      ("*:20-29", "[2001:db8::1]:$server_port", #""bind": "0.0.0.0:20-29""#, "[2001:db8::1]:same"),
      ("20 proxy_protocol", "10.0.0.1:$proxy_protocol_server_port", #""bind": "0.0.0.0:20""#, "10.0.0.1:same"),
      ("20-29 proxy_protocol", "10.0.0.1:$server_port", nil, ""),
      ("20", "10.0.0.1:$proxy_protocol_server_port", nil, ""),
      ("unix:/run/a", "10.0.0.1:$server_port", nil, ""), ("1-2000", "10.0.0.1:80", nil, ""),
      ("20-29", "$upstream_host:$server_port", nil, ""),
    ] as [(String, String, String?, String)])
  func ports(_ listen: String, _ pass: String, _ listener: String?, _ backend: String) throws {
    let translation = try Translation(
      of: "stream {\nserver { listen \(listen); proxy_pass \(pass); }\n}\n", in: .nginx, file: "nginx.conf")
    guard let listener else { return #expect(!translation.isWhole, "\(translation.text ?? "")") }
    #expect(translation.isWhole, "\(translation.notes)")
    let text = translation.text ?? ""
    #expect(text.contains(listener) && text.contains("\"\(backend)\""), "\(text)")
  }

  @Test(
    "of a server",
    arguments: [
      ("", #""timeouts": { "idle": "10m" }"#),
      ("", #""connect": { "timeout": "1m", "deadline": "2m", "attempts": 2 }"#),
      ("proxy_timeout 1h;", #""idle": "1h""#),
      ("proxy_timeout 1h; proxy_half_close on;", #""idle": "1h", "halfClosed": "1h""#),
      ("proxy_connect_timeout 2s; proxy_next_upstream off;", #""timeout": "2s", "deadline": "2s", "attempts": 1"#),
      ("proxy_next_upstream_tries 1; proxy_next_upstream_timeout 90s;", #""deadline": "1m30s", "attempts": 1"#),
      ("proxy_protocol on;", #""sendProxy": "v1""#), ("proxy_bind 10.0.0.9;", #""source": "10.0.0.9""#),
      ("proxy_bind $remote_addr transparent;", #""source": "client""#),
      ("allow 10.0.0.0/8; deny all;", #""allow": ["10.0.0.0/8"]"#),
      ("deny 10.0.0.1; allow all;", #""deny": ["10.0.0.1"]"#), ("tcp_nodelay on; proxy_buffer_size 16k;", nil),
      ("access_log /var/log/nginx/a.log;", #""accessLog": { "to": "/var/log/nginx/a.log" }"#),
      ("access_log off;", #""accessLog": "off""#),
      ("health_check interval=3s fails=2;", #""type": "tcp", "interval": "3s", "rise": 1, "fall": 2"#),
    ] as [(String, String?)])
  func servers(_ directives: String, _ fragment: String?) throws {
    expect(try translate(server: directives), fragment)
  }

  @Test(
    "of a listen",
    arguments: [
      ("80", #""bind": "0.0.0.0:80""#), ("*:80 reuseport", #""bind": "0.0.0.0:80""#),
      ("[::1]:80 backlog=9", #""backlog": 9"#),
      ("unix:/run/a.sock", #""bind": "unix:/run/a.sock""#),
      ("80 proxy_protocol", #""proxy": { "from": ["0.0.0.0/0", "::/0"] }"#),
    ])
  func listens(_ listen: String, _ fragment: String) throws { expect(try translate(listen: listen), fragment) }

  @Test("what is around a server holds in it, unless it says so itself") func around() throws {
    expect(try translate(around: "proxy_timeout 5s; allow 10.0.0.0/8; deny all;"), #""idle": "5s""#)
    expect(try translate(around: "proxy_timeout 5s; allow 10.0.0.0/8; deny all;"), #""allow": ["10.0.0.0/8"]"#)
    expect(try translate(server: "proxy_timeout 6s;", around: "proxy_timeout 5s;"), #""idle": "6s""#)
    expect(
      try translate(server: "set_real_ip_from 10.0.0.0/8;", listen: "80 proxy_protocol"), #""from": ["10.0.0.0/8"]"#)
    expect(
      try translate(server: "limit_conn a 5;", around: "limit_conn_zone $binary_remote_addr zone=a:10m;"),
      #""limits": { "perClient": { "sessions": 5 } }"#)
    expect(
      try translate(around: "resolver 10.0.0.53 valid=9s ipv6=off;"),
      #""resolver": { "interval": "9s", "family": "ipv4", "nameservers": ["10.0.0.53"] }"#)
  }

  @Test(
    "what can't be translated is listed with its line",
    arguments: [
      ("hash $server_port;", "", "80", 3), ("least_time connect;", "", "80", 3),
      ("server 10.0.0.3:80 frobnicate;", "", "80", 3),
      ("frobnicate on;", "", "80", 3), ("", "frobnicate on;", "80", 4), ("", "proxy_download_rate 1m;", "80", 4),
      ("", "js_access main.access;", "80", 4), ("", "include /etc/nginx/a.conf;", "80", 4),
      ("", "", "80 rcvbuf=1 setfib=1", 4),
      ("", "limit_conn b 5;", "80", 4), ("", "proxy_bind $server_addr;", "80", 4),
      ("", "access_log logs/a.log;", "80", 4),
      ("server 10.0.0.3:80 max_fails=5; server 10.0.0.4:80 max_fails=6;", "", "80", 3),
    ])
  func untranslated(_ upstream: String, _ server: String, _ listen: String, _ line: Int) throws {
    let translation = try translate(upstream: upstream, server: server, listen: listen)
    #expect(Set(translation.notes.filter { $0.fate == .untranslated }.map(\.line)) == [line], "\(translation.notes)")
  }

  @Test("UDP, TLS that ends there and HTTP are left to others") func foreign() throws {
    let translation = try Translation(
      of: """
        http { server { listen 80; } }
        stream {
          server { listen 53 udp; proxy_pass 10.0.0.1:53; }
          server { listen 443 ssl; proxy_pass 10.0.0.1:80; ssl_certificate a.pem; }
          server { listen 5432; proxy_pass 10.0.0.1:5432; proxy_ssl on; }
          server { listen 25; proxy_pass $somewhere; }
          server { listen 26; proxy_pass 10.0.0.1:26; }
        }
        """, in: .nginx, file: "x")
    #expect(
      translation.notes.filter { $0.fate == .untranslated }.compactMap(\.line) == [1, 3, 4, 5, 6, 6],
      "\(translation.notes)")
    #expect(translation.text?.contains(#""bind": "0.0.0.0:26""#) == true)
    #expect(translation.text?.contains(":5432") == false)
  }

  /// What routes are to be: only the text is looked at.
  @Test(
    "where clients go",
    arguments: [
      (
        "map $ssl_preread_server_name $p { hostnames; .two.example b; one.example a; *.x.two.example a; default a; }",
        #"{ "sni": ["two.example"], "pool": "b" }, { "sni": ["one.example", "*.x.two.example"], "pool": "a" }, { "sni": ["*.two.example"], "pool": "b" }"#,
        "a"
      ),
      (
        #"map $ssl_preread_server_name $p { one.example a; "" b; default a; }"#,
        #"{ "sni": ["one.example"], "pool": "a" }, { "sni": ["*"], "pool": "a" }"#, "b"
      ),
      (#"map $ssl_preread_protocol $p { "" b; default a; }"#, #"{ "protocol": "tls", "pool": "a" }"#, "b"),
      (#"map $ssl_preread_alpn_protocols $p { ~\bh2\b b; default a; }"#, #"{ "alpn": ["h2"], "pool": "b" }"#, "a"),
      (
        "geo $p { default a; 10.0.0.0/8 b; 10.1.0.0/16 a; }",
        #"{ "from": ["10.1.0.0/16"], "pool": "a" }, { "from": ["10.0.0.0/8"], "pool": "b" }"#, "a"
      ),
      (
        #"map $ssl_preread_server_name $n { one.example b; default a; } map $ssl_preread_protocol $p { "" b; default $n; }"#,
        #"{ "sni": ["one.example"], "pool": "b" }, { "protocol": "tls", "pool": "a" }"#, "b"
      ),
    ])
  func routes(_ map: String, _ routes: String, _ pool: String) throws {
    let text =
      try Translation(
        of: """
          stream {
            upstream a { server 10.0.0.1:1; }
            upstream b { server 10.0.0.2:1; }
            \(map)
            server { listen 443; ssl_preread on; proxy_pass $p; }
          }
          """, in: .nginx, file: "x"
      ).text ?? ""
    let flat = text.replaced("\n        ", " ").replaced("},\n", "}, ").replaced("  ", " ")
    #expect(flat.contains(routes), "\(flat)")
    #expect(flat.contains("\"pool\": \"\(pool)\",\n"), "\(text)")
  }

  @Test("two servers that say otherwise of an upstream have a pool each") func copies() throws {
    let text = try Translation(
      of: """
        stream {
          upstream a { server 10.0.0.1:1; }
          server { listen 1; proxy_pass a; }
          server { listen 2; proxy_pass a; }
          server { listen 3; proxy_pass a; proxy_timeout 1s; }
        }
        """, in: .nginx, file: "x")
    #expect(text.isWhole)
    #expect(text.text?.ranges(of: #""name": "a","#).count == 1 && text.text?.ranges(of: #""name": "a-2","#).count == 1)
  }
}
