import Glibc
import Support
import SystemPackage
import Testing

@testable import Sockets

@Suite struct DiskFileTests {
  /// A folder's path that is gone, with what is in it, when this object goes.
  private final class Folder {
    let path = "/tmp/martlet-test-\(getpid())-\(UInt64.random(in: .min ... .max))"

    deinit {
      for name in (try? FolderListing.names(in: path, ending: "", atMost: 100)) ?? [] { unlink("\(path)/\(name)") }
      rmdir(path)
    }
  }

  private let folder = Folder()

  init() throws {
    try DiskFolder.make(folder.path)
  }

  @Test("bytes are read where they were written, and fewer at the end")
  func bytes() throws {
    let file = try DiskFile(creating: "\(folder.path)/a")
    try file.write([1, 2, 3], at: 4)
    try file.write([4], at: 5)
    try file.sync()
    #expect(try file.size() == 7)
    #expect(try file.read(100, at: 3) == [0, 1, 4, 3])
    #expect(try file.read(1, at: 7) == [])
    #expect(try DiskFile(opening: "\(folder.path)/a").read(2, at: 4) == [1, 4])
  }

  @Test("a new file is empty and this user's alone; one that isn't there can't be opened")
  func making() throws {
    let path = "\(folder.path)/a"
    #expect(throws: Errno.noSuchFileOrDirectory) { try DiskFile(opening: path) }
    try DiskFile(creating: path).write([1], at: 0)
    let file = try DiskFile(creating: path)
    #expect(try file.size() == 0)
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
  }

  @Test("a link isn't followed")
  func link() throws {
    _ = try DiskFile(creating: "\(folder.path)/a")
    #expect(symlink("\(folder.path)/a", "\(folder.path)/b") == 0)
    #expect(throws: Errno.tooManySymbolicLinkLevels) { try DiskFile(opening: "\(folder.path)/b") }
    #expect(throws: Errno.tooManySymbolicLinkLevels) { try DiskFile(creating: "\(folder.path)/b") }
  }

  @Test("a lock keeps others out until its file is closed, a folder's as well")
  func locks() throws {
    let path = "\(folder.path)/a"
    for open in [{ try DiskFile(creating: path) }, { [folder] in try DiskFile(folder: folder.path) }] {
      do {
        let first = try open()
        try first.lock()
        #expect(throws: Errno.wouldBlock) { try open().lock() }
        withExtendedLifetime(first) {}
      }
      try open().lock()
    }
  }

  @Test("names come and go, and a folder that's there is left as it is")
  func names() throws {
    _ = try DiskFile(creating: "\(folder.path)/a")
    try DiskFolder.make(folder.path)
    try DiskFolder.rename("\(folder.path)/a", to: "\(folder.path)/b")
    try DiskFolder.sync(folder.path)
    #expect(try FolderListing.names(in: folder.path, ending: "", atMost: 9) == ["b"])
    try DiskFolder.remove("\(folder.path)/b")
    #expect(throws: Errno.noSuchFileOrDirectory) { try DiskFolder.remove("\(folder.path)/b") }
  }

  @Test(
    "the folder in which a path ends",
    arguments: [("/a/b", "/a"), ("/a", "/"), ("a", "."), ("a/b/c", "a/b"), ("a/b/", "a/b")])
  func parent(path: String, expected: String) {
    #expect(DiskFolder.parent(of: path) == expected)
  }
}
