import Sockets
import Testing

@testable import Config

/// How an access log is written in the file.
@Suite struct AccessLogTests {
  private func parse(_ log: String, listener: String = "") throws(ConfigErrors) -> Configuration {
    try Configuration.parse(
      """
      { listeners: [{ name: 'a', bind: ':80'\(listener) }, { name: 'b', bind: ':81' }], accessLog: \(log),
        pools: [{ name: 'p', backends: ['10.0.0.1:80'] }] }
      """)
  }

  @Test(
    "where lines go",
    arguments: [
      ("stdout", AccessLogTarget.stdout), ("/var/log/a b.log", .file("/var/log/a b.log")),
      ("syslog:unix:/dev/log", .syslog(.unix(path: "/dev/log"))),
      ("syslog:127.0.0.1:514", .syslog(.ipv4(0x7F00_0001, port: 514))),
      ("syslog:localhost:514", .syslog(.ipv4(0x7F00_0001, port: 514))),
      ("syslog:[::1]:514", .syslog(.ipv6(high: 0, low: 1, scope: 0, port: 514))),
    ])
  func targets(_ text: String, _ target: AccessLogTarget) throws {
    #expect(try parse("'\(text)'").accessLog == AccessLogConfiguration(to: target))
    #expect(try parse("{ to: '\(text)' }").accessLog == AccessLogConfiguration(to: target))
  }

  @Test(
    "what isn't right is told with its place and the remedy",
    arguments: [
      ("'access.log'", "accessLog: \"access.log\" is not where an access log can go", "name one, such as \"/var/log"),
      ("'/var/log/'", "accessLog: \"/var/log/\" is not where", "such as"),
      ("'syslog:logs.example:514'", "accessLog: \"syslog:logs.example:514\" names no syslog server", "its IP address"),
      ("'syslog:10.0.0.1'", "names no syslog server", "with the port"),
      ("'syslog:10.0.0.1:0'", "names no syslog server", "with the port"),
      ("{}", "accessLog.to: is missing", "Where lines go"),
      (
        "{ to: 'stdout', format: 'clf' }", "accessLog.format: \"clf\" is no format", "\"json\", \"text\", or a template"
      ),
      ("{ to: 'stdout', format: '{clinet}' }", "there is no field {clinet}", "did you mean {client}?"),
      ("{ to: 'stdout', format: '{host}' }", "there is no field {host}", "the fields are: time, event"),
      ("{ to: 'stdout', format: '{client} }' }", "a brace stands alone", "{{ or }}"),
      ("{ to: 'stdout', format: '{client}\\n{cause}' }", "a control character", "ends by itself"),
      (
        "{ to: 'stdout', format: '{client}\(String(repeating: "x", count: 1_024))' }", "has 1032 bytes",
        "leave something out"
      ),
      ("{ to: 'stdout', sample: 1.5 }", "accessLog.sample: must be 0…1, is 1.5", "0.01"),
      ("{ to: 'stdout', sample: '10%' }", "accessLog.sample: must be a number 0…1", "0…1"),
      ("{ to: 'stdout', only: ['refused'] }", "accessLog.only[0]", "write one of these words"),
      ("{ to: 'stdout', interval: '10ms' }", "accessLog.interval", "1s"),
    ])
  func wrong(_ log: String, _ message: String, _ hint: String) {
    do throws(ConfigErrors) {
      _ = try parse(log)
      Issue.record("it's taken")
    } catch {
      let text = error.errors.map { $0.text(in: "x") }.joined(separator: "\n")
      #expect(error.errors.count == 1 && text.contains(message) && text.contains(hint), "\(text)")
    }
  }

  @Test("a listener's own holds in place of the file's, and may be none")
  func own() throws {
    let common = AccessLogConfiguration(to: .stdout)
    let without = try parse("'stdout'")
    #expect(without.listeners.map { without.accessLog(of: $0) } == [common, common] && without.accessLogs == [common])
    let off = try parse("'stdout'", listener: ", accessLog: 'off'")
    #expect(off.listeners.map { off.accessLog(of: $0) } == [nil, common])
    let other = try parse(
      "'stdout'", listener: ", accessLog: { to: '/a', only: ['failed'], sample: 0.5, interval: '5m' }")
    var expected = AccessLogConfiguration(to: .file("/a"))
    (expected.only, expected.sample, expected.interval) = ([.failed], 0.5, .seconds(300))
    #expect(other.listeners.map { other.accessLog(of: $0) } == [expected, common])
    #expect(other.accessLogs == [expected, common])
    #expect(other.summary().contains("logged: /a, json, failed only, 0.5 of the sessions, every 5m"))
    #expect(other.summary().contains("access log  stdout, json"))
  }

  @Test func templates() throws {
    let template = try AccessLogTemplate("{{{client}}} {cause}")
    #expect(template.parts == [.text("{"), .field(.client), .text("} "), .field(.cause)])
    #expect(template.fields == [.client, .cause])
    for (text, fault) in [
      ("{client", AccessLogTemplate.Fault.loneBrace), ("client}", .loneBrace), ("{}", .unknown("")),
      ("{{client}}", .noField),
    ] {
      #expect(throws: fault) { try AccessLogTemplate(text) }
    }
  }
}
