import Balancing
import Config
import Glibc
import Introduction
import Sockets
import Support
import TLS
import Testing

@testable import Health

/// Makes one check by TLS.
func secureCheck(
  _ check: HealthCheck, _ address: SocketAddress, by tls: TLSConfiguration, to name: TLSName? = nil,
  header: ProxyHeader.Version? = nil, timeout: Duration = .seconds(5)
) throws -> (outcome: ProbeOutcome?, certificate: CertificateFacts?) {
  let server = try ServerTLS(tls)
  let session = server.session(to: name ?? TLSName(address))
  let task = try #require(ProbeTask(check, host: "\(address)", header: header, over: session))
  var found: (outcome: ProbeOutcome?, certificate: CertificateFacts?) = (nil, nil)
  runLoop { loop, done in
    var probe: Probe?
    probe = Probe(task, to: address, timeout: timeout, on: loop) {
      found = ($0, probe?.certificate)
      done()
    }
    return probe
  }
  return found
}

/// The words of a failure.
private func failure(
  _ address: SocketAddress, by tls: TLSConfiguration, to name: String? = nil, _ check: HealthCheck = .tcp
) throws -> String {
  try secureCheck(check, address, by: tls, to: name.map { TLSName($0) }).outcome?.failed ?? "none"
}

@Suite(.enabled(if: Programs.have("openssl", "nginx"), "openssl or nginx isn't installed")) struct HealthTLSTests {
  private let ca: TestCA
  private let own: TestCA.Identity
  private let stage = Stage()

  init() throws {
    ca = try TestCA()
    own = try ca.identity("web", for: "DNS:web.example,IP:127.0.0.1")
  }

  /// An nginx with TLS, which lives as long as the test, and where it listens for that.
  private func nginx(
    _ identity: TestCA.Identity? = nil, _ options: String = "", proxy: String = ""
  ) throws -> (server: Nginx, address: SocketAddress) {
    let port = try FreePort.next()
    let server = try stage.nginx(
      "a",
      options: """
        error_log stderr info; listen 127.0.0.1:\(port) ssl\(proxy);
        ssl_certificate \((identity ?? own).certificate); ssl_certificate_key \((identity ?? own).key); \(options)
        """)
    return (server, .ipv4(0x7F00_0001, port: port))
  }

  @Test("a handshake, a request and a script go by TLS to nginx, whose log has nothing against it")
  func passes() throws {
    let (server, address) = try nginx()
    for name in [nil, "web.example", "127.0.0.1"] as [String?] {
      let found = try secureCheck(.tcp, address, by: .init(ca: ca.file, serverName: name))
      #expect(found.outcome?.passed == "TLS, its certificate is for DNS:web.example, IP Address:127.0.0.1")
      let left = (found.certificate?.end ?? 0) - time(nil)
      #expect((29 * 86_400...30 * 86_400).contains(left) && found.certificate?.issuer == "CN=Test CA")
    }
    let tls = TLSConfiguration(ca: ca.file)
    #expect(try secureCheck(http(.get, "/", body: "a"), address, by: tls).outcome?.passed == #"HTTP 200 with "a""#)
    let script = script("GET / HTTP/1.0\r\n\r\n", expect: "200 OK")
    #expect(try secureCheck(script, address, by: tls).outcome?.passed == #"answered "200 OK""#)
    #expect(try secureCheck(http(), address, by: tls, to: TLSName("web.example")).outcome?.passed == "HTTP 200")
    let log = server.errors
    #expect(!log.contains("SSL") && !log.contains("[crit]"), "\(log)")
  }

  @Test("older TLS is spoken, and a header goes before it")
  func older() throws {
    let tls = TLSConfiguration(ca: ca.file)
    let old = try nginx(nil, "ssl_protocols TLSv1.2;").address
    #expect(try secureCheck(http(), old, by: tls).outcome?.passed == "HTTP 200")
    let headed = try nginx(nil, proxy: " proxy_protocol").address
    for version in ProxyHeader.Version.allCases {
      for check in [.tcp, http()] as [HealthCheck] {
        #expect(try secureCheck(check, headed, by: tls, header: version).outcome?.passed != nil, "\(version)")
      }
    }
    #expect(try secureCheck(http(), headed, by: tls).outcome?.failed != nil)
  }

  @Test("what is wrong with a certificate is told in words, and doesn't matter where nobody looks")
  func refusals() throws {
    let address = try nginx().address
    let expired = try nginx(try ca.identity("old", for: "IP:127.0.0.1", days: -1)).address
    let named = try nginx(try ca.identity("named", for: "DNS:other.example")).address
    let other = try TestCA("Other CA")
    #expect(
      try failure(address, by: .init(ca: ca.file), to: "db.example")
        == "wrong-answer: it has a certificate for DNS:web.example, IP Address:127.0.0.1, not for db.example: dial it by such a name, "
        + "or set \"serverName\"")
    #expect(
      try failure(named, by: .init(ca: ca.file)).hasPrefix(
        "wrong-answer: it has a certificate for DNS:other.example, not for 127.0.0.1"))
    #expect(
      try failure(address, by: .init(ca: other.file))
        == "wrong-answer: it has a certificate of a CA that isn't known: CN=Test CA isn't in \(other.file)")
    #expect(
      try failure(expired, by: .init(ca: ca.file)).hasPrefix(
        "wrong-answer: it has a certificate that has expired: CN=old, on "))
    var blind = TLSConfiguration()
    blind.isVerified = false
    for address in [address, expired, named] {
      let found = try secureCheck(http(), address, by: blind)
      #expect(found.outcome?.passed == "HTTP 200" && found.certificate != nil)
    }
    #expect(try secureCheck(.tcp, expired, by: blind).certificate.map { $0.end < time(nil) } == true)
  }

  @Test("who speaks no TLS, or falls silent in it, is told from others")
  func strangers() throws {
    let plain = try HealthServer { guest in
      _ = guest.readEnd()
      guest.send("HTTP/1.1 400 Bad Request\r\n\r\n")
    }
    let tls = TLSConfiguration(ca: ca.file)
    #expect(try failure(plain.address, by: tls) == "wrong-answer: it answers with something that isn't TLS")
    let silent = try HealthServer { guest in while case .bytes = guest.readEnd() {} }
    let found = try secureCheck(http(), silent.address, by: tls, timeout: .milliseconds(200)).outcome
    #expect(found?.failed == "timeout: connected, but TLS didn't come about within 200ms")
    let ending = try HealthServer { guest in _ = guest.readEnd() }
    #expect(try failure(ending.address, by: tls) == "wrong-answer: connected, but TLS didn't come about")
    let refusing = try HealthServer { guest in
      _ = guest.readEnd()
      guest.send("N")
    }
    #expect(
      try failure(refusing.address, by: tls, to: nil, .postgres(PostgresCheck()))
        == #"wrong-answer: it has no TLS: answered "N""#)
  }

  @Test("a server that wants a certificate gets the one that is configured")
  func identity() throws {
    let address = try nginx(nil, "ssl_client_certificate \(ca.file); ssl_verify_client on;").address
    let client = try ca.identity("check")
    let identity = TLSConfiguration.Identity(certificate: client.certificate, key: client.key)
    #expect(try secureCheck(http(), address, by: .init(ca: ca.file, identity: identity)).outcome?.passed == "HTTP 200")
    #expect(try secureCheck(http(), address, by: .init(ca: ca.file)).outcome?.failed?.contains("HTTP 400") == true)
  }
}
