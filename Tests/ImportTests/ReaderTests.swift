import Testing

@testable import Import

/// How the lines of the originals are read.
@Suite struct ReaderTests {
  @Test(
    "HAProxy's words have quotes and escapes",
    arguments: [
      ("server a 10.0.0.1:80 check # the first", ["server", "a", "10.0.0.1:80", "check"]),
      (#"http-check send hdr Host "a b" 'c # d'"#, ["http-check", "send", "hdr", "Host", "a b", "c # d"]),
      (#"tcp-check send PING\r\n"#, ["tcp-check", "send", "PING\r\n"]),
      (#"option httpchk GET / HTTP/1.1\r\nHost:\ a"#, ["option", "httpchk", "GET", "/", "HTTP/1.1\r\nHost: a"]),
      (##"a \# \x41b "" x'y'"z""##, ["a", "#", "Ab", "", "xyz"]), (#"a "b\"c" 'd\e'"#, ["a", "b\"c", #"d\e"#]),
      ("  # nothing", []),
    ])
  func words(_ line: String, _ words: [String]) throws {
    #expect(try HAProxyReader.words(of: line[...], 1) == words)
  }

  @Test("lines keep their numbers, and stand in their sections")
  func sections() throws {
    let file = try HAProxyReader.read("# one\nglobal\n  daemon\n\ndefaults tcp\n  mode tcp\nlisten a from tcp\n")
    #expect(file.map(\.words) == [["global"], ["defaults", "tcp"], ["listen", "a", "from", "tcp"]])
    #expect(file.flatMap(\.all).map(\.line) == [2, 3, 5, 6, 7])
  }

  @Test("nginx's directives have blocks, quotes and comments")
  func directives() throws {
    let file = try NginxReader.read(
      """
      events {} # none
      stream {
        map $a $b { "" x; ~^a\\.b$ 'y z'; }
        server { listen 1;proxy_pass ${c}d; }
      }
      """)
    #expect(
      file.flatMap(\.all).map(\.words) == [
        ["events"], ["stream"], ["map", "$a", "$b"], ["", "x"], ["~^a\\.b$", "y z"], ["server"], ["listen", "1"],
        ["proxy_pass", "${c}d"],
      ])
    #expect(file.flatMap(\.all).map(\.line) == [1, 2, 3, 3, 3, 4, 4, 4])
  }

  @Test(
    "what can't be read says where",
    arguments: [
      (Dialect.haproxy, "global\n  a \"b\n", 2), (.haproxy, "global\n a \\", 2), (.nginx, "a;\nb {\n c;\n", 2),
      (.nginx, "a;\nb", 2), (.nginx, "}\n", 1), (.nginx, "a\n'b", 2), (.nginx, "a { b }", 1), (.nginx, "a;\n;", 2),
      (.nginx, "\n" + String(repeating: "a {", count: 100_000), 2),
    ])
  func faults(_ dialect: Dialect, _ text: String, _ line: Int) throws {
    let fault = #expect(throws: SyntaxFault.self) { try Translation(of: text, in: dialect, file: "x") }
    #expect(fault?.line == line)
  }

  @Test(
    "whose a file is, its first lines tell",
    arguments: [
      ("# a\nglobal\n daemon", Dialect.haproxy), ("user x;\n", .nginx), ("stream {\n", .nginx),
      ("listen a\n", .haproxy),
      ("upstream a { server b:1; }", .nginx), ("foo bar\n", nil), ("", nil),
    ] as [(String, Dialect?)])
  func dialects(_ text: String, _ dialect: Dialect?) {
    #expect(Dialect(of: text) == dialect)
  }

  @Test(
    "times",
    arguments: [("5000", 5), ("5s", 5), ("1m", 60), ("2h", 7200), ("1d", 86_400), ("x", nil), ("1w", nil)]
      as [(String, Int?)])
  func haproxyTimes(_ text: String, _ seconds: Int?) {
    #expect(HAProxyTime.read(text) == seconds.map { .seconds($0) })
  }

  @Test(
    "times of nginx's",
    arguments: [
      ("5", 5), ("1h30m", 5400), ("2w", 1_209_600), ("1d 2h", 93_600), ("x", nil), ("", nil), ("99999999999y", nil),
    ]
      as [(String, Int?)])
  func nginxTimes(_ text: String, _ seconds: Int?) {
    #expect(NginxTime.read(text) == seconds.map { .seconds($0) })
  }
}
