import Glibc
import Sockets
import Support
import Testing

@Suite struct PeerCredentialsTests {
  private let own = PeerCredentials(pid: getpid(), uid: geteuid(), gid: getegid(), groups: Self.groups)

  private static var groups: Set<UInt32> {
    var groups = [gid_t](repeating: 0, count: 256)
    let count = unsafe getgroups(Int32(groups.count), &groups)
    return Set(groups.prefix(max(0, Int(count))))
  }

  @Test("both ends of a connection through a Unix socket know who the other is")
  func connected() throws {
    let server = try TestServer(at: AddressFamily.unix.freshAddress())
    let client = try Peer.connect(to: server.address)
    let accepted = try server.accept()
    #expect(client.socket.peerCredentials == own)
    #expect(accepted.socket.peerCredentials == own)
    // It's known as well when the client has gone.
    client.close()
    #expect(accepted.receiveToEnd().ending == .end)
    #expect(accepted.socket.peerCredentials == own)
  }

  @Test("another process's are its own")
  func otherProcess() throws {
    let server = try TestServer(at: AddressFamily.unix.freshAddress())
    guard case .unix(let path) = server.address else { return }
    let child = try Subprocess("curl", ["--silent", "--unix-socket", path, "http://localhost/"])
    defer { child.kill() }
    let client = try server.accept()
    #expect(client.socket.peerCredentials?.pid == child.pid)
  }

  @Test("there are none where there is no peer, or one behind TCP")
  func none() throws {
    let unconnected = try Socket(for: .unix(path: "/tmp/x"))
    defer { unconnected.close() }
    #expect(unconnected.peerCredentials == nil)
    let server = try TestServer(at: AddressFamily.ipv4.freshAddress())
    let client = try Peer.connect(to: server.address)
    #expect(client.socket.peerCredentials == nil)
  }

  @Test("a user's name is known, if there is one")
  func name() {
    #expect(Accounts.name(ofUser: 0) == "root")
    #expect(Accounts.name(ofUser: 4_000_000_000) == nil)
  }
}
