import Testing

@testable import Config

@Suite("A configuration as a file")
struct RenderTests {
  @Test("an example, written, is read as the same", arguments: ["reference.json", "minimal.json", "demo.json"])
  func example(_ name: String) throws {
    let configuration = try Configuration.load(path: "\(examples)/\(name)")
    let text = configuration.render()
    #expect(try Configuration.parse(text).isSame(as: configuration))
    #expect(try Configuration.parse(text).render() == text)
  }

  /// The keys that aren't written stand in another place then: where checks go, and who is told of clients, is written with each backend, and
  /// what is included in the file itself.
  @Test func whatIsWrittenIsReadAsTheSameAndHasEveryKey() throws {
    var variations = try Variations(seed: 4)
    var written: Set<String> = []
    for _ in 0..<800 {
      let configuration = try variations.configuration()
      let text = configuration.render()
      let again = try Configuration.parse(text)
      #expect(again.isSame(as: configuration), "\(text)")
      #expect(again.render() == text)
      written.formUnion(Self.keys(of: try JSONParser.parse(Array(text.utf8)), in: ""))
    }
    let others: Set = [
      "$schema", "include", "pools[].health.port", "pools[].health.address", "pools[].sendProxy",
      "pools[].sendProxy.version", "pools[].sendProxy.tlvs", "pools[].source", "pools[].interface", "pools[].mark",
      "pools[].dscp",
    ]
    #expect(Set(ConfigSchema.longKeys.map(\.path)).subtracting(written) == others)
  }

  @Test func aSmallFileIsWrittenWithEveryDefault() throws {
    let configuration = try Configuration.parse("{ listen: ':80', backends: ['[::1]:81'], stats: '127.0.0.1:9090' }")
    #expect(
      configuration.render() == """
        {
          "listeners": [
            {
              "name": "listener-1",
              "bind": "[::]:80",
              "pool": "main",
              "maxSessions": "unlimited",
              "backlog": 4096,
              "onRemove": "drain",
              "drainLimit": "10m",
              "freebind": false,
              "introduction": "3s"
            }
          ],
          "pools": [
            {
              "name": "main",
              "strategy": "round-robin",
              "backends": [
                { "address": "[::1]:81", "weight": 1, "tier": 0, "maxSessions": "unlimited" }
              ],
              "health": {
                "type": "tcp",
                "interval": "2s",
                "timeout": "1s",
                "rise": 2,
                "fall": 3,
                "fastInterval": "500ms",
                "slowInterval": "10s",
                "proxy": "auto"
              },
              "connect": { "timeout": "2s", "deadline": "5s", "attempts": 3 },
              "timeouts": { "idle": "1h", "halfClosed": "30s", "maxAge": "unlimited" },
              "queue": { "size": 0, "timeout": "5s" },
              "guard": {
                "connecting": "unlimited",
                "rate": "unlimited",
                "ramp": "10s",
                "wait": "500ms",
                "queue": 1000
              },
              "onDown": "keep",
              "onRemove": "drain",
              "drainLimit": "10m",
              "whenAllDown": "refuse",
              "slowStart": "10s",
              "ejection": { "failures": 3, "base": "5s", "max": "1m" },
              "stick": "off"
            }
          ],
          "workers": "per-core",
          "stats": {
            "bind": "127.0.0.1:9090",
            "hosts": [],
            "detail": "backends"
          },
          "shutdown": { "drain": "30s" },
          "upgrade": { "drain": "1h" },
          "log": { "level": "info", "format": "auto" },
          "resolver": {
            "nameservers": [],
            "family": "both",
            "interval": "30s",
            "timeout": "5s"
          },
          "admin": { "mode": "0660" },
          "reload": "signal",
          "eviction": { "rate": 100, "patience": "10s" }
        }

        """)
  }

  @Test func warningsDoNotTellConfigurationsApart() throws {
    var configuration = try Configuration.parse("{ listen: ':80', backends: ['10.0.0.1:80'], stats: ':9090' }")
    let same = configuration
    configuration.warnings = []
    #expect(configuration.isSame(as: same) && configuration != same)
    configuration.shutdown.drain = .zero
    configuration.upgrade.drain = .seconds(60)
    #expect(!configuration.isSame(as: same))
  }

  private static func keys(of node: JSONNode, in path: String) -> [String] {
    switch node.value {
    case .array(let elements): elements.flatMap { keys(of: $0, in: path + "[]") }
    case .object(let members):
      members.flatMap { member in
        let inner = path.isEmpty ? member.key : "\(path).\(member.key)"
        return [inner] + keys(of: member.value, in: inner)
      }
    default: []
    }
  }
}
