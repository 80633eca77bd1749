import Glibc
import Sockets
import Support
import Testing

/// Files in a folder to which others may write.
@Suite struct StoredFileTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path + "/state" }
  private var file: StoredFile { StoredFile(path) }

  init() throws {
    folder = try TemporaryFolder()
  }

  private func refusal(_ trust: StoredFile.Trust, atMost limit: Int = 100) -> StoredFile.Refusal? {
    do throws(StoredFile.Refusal) {
      _ = try file.read(atMost: limit, trusting: trust)
      return nil
    } catch {
      return error
    }
  }

  @Test("what is written is read, by this user alone, and nothing is left beside it")
  func roundTrip() throws {
    try file.replace(with: Array("one".utf8))
    try file.replace(with: Array("other".utf8))
    for trust in [StoredFile.Trust.anything, .regular, .own] {
      #expect(try file.read(atMost: 5, trusting: trust) == Array("other".utf8))
      #expect(refusal(trust, atMost: 4) == .tooLarge(limit: 4))
    }
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
    #expect(access(path + ".new", F_OK) != 0)
  }

  @Test("a link at the name beside isn't followed, whoever laid it")
  func linkBeside() throws {
    let victim = try folder.write("victim", "precious")
    symlink(victim, path + ".new")
    try file.replace(with: Array("state".utf8))
    #expect(try StoredFile(victim).read(atMost: 100, trusting: .own) == Array("precious".utf8))
    #expect(try file.read(atMost: 100, trusting: .own) == Array("state".utf8))
  }

  @Test("a pipe, a device, a socket, a folder or a link is refused at once")
  func otherKinds() throws {
    let kinds: [(String, () -> Void)] = [
      ("a named pipe", { mkfifo(path, 0o600) }), ("a directory", { mkdir(path, 0o700) }),
      ("a symbolic link", { symlink("/dev/zero", path) }),
      (
        "a socket",
        {
          let socket = try? Socket(for: .unix(path: path))
          try? socket?.bind(to: .unix(path: path))
          socket?.close()
        }
      ),
    ]
    for (kind, make) in kinds {
      make()
      #expect(refusal(.own) == .otherKind(kind))
      #expect(remove(path) == 0)
    }
    for trust in [StoredFile.Trust.regular, .own] {
      #expect(throws: StoredFile.Refusal.otherKind("a device")) {
        try StoredFile("/dev/zero").read(atMost: 100, trusting: trust)
      }
    }
    let victim = try folder.write("victim", "precious", mode: 0o600)
    symlink(victim, path)
    #expect(refusal(.regular) == nil)
  }

  @Test("a link or a pipe gives way to the file, and is neither followed nor written into; nothing else does")
  func giveWay() throws {
    let victim = try folder.write("victim", "precious", mode: 0o600)
    for make in [{ symlink(victim, path) }, { mkfifo(path, 0o600) }] {
      #expect(make() == 0)
      try file.replace(with: Array("state".utf8))
      #expect(try file.read(atMost: 100, trusting: .own) == Array("state".utf8))
      unlink(path)
    }
    #expect(try StoredFile(victim).read(atMost: 100, trusting: .own) == Array("precious".utf8))
    #expect(throws: StoredFile.Refusal.otherKind("a device")) { try StoredFile("/dev/null").replace(with: []) }
    mkdir(path, 0o700)
    #expect(throws: StoredFile.Refusal.otherKind("a directory")) { try file.replace(with: []) }
  }

  @Test("another user's file isn't believed, nor one that others may write to")
  func foreign() throws {
    _ = try folder.write("state", "forged")
    #expect(refusal(.own) == nil)
    chmod(path, 0o666)
    #expect(refusal(.own) == .writableByOthers)
    #expect(refusal(.regular) == nil)
    chmod(path, 0o600)
    // Only root can give a file away.
    guard geteuid() == 0 else { return }
    chown(path, 12_345, 12_345)
    #expect(refusal(.own) == .foreign(owner: 12_345))
  }

  @Test("what isn't there, or can't be made, is the system's word")
  func missing() {
    #expect(refusal(.own) == .system(.noSuchFileOrDirectory))
    let nowhere = StoredFile(folder.path + "/no/such/file")
    #expect(throws: StoredFile.Refusal.system(.noSuchFileOrDirectory)) { try nowhere.replace(with: []) }
    #expect(throws: StoredFile.Refusal.system(.noSuchFileOrDirectory)) {
      try StoredFile("").read(atMost: 1, trusting: .anything)
    }
  }
}
