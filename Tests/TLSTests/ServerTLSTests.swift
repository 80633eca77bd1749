import Config
import Glibc
import Support
import Testing

@testable import TLS

/// What files for TLS must hold, and what is said of those that don't.
@Suite struct ServerTLSTests {
  private let ca: TestCA
  private let own: TestCA.Identity

  init() throws {
    ca = try TestCA()
    own = try ca.identity("lb1")
  }

  private func problem(
    ca: String? = nil, certificate: String? = nil, key: String? = nil
  ) -> ServerTLS.Problem? {
    let identity = TLSConfiguration.Identity(certificate: certificate ?? own.certificate, key: key ?? own.key)
    do {
      _ = try ServerTLS(TLSConfiguration(ca: ca ?? self.ca.file, identity: identity))
      return nil
    } catch {
      return error
    }
  }

  private func file(_ name: String, _ texts: String..., mode: mode_t = 0o600) throws -> String {
    try ca.folder.write(name, texts.joined(), mode: mode)
  }

  private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  @Test func filesThatFitAreTaken() throws {
    #expect(problem() == nil)
    #expect(try ServerTLS(TLSConfiguration(ca: ca.file)).notices.isEmpty)
    // All in one, in any order, with words in between.
    let all = try file("all", "# nodes\n", text(own.key), "and\n", text(own.certificate), text(ca.file))
    #expect(problem(ca: all, certificate: all, key: all) == nil)
  }

  @Test func theSystemsCAsAreThere() throws {
    #expect(throws: Never.self) { try ServerTLS(TLSConfiguration()) }
  }

  @Test func whatCannotBeReadIsNamed() throws {
    let none = "\(ca.folder.path)/none"
    #expect(problem(ca: none) == .unreadable(path: none, .system(.noSuchFileOrDirectory)))
    #expect(problem(certificate: none)?.description == "\(none) can't be read: no such file or directory")
    #expect(problem(key: none) == .unreadable(path: none, .system(.noSuchFileOrDirectory)))
    #expect(problem(ca: ca.folder.path) == .unreadable(path: ca.folder.path, .otherKind("a directory")))
  }

  @Test func aKeyThatEverybodyMayReadIsRefused() throws {
    let open = try file("open", text(own.key), mode: 0o644)
    #expect(problem(key: open)?.description == "everybody may read \(open): chmod o-r")
    #expect(try problem(key: file("group", text(own.key), mode: 0o640)) == nil)
  }

  @Test func whatIsNoCertificateIsRefused() throws {
    let broken = try text(own.certificate).replacing("MII", with: "MIJ")
    for (name, text) in [("empty", ""), ("words", "hello\n"), ("key", try text(own.key)), ("broken", broken)] {
      let path = try file(name, text)
      #expect(problem(ca: path) == .noCertificate(path: path), "\(name)")
      #expect(problem(certificate: path) == .noCertificate(path: path), "\(name)")
    }
    // One that is right doesn't make up for another one.
    let half = try file("half", text(ca.file), broken)
    #expect(problem(ca: half) == .noCertificate(path: half))
  }

  @Test func whatIsNoKeyOrNotItsKeyIsRefused() throws {
    let other = try ca.identity("lb2").key
    #expect(problem(key: other) == .otherKey(path: other, certificate: own.certificate))
    let rsa = "\(ca.folder.path)/rsa"
    try TestCA.run(["genrsa", "-out", rsa, "2048"])
    #expect(problem(key: rsa) == .otherKey(path: rsa, certificate: own.certificate))
    for (name, text) in [("empty", ""), ("words", "hello\n"), ("no key", try text(own.certificate))] {
      let path = try file(name, text)
      #expect(problem(key: path) == .noKey(path: path), "\(name)")
    }
    let locked = "\(ca.folder.path)/locked"
    try TestCA.run(["pkey", "-in", own.key, "-aes256", "-passout", "pass:secret", "-out", locked])
    #expect(problem(key: locked) == .lockedKey(path: locked))
  }

  @Test func aCertificateThatHasExpiredIsTold() throws {
    let old = try ca.identity("old", days: -1)
    let identity = TLSConfiguration.Identity(certificate: old.certificate, key: old.key)
    let notices = try ServerTLS(TLSConfiguration(ca: ca.file, identity: identity)).notices
    #expect(notices.count == 1 && notices[0].hasPrefix("the certificate in \(old.certificate) has expired, on "))
  }

  @Test func namesAreAsTheyAreWritten() {
    for (text, name) in [
      ("zk.example", TLSName.host("zk.example")), ("zk.example.", .host("zk.example")),
      ("10.0.1.1", .address([10, 0, 1, 1])), ("::ffff:10.0.1.1", .address([10, 0, 1, 1])),
      ("2001:db8::1", .address([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])),
    ] {
      #expect(TLSName(text) == name)
    }
    #expect(
      ["zk.example", "10.0.1.1", "2001:db8::1"].map { "\(TLSName($0))" } == ["zk.example", "10.0.1.1", "2001:db8::1"])
  }
}
