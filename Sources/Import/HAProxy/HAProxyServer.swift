/// A `server`, `server-template` or `dispatch` line with its options, those of `default-server` before it among them.
struct HAProxyServer {
  /// An option with its values, and the line on which it stands.
  struct Option {
    let name: String
    let values: [String]
    let line: Statement
  }

  let line: Statement
  let name: String
  let address: String
  let options: [Option]
  /// Whether it stands for all that its name has.
  var isTemplate: Bool { line.keyword == "server-template" }

  /// The option that holds: the last one.
  func last(_ name: String) -> Option? { options.last { $0.name == name } }

  /// The value of the option that holds.
  func value(_ name: String) -> String? { last(name)?.values.first }

  /// Whether it's switched on, and not off again behind that.
  func has(_ name: String) -> Bool { options.last { [name, "no-\(name)"].contains($0.name) }?.name == name }
}

extension HAProxyServer {
  /// How many values an option has, where it's one.
  private static let single: Set = [
    "inter", "fastinter", "downinter", "rise", "fall", "port", "addr", "weight", "maxconn", "minconn", "maxqueue",
    "slowstart", "on-marked-down", "on-marked-up", "on-error", "observe", "error-limit", "cookie", "track", "id",
    "resolvers", "resolve-prefer", "resolve-net", "resolve-opts", "init-addr", "verify", "ca-file", "crt", "crl-file",
    "sni", "check-sni", "verifyhost", "alpn", "check-alpn", "check-proto", "proto", "agent-port", "agent-inter",
    "agent-addr", "agent-send", "redir", "namespace", "tcp-ut", "pool-max-conn", "pool-purge-delay", "pool-low-conn",
    "max-reuse", "ciphers", "ciphersuites", "ssl-min-ver", "ssl-max-ver", "proxy-v2-options", "socks4", "log-bufsize",
    "log-proto", "shard", "ws", "usesrc", "interface", "source", "set-proxy-v2-tlv-fmt", "guid", "curves", "sigalgs",
  ]

  /// The options of words.
  static func options(_ words: ArraySlice<String>, on line: Statement) -> [Option] {
    var options: [Option] = []
    var rest = words
    while let name = rest.popFirst() {
      let values = single.contains(name) ? Array(rest.prefix(1)) : []
      rest = rest.dropFirst(values.count)
      options.append(Option(name: name, values: values, line: line))
    }
    return options
  }
}

extension HAProxySection {
  /// Its servers, in the order of its lines.
  var servers: [HAProxyServer] {
    guard hasServers else { return [] }
    // A default-server is about the servers behind it.
    var defaults: [HAProxyServer.Option] = []
    var servers: [HAProxyServer] = []
    for line in lines {
      let words = line.words
      switch line.keyword {
      case "default-server": defaults += HAProxyServer.options(line.arguments, on: line)
      case "server" where words.count > 2:
        servers.append(
          HAProxyServer(
            line: line, name: words[1], address: words[2],
            options: defaults + HAProxyServer.options(words[3...], on: line)))
      case "server-template" where words.count > 3:
        servers.append(
          HAProxyServer(
            line: line, name: words[1], address: words[3],
            options: defaults + HAProxyServer.options(words[4...], on: line)))
      case "dispatch" where words.count == 2:
        servers.append(HAProxyServer(line: line, name: "dispatch", address: words[1], options: []))
      default: break
      }
    }
    return servers
  }
}
