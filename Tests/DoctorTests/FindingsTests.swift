import Config
import Introduction
import Testing

@testable import Doctor
@testable import Model

/// What a backend's manners come to.
@Suite struct FindingsTests {
  private static func said(_ text: String, _ end: Trial.End = .open) -> Trial.Manner {
    .said(Array(text.utf8), then: end)
  }

  /// What comes of headers of both versions to a server that does this when nothing is said, and at a lone end of line.
  private func taste(_ listening: Trial.Manner, _ poked: Trial.Manner, _ headed: Trial.Manner) -> Findings.Taste? {
    Findings(listening: listening, poked: poked, headed: [.v2: headed]).tastes[.v2]
  }

  @Test(
    "whether a header is taken shows by what follows",
    arguments: [
      // It waits, whatever comes: its protocol's words are still to come.
      (said(""), said(""), said(""), Findings.Taste.taken),
      // A web server, redis, PostgreSQL: an answer to what is none of their words, or the end.
      (said(""), said(""), said("HTTP/1.1 400 Bad Request\r\n", .closed), .refused),
      (said(""), said(""), said("-ERR unknown command\r\n"), .refused),
      (said(""), said(""), said("", .closed), .refused),
      (said(""), said(""), said("", .reset), .refused),
      // An end of line is no header.
      (said(""), said("", .closed), said(""), .needed),
      (said("", .closed), said("", .closed), said(""), .needed),
      // It greets once it knows whom.
      (said(""), said("", .closed), said("220 mail.example ESMTP\r\n"), .needed),
      (
        said("220 mail.example ESMTP\r\n"), said("220 mail.example ESMTP\r\n"), said("220 mail.example ESMTP\r\n"),
        .taken
      ),
      (
        said("SSH-2.0-x\r\n"), said("SSH-2.0-x\r\n"),
        said("SSH-2.0-x\r\nInvalid SSH identification string.\r\n", .closed), .refused
      ),
    ])
  func tastes(_ listening: Trial.Manner, _ poked: Trial.Manner, _ headed: Trial.Manner, _ taste: Findings.Taste) {
    #expect(self.taste(listening, poked, headed) == taste)
  }

  @Test("a certificate is told with its end, and complained of when that is near") func certificates() {
    func findings(_ seconds: Int) -> Findings {
      var findings = Findings(listening: Self.said(""), poked: Self.said(""), headed: [:])
      findings.tls = "1.3"
      findings.certificate = Report.Certificate(
        subject: "CN=a", names: "DNS:a.example", issuer: "CN=b",
        until: Timestamp(milliseconds: Timestamp.now.milliseconds + seconds * 1000))
      return findings
    }
    let line = findings(30 * 86_400).lines.last ?? ""
    #expect(line.hasPrefix("TLS: 1.3, certificate for DNS:a.example, by CN=b, until 20"))
    #expect(findings(30 * 86_400).complaints(nil).isEmpty)
    #expect(
      findings(13 * 86_400).complaints(nil).map(\.problem).first?.hasPrefix("its certificate ends: CN=a, ") == true)
    #expect(findings(-5).complaints(nil).map(\.problem).first?.hasPrefix("its certificate has ended: CN=a, ") == true)
  }

  @Test("what the configuration says otherwise is told, with what to do") func complaints() {
    func findings(_ headed: [ProxyHeader.Version: Trial.Manner], poked: Trial.Manner = Self.said("")) -> Findings {
      Findings(listening: Self.said(""), poked: poked, headed: headed)
    }
    let plain = findings([.v1: Self.said("", .closed), .v2: Self.said("", .closed)])
    #expect(plain.complaints(nil).isEmpty)
    #expect(
      plain.complaints(SendProxyConfiguration(.v2)).first?.remedy == "remove \"sendProxy\", or have it expect one")
    let strict = findings([.v1: Self.said(""), .v2: Self.said("", .closed)], poked: Self.said("", .closed))
    #expect(strict.complaints(nil).first?.remedy == "set \"sendProxy\": \"v1\"")
    #expect(strict.complaints(SendProxyConfiguration(.v2)).first?.remedy == "set \"sendProxy\": \"v1\"")
    #expect(strict.complaints(SendProxyConfiguration(.v1)).isEmpty)
    let away = Findings(
      listening: .unreachable("connection refused"), poked: .unreachable("connection refused"), headed: [:])
    #expect(away.complaints(nil).first?.problem == "connection refused" && away.lines.isEmpty)
  }

  @Test("the version of TLS is read from a server's hello") func tls() {
    #expect(TLSHello.version([21, 3, 3, 0, 2, 2, 40]) == "yes, of a version that isn't known")
    #expect(TLSHello.version(Array("HTTP/1.1 400".utf8)) == nil && TLSHello.version([]) == nil)
    var hello: [UInt8] =
      [22, 3, 3, 0, 0, 2, 0, 0, 0, 3, 3] + [UInt8](repeating: 7, count: 32) + [0, 0x13, 0x01, 0, 0, 6]
    #expect(TLSHello.version(hello) == "1.2")
    hello += [0, 0x2B, 0, 2, 3, 4]
    #expect(TLSHello.version(hello) == "1.3")
    // Whatever is cut off traps nowhere.
    for count in 0..<hello.count { _ = TLSHello.version(Array(hello[..<count])) }
  }
}
