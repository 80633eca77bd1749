import Config

/// The configuration of the demo's proxy, made as an operator makes one: as text.
enum DemoConfiguration {
  /// A proxy and a stats port on free ports before the backends; quick checks, so that there's something to see.
  static func make(for backends: [DemoPort]) throws(ConfigErrors) -> Configuration {
    let list = backends.map { "{ \"name\": \"\($0.name)\", \"address\": \"\($0.address)\" }" }.joined(separator: ", ")
    return try Configuration.parse(
      """
      {
        "listeners": [ { "name": "demo", "bind": "127.0.0.1:0", "pool": "demo" } ],
        "pools": [ {
          "name": "demo",
          "strategy": "round-robin",
          "backends": [ \(list) ],
          "health": { "type": "http", "interval": "250ms", "timeout": "200ms", "fastInterval": "100ms", "fall": 2 },
          "ejection": { "base": "1s", "max": "1s" },
          "slowStart": "0s",
        } ],
        "stats": { "bind": "127.0.0.1:0" },
        "shutdown": { "drain": "2s" },
        "admin": "off",
      }
      """, file: "the demo's configuration")
  }
}
