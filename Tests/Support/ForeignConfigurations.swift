/// Configurations of HAProxy and nginx as their users write them, with places to be filled in: `{port}` is where clients are
/// accepted, `{a}`, `{b}` and `{c}` are the addresses of three servers.
package struct ForeignConfiguration: Sendable, CustomStringConvertible {
  /// What has to be alike in front of the same servers.
  package enum Manner: Sendable {
    /// So many sessions are spread exactly alike.
    case shares(Int)
    /// Each server gets some of so many.
    case all(Int)
    /// These servers get all sessions, and when `a` is gone, those.
    case failover([String], [String])
    /// A client always comes to the same server.
    case loyal
    /// Whose clients at these addresses of loopback are served.
    case admission([String: Bool])
    /// Servers with `proxy_protocol` are told the client's address.
    case told
    /// A client that a header introduces is told on.
    case introduced
    /// To which server clients come who ask for these names by TLS; an empty one says nothing of the kind.
    case names([String: String])
  }

  package let name: String
  package let program: String
  package let manner: Manner
  /// Whether it needs routes.
  package var routes: Bool { if case .names = manner { true } else { false } }
  package let text: String

  package var description: String { "\(program): \(name)" }

  /// With its places filled in.
  package func filled(port: UInt16, _ servers: [String]) -> String {
    var text = text
    for (place, value) in zip(["{port}", "{a}", "{b}", "{c}"], ["\(port)"] + servers) {
      text = text.split(separator: place, omittingEmptySubsequences: false).joined(separator: value)
    }
    return text
  }

  private static func haproxy(_ name: String, _ manner: Manner, _ text: String) -> ForeignConfiguration {
    let head = """
      global
        maxconn 2000
      defaults
        mode tcp
        timeout connect 3s
        timeout client 30s
        timeout server 30s

      """
    return ForeignConfiguration(name: name, program: "haproxy", manner: manner, text: head + text + "\n")
  }

  private static func nginx(_ name: String, _ manner: Manner, _ stream: String) -> ForeignConfiguration {
    let head = "worker_processes 1;\nevents { worker_connections 512; }\nstream {\n"
    return ForeignConfiguration(name: name, program: "nginx", manner: manner, text: head + stream + "\n}\n")
  }

  package static let all: [ForeignConfiguration] = [
    haproxy(
      "shares by weight", .shares(20),
      """
      frontend shop
        bind 127.0.0.1:{port}
        default_backend shop
      backend shop
        balance roundrobin
        server s1 {a} weight 1
        server s2 {b} weight 3
        server s3 {c} weight 1
      """),
    haproxy(
      "a database with standby servers", .failover(["a"], ["b"]),
      """
      listen db
        bind 127.0.0.1:{port}
        balance leastconn
        option redispatch
        retries 3
        default-server inter 200ms fastinter 100ms rise 2 fall 2
        server first {a} check
        server second {b} check backup
        server third {c} check backup
      """),
    haproxy(
      "all standby servers at once", .failover(["a"], ["b", "c"]),
      """
      backend db
        option allbackups
        server first {a} check inter 200ms fall 2
        server second {b} check inter 200ms fall 2 backup
        server third {c} check inter 200ms fall 2 backup
      frontend db
        bind 127.0.0.1:{port}
        default_backend db
      """),
    haproxy(
      "clients that stay by their address", .loyal,
      """
      listen cache
        bind 127.0.0.1:{port}
        balance source
        hash-type consistent
        server s1 {a}
        server s2 {b}
        server s3 {c}
      """),
    haproxy(
      "clients that stay by a table", .loyal,
      """
      listen chat
        bind 127.0.0.1:{port}
        balance roundrobin
        stick-table type ip size 100k expire 30m
        stick on src
        server s1 {a}
        server s2 {b}
      """),
    haproxy(
      "who may come in", .admission(["127.0.0.2": true, "127.0.1.3": false, "127.0.1.9": true, "127.7.0.1": false]),
      """
      frontend inner
        bind 127.0.0.1:{port}
        acl friend src 127.0.1.9
        acl lab src 127.0.1.0/24
        acl office src 127.0.0.0/16
        tcp-request connection accept if friend
        tcp-request connection reject if lab
        tcp-request connection accept if office
        tcp-request connection reject
        default_backend inner
      backend inner
        server s1 {a}
      """),
    haproxy(
      "all but some are turned away", .admission(["127.0.0.2": true, "127.3.0.1": false]),
      """
      listen inner
        bind 127.0.0.1:{port}
        acl office src 127.0.0.0/24 10.0.0.0/8
        tcp-request connection reject if !office
        server s1 {a}
      """),
    haproxy(
      "servers are told who it is", .told,
      """
      listen mail
        bind 127.0.0.1:{port}
        server s1 {a} send-proxy
      """),
    haproxy(
      "servers are told by version 2", .told,
      """
      listen mail
        bind 127.0.0.1:{port}
        server s1 {a} send-proxy-v2
      """),
    haproxy(
      "who it is, is told and told on", .introduced,
      """
      listen mail
        bind 127.0.0.1:{port} accept-proxy
        server s1 {a} send-proxy
      """),
    haproxy(
      "only servers that say that they're well", .all(6),
      """
      listen api
        bind 127.0.0.1:{port}
        balance static-rr
        option httpchk GET /files/ready
        http-check expect status 200
        server s1 {a} check inter 200ms
        server s2 {b} check inter 200ms
      """),
    haproxy(
      "by the name that is asked for",
      .names(["one.example": "a", "x.two.example": "b", "other.example": "c", "": "c"]),
      """
      frontend tls
        bind 127.0.0.1:{port}
        tcp-request inspect-delay 2s
        tcp-request content accept if { req_ssl_hello_type 1 }
        acl two req.ssl_sni -m end .two.example
        use_backend first if { req.ssl_sni -i one.example }
        use_backend second if two
        default_backend third
      backend first
        server s1 {a}
      backend second
        server s2 {b}
      backend third
        server s3 {c}
      """),
    nginx(
      "shares by weight", .shares(20),
      """
        upstream shop {
          server {a} weight=2;
          server {b};
          server {c} weight=2;
        }
        server { listen 127.0.0.1:{port}; proxy_pass shop; }
      """),
    nginx(
      "clients that stay", .loyal,
      """
        upstream cache { hash $remote_addr consistent; server {a}; server {b}; server {c}; }
        server { listen 127.0.0.1:{port}; proxy_pass cache; proxy_timeout 3s; proxy_connect_timeout 1s; }
      """),
    nginx(
      "a server in reserve", .failover(["a"], ["b"]),
      """
        upstream db { server {a} max_fails=1 fail_timeout=5s; server {b} backup; }
        server { listen 127.0.0.1:{port}; proxy_connect_timeout 1s; proxy_pass db; }
      """),
    nginx(
      "the one with the fewest", .all(9),
      """
        upstream web { least_conn; zone web 64k; server {a}; server {b}; server {c} max_conns=100; }
        server { listen 127.0.0.1:{port}; proxy_pass web; }
      """),
    nginx(
      "who may come in", .admission(["127.0.0.2": true, "127.0.0.3": false, "127.4.0.1": false]),
      """
        server {
          listen 127.0.0.1:{port};
          deny 127.0.0.3;
          allow 127.0.0.0/24;
          deny all;
          proxy_pass {a};
        }
      """),
    nginx(
      "servers are told who it is", .told,
      """
        server { listen 127.0.0.1:{port}; proxy_protocol on; proxy_pass {a}; }
      """),
    nginx(
      "by the name that is asked for",
      .names(["one.example": "a", "two.example": "b", "deep.x.two.example": "b", "other.example": "c", "": "c"]),
      """
        map $ssl_preread_server_name $pool {
          hostnames;
          one.example first;
          .two.example {b};
          default third;
        }
        upstream first { server {a}; }
        upstream third { server {c}; }
        server { listen 127.0.0.1:{port}; ssl_preread on; preread_timeout 2s; proxy_pass $pool; }
      """),
  ]
}
