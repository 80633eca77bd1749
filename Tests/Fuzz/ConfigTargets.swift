import Balancing
import Sockets

@testable import Config

extension FuzzTarget {
  static let configuration = [
    FuzzTarget(
      "configuration",
      texts: [
        "{ \"listen\": \":80\", \"backends\": [\"10.0.0.1:80\", { \"address\": \"a:80\", \"weight\": 2, \"tier\": 1 }] }",
        """
        { listeners: [{ name: 'a', bind: '[::1]:80', pool: 'b', maxSessions: 5 }], stats: '127.0.0.1:1', workers: 2,
          pools: [{ name: 'b', strategy: 'random', backends: ['unix:/a', 'b.c:1'], health: { type: 'http', path: '/a',
            expect: { status: ['200-399', 404], body: 'x' }, interval: '3s', timeout: '1.5s' }, queue: { size: 3 },
            guard: { rate: 'unlimited', ramp: '1m' }, ejection: 'off', timeouts: { maxAge: '1h30m' } }],
          admin: { mode: '0600', socket: '/a' }, resolver: { nameservers: ['::1', '10.0.0.1:53'] } }
        """,
        "{ listen: ':80', backends: ['a:1'], health: { type: 'tcp-script', sendHex: '00 ff', expect: '+' }, /**/ }",
        "{ frontends: 'leastconn', workers: '4', maxconn: 10k, tls: off, health: false, slowStart: '10 Sec' }",
        "{ listen: ':80', servers: '::1:8080', stats: 'http://a/', listen: '[fe80::1%lo]:0', timeouts: { idle: -1 } }",
      ]
    ) { text in
      do throws(ConfigErrors) {
        let configuration = try Configuration.parse(text)
        let again = try? Configuration.parse(configuration.render())
        precondition(again?.isSame(as: configuration) == true, "it's another one after it was written and read")
        _ = configuration.summary()
      } catch {
        precondition(error.errors.allSatisfy { !$0.message.isEmpty && !$0.hint.isEmpty }, "an error says nothing")
        precondition(!error.description.utf8.contains { $0 < 0x20 && $0 != 0x0A }, "an error has control characters")
      }
    },
    FuzzTarget("file", seeds: [Array("\u{FEFF}{}".utf8), [0xFF, 0xFE, 0x7B, 0], Array("{ a: 1 }".utf8)]) { bytes in
      _ = try? Configuration.parse(bytes, file: "fuzz.json")
    },
    FuzzTarget(
      "json",
      texts: [
        "{\"a\":[1,-2.5e3,true,null,\"\\u00e9\\ud83d\\ude00\\n\"], 'b': {c: \"x\"} // d\n}", "[[[]],{},\"\",0]", "\t1 ",
      ]
    ) { text in
      guard let node = try? JSONParser.parse(Array(text.utf8)) else { return }
      let again = try? JSONParser.parse(Array(node.text.utf8))
      precondition(again?.lineText == node.lineText, "a document is another one after it was written and read")
    },
    FuzzTarget("duration", texts: ["1h30m", "250ms", "1.5s", "1d2h3m4s5.5ms", "-2s", "10 Seconds", "1,5min"]) { text in
      _ = DurationText.meant(by: text)
      guard let duration = DurationText.read(text) else { return }
      precondition(DurationText.read(duration.configured) == duration, "a duration is another one after it was written")
    },
    FuzzTarget(
      "address",
      texts: [
        "10.0.0.1:80", "[::1]:80", "[fe80::1%1]:80", "unix:/run/a", "a.example:80", "localhost:1", "::1:80",
        "http://a/",
      ]
    ) { text in
      if let endpoint = try? Endpoint(text: text) {
        precondition(
          (try? Endpoint(text: endpoint.description)) == endpoint, "an address is another one after it was written")
      }
      if let address = SocketAddress(text) {
        precondition(SocketAddress(address.description) == address, "an address is another one after it was written")
      }
    },
  ]
}
