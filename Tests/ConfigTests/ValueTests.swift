import Sockets
import Testing

@testable import Config

@Suite("Values with a form of their own")
struct ValueTests {
  @Test(
    "a duration is read and written",
    arguments: [
      ("2s", .seconds(2), "2s"), ("250ms", .milliseconds(250), "250ms"), ("1h30m", .seconds(5400), "1h30m"),
      ("90m", .seconds(5400), "1h30m"), ("1.5s", .milliseconds(1500), "1.5s"), ("0s", .zero, "0s"),
      ("0.5ms", .microseconds(500), "0.5ms"), ("1d", .seconds(86_400), "1d"), ("25h", .seconds(90_000), "25h"),
      ("1h0.5s", .milliseconds(3_600_500), "1h500ms"), ("60s", .seconds(60), "1m"),
      ("61.05s", .milliseconds(61_050), "1m1.05s"), ("999999999999s", .seconds(999_999_999_999), "277777777h46m39s"),
    ] as [(String, Duration, String)])
  func duration(_ text: String, _ duration: Duration, _ written: String) {
    #expect(DurationText.read(text) == duration)
    #expect(DurationText.write(duration) == written)
    #expect(DurationText.read(written) == duration)
  }

  @Test(
    "what isn't a duration is refused",
    arguments: [
      "", "2", "s", "2 s", " 2s", "2S", "-2s", "+2s", "2s1h", "2s2s", "1.s", ".5s", "1e3s", "2sec", "0x2s", "٢s",
      "9999999999999s", "101141444410d44m", "999999999999s1ms", "1.0000000001s", "2s ", "1h30", "--2s",
      String(repeating: "-", count: 1_000_000),
    ])
  func noDuration(_ text: String) { #expect(DurationText.read(text) == nil) }

  @Test(
    "a backend's address is read",
    arguments: [
      ("10.0.0.1:80", "10.0.0.1:80"), ("[::1]:80", "[::1]:80"), ("[2001:DB8::0:1]:80", "[2001:db8::1]:80"),
      ("unix:/run/a b.sock", "unix:/run/a b.sock"), ("Web_1.Example.:80", "web_1.example.:80"),
      ("localhost:80", "127.0.0.1:80"), ("LocalHost:80", "127.0.0.1:80"), ("1a.de:65535", "1a.de:65535"),
      ("xn--bcher-kva.example:1", "xn--bcher-kva.example:1"),
    ])
  func endpoint(_ text: String, _ written: String) throws {
    let configuration = try Configuration.parse("{ listen: ':1', backends: ['\(text)'] }")
    #expect(configuration.pools[0].backends[0].endpoint.description == written)
  }

  @Test(
    "what isn't a backend's address is refused with a remedy",
    arguments: [
      ("10.0.0.1", "has no port — hint: write \"10.0.0.1:8080\""), ("::1", "has no port — hint: write \"[::1]:8080\""),
      ("8080", "has no port — hint: write \"127.0.0.1:8080\""), ("", "has no port"), ("web", "has no port"),
      ("10.0.0.300:80", "is neither an IP address nor a host name"), ("10.0.0.1:", "port must be a number 0…65535"),
      ("10.0.0.1:+80", "port must be a number"), ("10.0.0.1:65536", "port must be 0…65535, is 65536"),
      ("10.0.0.1:-1", "port must be a number"), ("fe80::1:80x", "port must be a number"),
      ("1::2::3:80", "is not an address with one port"), ("[10.0.0.1]:80", "has no IPv6 address in its brackets"),
      ("[]:80", "has no IPv6 address in its brackets"), (":80", "there is no host before the port"),
      ("-a.example:80", "is neither"), ("a..example:80", "is neither"), ("bücher.example:80", "is neither"),
      ("a b:80", "has white space in it"), ("0.0.0.0:80", "stands for every address"),
      ("[::]:80", "stands for every address"),
      ("http://10.0.0.1:80/", "is a URL, not an address"), ("unix:", "is not the absolute path of a socket"),
      ("unix:run/a", "is not the absolute path of a socket"),
      ("unix:/\\u0000a", "is not the absolute path of a socket"),
      ("unix:/" + String(repeating: "x", count: 107), "the path has 108 bytes, a Unix socket's can have 107"),
      (String(repeating: "a", count: 64) + ".example:80", "is neither"),
    ])
  func noEndpoint(_ text: String, _ message: String) {
    let found = problems("{ listen: ':1', backends: ['\(text)'] }")
    #expect(found.count == 1 && found[0].contains(message), "\(found)")
  }

  @Test(
    "a listener's address is read",
    arguments: [
      (":8080", "[::]:8080"), ("*:8080", "[::]:8080"), ("0.0.0.0:0", "0.0.0.0:0"), ("localhost:80", "127.0.0.1:80"),
      ("[::1]:80", "[::1]:80"), ("unix:/run/a", "unix:/run/a"),
    ])
  func bind(_ text: String, _ written: String) throws {
    let configuration = try Configuration.parse("{ listen: '\(text)', backends: ['10.0.0.1:80'] }")
    #expect(configuration.listeners[0].bind.description == written)
  }

  @Test("a listener isn't bound to a name", arguments: ["web.example:80", "*.example:80", "256.0.0.1:80"])
  func noBind(_ text: String) {
    let found = problems("{ listen: '\(text)', backends: ['10.0.0.1:80'] }")
    #expect(found.count == 1 && found[0].contains("is not an address of this machine — hint: write"), "\(found)")
  }

  @Test func anEndpointTakesAnotherPort() {
    #expect(Endpoint.name("a", port: 1).with(port: 2) == .name("a", port: 2))
    #expect(Endpoint.address(.ipv4(1, port: 1)).with(port: 2) == .address(.ipv4(1, port: 2)))
    #expect(Endpoint.address(.unix(path: "/a")).with(port: 2) == nil)
  }

  @Test(
    "the word that was meant is found",
    arguments: [
      ("wieght", "weight"), ("timeuot", "timeout"), ("TIMEOUT", "timeout"), ("tier2", "tier"),
      ("max_sessions", "maxSessions"),
      ("zzz", nil), ("t", nil), ("", nil), ("weightweightweight", nil),
    ] as [(String, String?)])
  func meant(_ word: String, _ expected: String?) {
    #expect(nearest(to: word, among: ["weight", "timeout", "tier", "maxSessions"]) == expected)
  }
}
