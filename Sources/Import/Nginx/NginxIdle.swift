/// Directives that mean nothing here, and why.
enum NginxIdle {
  /// What a directive is left out for; nil if it means something.
  static func reason(_ statement: Statement) -> String? {
    let word = statement.keyword
    if let reason = words[word] { return reason }
    if word == "proxy_upload_rate" || word == "proxy_download_rate", statement.words.dropFirst().first == "0" {
      return "it's the default"
    }
    return families.first { word.hasPrefix($0.0) }?.1
  }

  /// What is translated where a server has it.
  static let known: Set = [
    "proxy_timeout", "proxy_connect_timeout", "proxy_next_upstream", "proxy_next_upstream_tries",
    "proxy_next_upstream_timeout",
    "preread_timeout", "ssl_preread", "proxy_protocol", "proxy_protocol_timeout", "proxy_bind", "access_log",
    "limit_conn",
    "limit_conn_zone", "set_real_ip_from", "allow", "deny", "resolver", "resolver_timeout", "proxy_half_close", "map",
    "geo",
    "upstream",
  ]

  private static let starter = "that is up to whoever starts the process, such as systemd"
  private static let tuning = "it sizes itself"
  private static let tls = "it's for TLS that ends or begins at the proxy, which it doesn't here"

  private static let families = [
    ("ssl_", tls), ("proxy_ssl_", tls), ("worker_", tuning), ("variables_hash_", tuning), ("map_hash_", tuning),
  ]

  private static let words = [
    "user": starter, "daemon": starter, "master_process": starter, "pid": starter, "lock_file": starter, "env": starter,
    "load_module": "there are no modules to load", "events": tuning, "thread_pool": tuning, "pcre_jit": tuning,
    "timer_resolution": tuning,
    "error_log": "the process logs to its standard error",
    "log_format": "fields have other names here: see \"format\" of \"accessLog\"",
    "open_log_file_cache": "files of the access log stay open", "zone": "all workers share what is known",
    "status_zone": "each listener is counted",
    "tcp_nodelay": "it's always so", "proxy_socket_keepalive": "keepalive is always on", "proxy_buffer_size": tuning,
    "preread_buffer_size": tuning, "proxy_requests": "it's for UDP", "proxy_responses": "it's for UDP",
    "limit_conn_log_level": "whom limits turn away is told once a minute", "limit_conn_status": "it's for HTTP",
    "working_directory": starter, "debug_points": starter, "use": tuning, "multi_accept": tuning,
    "accept_mutex": tuning,
    "proxy_half_close": "a side that ends is told the other, which goes on for \"halfClosed\"",
    "state": "backends that are added at run time are kept",
    "upstream_conf": "backends are added by `martlet backend add`", "api": "there's an admin socket",
  ]
}
