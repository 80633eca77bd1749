/// The words of other proxies, and of people who have used them, for what this one calls differently or doesn't have.
enum ForeignWords {
  /// What other words for a key are called here; the same word may mean several keys, of which the nearest counts.
  private static let keys: [(ours: String, words: [String])] = [
    ("backends", ["server", "servers", "upstreams", "targets", "endpoints", "members", "hosts", "nodes", "origins"]),
    ("pools", ["upstream", "upstreams", "backend", "clusters", "cluster", "services", "target-groups"]),
    ("listeners", ["frontend", "frontends", "listener", "entry-points", "binds", "ports"]),
    ("listen", ["frontend", "frontends", "listener", "listeners", "bind", "binds", "port", "ports", "address"]),
    ("bind", ["listen", "address", "addr", "port", "host"]),
    ("address", ["addr", "host", "server", "url", "endpoint", "target", "ip", "bind"]),
    (
      "pool", ["default_backend", "use_backend", "backend", "backends", "upstream", "proxy_pass", "cluster", "service"]
    ),
    (
      "strategy",
      ["balance", "algorithm", "lb_policy", "lb_algorithm", "load-balancing", "policy", "scheduler", "method"]
    ),
    ("maxSessions", ["maxconn", "max_conns", "max-connections", "connection-limit", "limit", "sessions"]),
    ("health", ["check", "checks", "health-check", "health_checks", "httpchk", "tcp-check", "active-health-check"]),
    ("interval", ["inter", "every", "period"]),
    ("fastInterval", ["fastinter"]),
    ("slowInterval", ["downinter"]),
    ("fall", ["unhealthy_threshold", "failures", "max_fails", "retries"]),
    ("rise", ["healthy_threshold", "successes", "passes"]),
    ("path", ["uri", "url", "endpoint"]),
    ("expect.status", ["status", "statuses", "code", "codes", "expected_statuses"]),
    ("expect.body", ["body", "match", "contains"]),
    ("healthAddress", ["check-address", "addr"]),
    ("tier", ["backup", "priority"]),
    ("ejection", ["outlier_detection", "passive", "passive_health_check", "circuit_breaker", "circuit_breakers"]),
    ("ejection.failures", ["max_fails", "error-limit"]),
    ("ejection.base", ["fail_timeout"]),
    ("connect.timeout", ["connect_timeout", "proxy_connect_timeout"]),
    ("connect.attempts", ["retries", "max_retries", "proxy_next_upstream_tries"]),
    ("timeouts.idle", ["timeout", "idle_timeout", "proxy_timeout", "client_timeout", "server_timeout"]),
    ("idle", ["client", "server", "tunnel", "timeout"]),
    ("halfClosed", ["client-fin", "server-fin"]),
    ("deadline", ["total", "overall"]),
    ("queue.size", ["max-queue", "max_pending_requests"]),
    ("guard", ["rate_limit", "rate_limits", "limits", "throttle"]),
    (
      "stick",
      ["sticky", "stickiness", "stick-table", "persistence", "affinity", "session-affinity", "sticky-sessions"]
    ),
    ("for", ["expire", "ttl", "timeout", "lifetime", "duration"]),
    ("slowStart", ["warmup", "warm-up", "ramp-up"]),
    ("onDown", ["on-marked-down"]),
    ("whenAllDown", ["panic", "panic_threshold"]),
    ("shutdown.drain", ["hard-stop-after", "grace", "grace-period", "drain_timeout", "graceful_timeout"]),
    ("workers", ["nbthread", "nbproc", "threads", "worker_processes", "concurrency"]),
    ("stats", ["metrics", "prometheus", "status", "monitoring", "dashboard"]),
    ("admin", ["api", "control", "admin-socket", "stats-socket"]),
    ("socket", ["path", "bind", "address", "listen"]),
    ("resolver", ["resolvers", "dns"]),
    ("resolver.nameservers", ["nameservers", "dns-servers"]),
    ("nameservers", ["servers", "addresses"]),
    ("accessLog", ["access_log", "accesslogs", "option-tcplog", "tcplog", "session-log", "traffic-log"]),
    ("log", ["logging", "logs", "error_log", "logger"]),
    ("log.level", ["log-level", "loglevel", "verbosity"]),
    ("level", ["severity", "verbosity"]),
    ("format", ["style", "encoding"]),
    ("backlog", ["somaxconn", "accept-backlog"]),
    ("proxy", ["accept-proxy", "proxy_protocol", "proxy-protocol", "proxyprotocol"]),
    ("proxy.from", ["trusted", "set_real_ip_from", "trusted-ips", "allow"]),
    ("sendProxy", ["send-proxy", "send-proxy-v2", "proxy_protocol", "proxy-protocol", "proxyprotocol"]),
    ("health.proxy", ["check-send-proxy"]),
    ("health.tls", ["check-ssl"]), ("agent", ["agent-check", "agent-addr", "agent-port"]),
    ("agent.send", ["agent-send"]),
    ("agent.interval", ["agent-inter"]),
    (
      "source",
      [
        "proxy_bind", "usesrc", "source-address", "sourceAddress", "upstream_bind_config", "bind_config",
        "local-address",
      ]
    ),
    ("interface", ["device", "bind-to-device", "dev"]),
    ("mark", ["fwmark", "so_mark", "socket-mark", "set-mark"]),
    ("dscp", ["tos", "set-tos", "traffic-class"]),
    (
      "allow",
      ["whitelist", "allowlist", "allow-list", "allowed", "sources", "loadBalancerSourceRanges", "ipWhiteList"]
    ),
    ("deny", ["blacklist", "blocklist", "denylist", "deny-list", "blocked", "denied", "reject", "ban"]),
    (
      "limits",
      ["rate-limit", "rateLimit", "ratelimit", "limit_conn", "limit_req", "throttling", "rate-limit-sessions"]
    ),
    ("limits.perClient", ["perip", "per-ip", "perIP", "client", "perSource", "src"]),
    (
      "routes",
      [
        "acl", "acls", "rules", "routers", "map", "matches", "filter_chains", "sni-routing", "ssl_preread",
        "use_backends",
      ]
    ),
    (
      "sni",
      [
        "server_name", "server_names", "hostsni", "ssl_preread_server_name", "req-ssl-sni", "req_ssl_sni", "sni-hosts",
        "domains", "virtual-hosts", "hosts",
      ]
    ),
    ("alpn", ["application_protocols", "ssl_preread_alpn_protocols", "req-ssl-alpn"]),
    ("from", ["src", "source", "sources", "source_prefix_ranges", "clientIP"]),
    ("introduction", ["tcp-request-inspect-delay", "inspect-delay", "preread_timeout", "proxy_protocol_timeout"]),
    ("tls", ["ssl"]),
    ("ca", ["ca-file", "cafile", "cacert", "ca-cert", "root-ca", "trust-store", "trusted-ca"]),
    ("certificate", ["cert", "crt", "cert-file", "client-cert", "client-certificate", "key-store", "pem"]),
    ("key", ["key-file", "private-key", "client-key", "cert-key"]),
    ("serverName", ["sni", "host", "hostname", "verifyhost", "verify-host"]),
  ]

  /// What there is no key for, and what to do instead.
  private static let advice: [(words: [String], text: String)] = [
    (
      ["tls", "ssl", "cert", "certs", "certificate", "certificates", "crt", "sni", "alpn", "ca", "ca-file", "verify"],
      "remove it: TLS is passed on as it comes, and the backends end it"
    ),
    (["mode", "protocol", "proto", "option", "options"], "remove it: everything is relayed as TCP"),
    (
      [
        "http", "locations", "headers", "paths",
      ],
      "remove it: connections are relayed as they come, and of what is said in them no more is looked at than \"routes\" asks for"
    ),
    (
      ["cookie", "cookies"],
      "remove it; \"stick\": {} sends a client to the backend that it had, by its address"
    ),
    (["keepalive", "tcp-keepalive", "clitcpka", "srvtcpka", "so-keepalive"], "remove it: keepalive is always on"),
    (["nodelay", "tcp-nodelay"], "remove it: TCP_NODELAY is always on"),
    (
      ["include", "includes", "import", "imports"],
      "name files and folders in \"include\", in the outermost object of the file that is started with"
    ),
    (
      ["daemon", "daemonize", "user", "group", "chroot", "pidfile", "ulimit", "ulimit-n"],
      "remove it: that is up to whoever starts the process, such as systemd"
    ),
    (
      ["role", "witness"],
      "remove it: one of a fleet's \"nodes\" that votes only has \"role\": \"witness\""
    ),
    (["version"], "remove it: the file has no version"),
  ]

  /// Values by their words in lower case, without hyphens and underscores: what they may be here.
  private static let values: [String: [String]] = [
    "leastconn": ["least-connections"], "least": ["least-connections"], "leastrequest": ["least-connections"],
    "lc": ["least-connections"], "wlc": ["least-connections"], "leastsessions": ["least-connections"],
    "rr": ["round-robin"], "wrr": ["round-robin"], "staticrr": ["round-robin"], "weighted": ["round-robin"],
    "weightedroundrobin": ["round-robin"],
    "source": ["source-hash"], "iphash": ["source-hash"], "hash": ["source-hash"], "sourceip": ["source-hash"],
    "clientip": ["source-hash"], "ringhash": ["source-hash"], "maglev": ["source-hash"], "sticky": ["source-hash"],
    "consistenthash": ["source-hash"],
    "p2c": ["two-choices"], "poweroftwo": ["two-choices"], "powerof2": ["two-choices"], "random2": ["two-choices"],
    "poweroftwochoices": ["two-choices"], "rand": ["random"],
    "warn": ["warning"], "err": ["error"], "crit": ["critical"], "fatal": ["critical"], "emerg": ["critical"],
    "alert": ["critical"], "panic": ["critical"], "verbose": ["debug"], "information": ["info"],
    "plain": ["text"], "logfmt": ["text"], "console": ["text"], "pretty": ["text"],
    "httpchk": ["http"], "httpget": ["http"], "http1": ["http"], "connect": ["tcp"], "ping": ["tcp"],
    "tcpcheck": ["tcp"], "l4": ["tcp"], "script": ["tcp-script"], "off": ["none"], "no": ["none"], "false": ["none"],
    "postgresql": ["postgres"], "pgsql": ["postgres"], "pg": ["postgres"], "mariadb": ["mysql"], "mysqld": ["mysql"],
    "valkey": ["redis"], "mail": ["smtp"], "smtps": ["smtp"], "ldaps": ["ldap"], "https": ["http"], "ssl": ["tcp"],
    "slave": ["replica"], "secondary": ["replica"], "standby": ["replica"], "leader": ["primary", "master"],
    "primary": ["master"], "master": ["primary"],
    "auto": ["per-core", "watch"], "cores": ["per-core"], "cpus": ["per-core"], "percpu": ["per-core"],
    "max": ["per-core", "unlimited"],
    "shutdownsessions": ["close"], "kill": ["close"], "drop": ["close", "refuse"], "reset": ["close", "refuse"],
    "terminate": ["close"], "graceful": ["drain"], "reject": ["refuse"], "fail": ["refuse"], "all": ["panic"],
    "any": ["panic"], "sighup": ["signal"], "hup": ["signal"], "manual": ["signal"], "file": ["watch"],
    "inotify": ["watch"], "infinite": ["unlimited"], "infinity": ["unlimited"],
  ]

  /// The words that a value may be here.
  static func values(_ word: String) -> [String] { values[plain(word)] ?? [] }

  /// The keys that a key may be here, as paths inside the object it stands in, or in another one.
  static func keys(_ word: String) -> [String] {
    let typed = plain(word)
    return keys.filter { $0.words.contains { plain($0) == typed } }.map(\.ours)
  }

  /// What to do about a key for which there is nothing here.
  static func advice(_ word: String) -> String? {
    let typed = plain(word)
    return advice.first { $0.words.contains { plain($0) == typed } }?.text
  }

  private static func plain(_ word: String) -> String {
    word.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " }
  }
}
