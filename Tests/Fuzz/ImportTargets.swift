@testable import Config
@testable import Import

extension FuzzTarget {
  /// Whatever a file says, no line of it is lost, and what is written for it either is right or is told to be wrong.
  static let imports = [
    importing(
      .haproxy,
      [
        """
        global
          nbthread 2
        defaults
          mode tcp
          timeout client 5s
        frontend a
          bind :80,:::81 accept-proxy
          acl x src 10.0.0.0/8
          tcp-request connection reject if !x
          use_backend b if { req.ssl_sni -i a.example }
          default_backend b
        backend b
          option httpchk GET / HTTP/1.1\\r\\nHost:\\ a
          stick-table type ip size 1k expire 5m
          stick on src
          server s "10.0.0.1:80" check inter 2s backup weight 2 send-proxy-v2
        """
      ]),
    importing(
      .nginx,
      [
        """
        worker_processes 2;
        stream {
          map $ssl_preread_server_name $p { hostnames; .a.example b; default c; }
          geo $q { 10.0.0.0/8 b; }
          upstream b { hash $remote_addr; server 10.0.0.1:80 weight=2 max_fails=3 fail_timeout=30s; server a:1 backup; }
          server { listen [::]:80 proxy_protocol; allow 10.0.0.0/8; deny all; proxy_pass $p; proxy_timeout 1h30m; }
        }
        """
      ]),
  ]

  private static func importing(_ dialect: Dialect, _ texts: [String]) -> FuzzTarget {
    FuzzTarget("import-\(dialect.rawValue)", texts: texts) { text in
      guard let translation = try? Translation(of: text, in: dialect, file: "fuzz"), let written = translation.text
      else { return }
      let isRight = (try? Configuration.parse(written, secrets: .ifThere)) != nil
      precondition(isRight || !translation.isWhole, "what is wrong is told")
    }
  }
}
