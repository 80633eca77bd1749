import Sockets
import Testing

@testable import Model
@testable import Doors

@Suite("Who asks at the admin door")
struct AuthorTests {
  private static let names: [UInt32: String] = [0: "root", 1000: "ann"]

  /// - Parameter pid: of a process that isn't there, so that nothing is known of its login.
  private func author(uid: UInt32, claimed: String?) -> String {
    Author(PeerCredentials(pid: 0, uid: uid, gid: 0), claimed: claimed) { Self.names[$0] }.description
  }

  @Test("a claim counts if root makes it, and is named as one")
  func claims() {
    #expect(author(uid: 0, claimed: nil) == "root")
    #expect(author(uid: 0, claimed: "ann") == "root (by sudo for ann, as it says)")
    #expect(author(uid: 0, claimed: "root") == "root")
    #expect(author(uid: 0, claimed: "an\u{1B}n") == "root")
    #expect(author(uid: 0, claimed: "a b") == "root")
    #expect(author(uid: 1000, claimed: "eve") == "ann")
    #expect(author(uid: 7, claimed: nil) == "uid 7")
    #expect(Author(nil, claimed: "ann") { _ in nil }.description == "unknown")
  }
}
