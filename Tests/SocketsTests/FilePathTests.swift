import Glibc
import Sockets
import Support
import Testing

@Suite struct FilePathTests {
  @Test("a relative path counts from where the process is")
  func relative() {
    #expect(FilePath.absolute("/a/../b") == "/a/../b")
    #expect(FilePath.absolute("x/y").hasPrefix("/") && FilePath.absolute("x/y").hasSuffix("/x/y"))
  }

  @Test("links on the way count from the directory that they're in, and a loop of them ends somewhere")
  func links() throws {
    let folder = try TemporaryFolder()
    symlink("loop", folder.path + "/loop")
    symlink("../..//./etc/hosts", folder.path + "/up")
    let real = try #require(realpath(folder.path, nil))
    defer { free(real) }
    let root = String(cString: real)
    #expect(FilePath.decidingDirectories(root + "/loop").contains(root))
    #expect(FilePath.decidingDirectories(root + "/up").contains(root))
    #expect(FilePath.decidingDirectories("/nothing") == ["/"])
  }
}
