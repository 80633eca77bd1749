/// Lines that mean nothing here, and why.
enum HAProxyIdle {
  /// What a line is left out for; nil if it means something.
  static func reason(_ line: Statement) -> String? {
    let words = line.keyword == "no" ? line.arguments : line.words[...]
    guard let first = words.first else { return nil }
    if first == "option" { return words.dropFirst().first.flatMap { options[$0] } }
    if first == "timeout" { return words.dropFirst().first.flatMap { timeouts[$0] } }
    return keywords[first] ?? families.first { first.hasPrefix($0.0) }?.1
  }

  /// What is translated where a section has it.
  static let known: Set = [
    "timeout", "balance", "hash-type", "retries", "maxconn", "backlog", "default-server", "source", "default_backend",
    "log", "mode", "option", "rate-limit", "http-check", "tcp-check", "tcp-request", "stick", "stick-table",
  ]

  /// What to do about lines that mean something and have no counterpart.
  static let remedies = [
    "maxconn": "each listener has a limit of its own, and all together that of descriptors",
    "stick-table": "for what tables count there are \"limits\"", "stick": "for what tables count there are \"limits\"",
    "use-server": "routes lead to pools, and in a pool the strategy picks: make a pool of it",
    "monitor-net": "checks of others are sessions like any; \"deny\" turns them away",
    "tcp-response": "what backends say isn't looked at",
    "external-check": "no program is run to check",
  ]

  private static let starter = "that is up to whoever starts the process, such as systemd"
  private static let tuning = "it sizes itself"
  private static let http = "it's for HTTP, and has no effect on TCP there either"
  private static let tls = "it's for TLS that ends at the proxy, which it doesn't here"

  private static let families = [
    ("tune.", tuning), ("ssl-", tls), ("http-", http), ("lua-", "without rules in Lua there's nothing to load"),
    ("errorfile", http), ("stats", "the stats port and the admin socket have settings of their own"),
  ]

  private static let keywords = [
    "daemon": starter, "user": starter, "group": starter, "uid": starter, "gid": starter, "chroot": starter,
    "pidfile": starter, "ulimit-n": "the limit of descriptors is raised as far as it goes", "master-worker": starter,
    "node": starter, "description": "it's for people", "localpeer": "there are no peers",
    "nbproc": "there's one process",
    "cpu-map": "the kernel spreads the workers", "bind-process": "there's one process", "quiet": starter,
    "zero-warning": starter,
    "insecure-fork-wanted": starter, "insecure-setuid-wanted": starter, "set-dumpable": starter, "presetenv": starter,
    "setenv": starter, "unsetenv": starter, "resetenv": starter, "default-path": starter,
    "expose-experimental-directives": starter,
    "ca-base": tls, "crt-base": tls, "maxsslconn": tls, "maxsslrate": tls, "issuers-chain-path": tls,
    "hard-stop-after": "\"shutdown\": { \"drain\": … } says how long sessions may go on",
    "grace": "\"shutdown\": { \"drain\": … } says how long sessions may go on",
    "spread-checks": "checks are spread by 10 % by themselves", "log-tag": "the access log has no tag",
    "log-send-hostname": "the host's name is always sent to syslog", "maxpipes": tuning, "busy-polling": tuning,
    "noepoll": tuning, "nosplice": tuning, "nopoll": tuning, "noreuseport": tuning, "nogetaddrinfo": tuning,
    "maxconnrate": tuning,
    "log-format": "fields have other names here: see \"format\" of \"accessLog\"",
    "log-format-sd": "all fields are sent to syslog as structured data",
    "unique-id-format": "the access log's \"unique\" tells sessions apart",
    "unique-id-header": http, "cookie": http, "capture": http, "compression": http, "redirect": http, "filter": http,
    "reqadd": http, "rspadd": http, "monitor-uri": http, "retry-on": http, "id": "it's for HAProxy's own statistics",
    "guid": "it's for HAProxy's own statistics", "enabled": "it's the default", "fullconn": "it's for minconn",
    "load-server-state-from-file": "a reload keeps what is known of backends",
    "server-state-file": "a reload keeps what is known of backends",
    "server-state-base": "a reload keeps what is known of backends", "errorloc": http, "errorloc302": http,
    "errorloc303": http,
    "tcp-check": "no server is checked",
    "email-alert": "alerts are Prometheus' here: see Packaging/monitoring",
    "max-keep-alive-queue": http, "hash-balance-factor": "source-hash has no such bound",
    "acl": "no rule that is translated uses it",
  ]

  private static let timeouts = [
    "http-request": http, "http-keep-alive": http, "tarpit": http, "client-hs": tls, "mail": http,
  ]

  private static let always = "it's always so"
  private static let options = [
    "clitcpka": always, "srvtcpka": always, "tcpka": always,
    "redispatch": "a failed connect always goes to another backend",
    "splice-auto": "it's done by itself where it helps", "splice-request": "it's done by itself where it helps",
    "splice-response": "it's done by itself where it helps", "tcp-smart-accept": always, "tcp-smart-connect": always,
    "contstats": "counts go on while sessions last", "log-health-checks": "each change of state is logged",
    "dontlognull": "\"only\": [\"failed\"] of \"accessLog\" leaves out what went well",
    "dontlog-normal": "there's no access log",
    "logasap": "\"interval\" of \"accessLog\" makes lines while sessions last",
    "log-separate-errors": "levels are as they are",
    "tcplog": "there's no log line that names where to", "httplog": http, "httpslog": http,
    "socket-stats": "each listener is counted",
    "nolinger": "sessions end as their sides end them", "persist": "it's for cookies", "abortonclose": http,
    "allbackups": "there's no backup",
    "independent-streams": "what moves in one direction keeps a session, as it does by default",
    "httpchk": "no server is checked", "tcp-check": "no server is checked",
    "ssl-hello-chk": "no server is checked", "redis-check": "no server is checked",
    "pgsql-check": "no server is checked",
    "mysql-check": "no server is checked", "smtpchk": "no server is checked", "ldap-check": "no server is checked",
    "external-check": "no server is checked", "prefer-last-server": http,
    "forwardfor": http, "originalto": http, "httpclose": http, "http-server-close": http, "http-keep-alive": http,
    "http-no-delay": http, "http-pretend-keepalive": http, "http-use-htx": http, "http-use-proxy-header": http,
    "http-buffer-request": http, "http-ignore-probes": http, "accept-invalid-http-request": http,
    "accept-invalid-http-response": http,
    "checkcache": http, "idle-close-on-response": http, "forceclose": http, "h1-case-adjust-bogus-client": http,
    "h1-case-adjust-bogus-server": http, "disable-h2-upgrade": http, "forwarded": http,
  ]
}
