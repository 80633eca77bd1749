import Config
import FoundationEssentials
import Glibc
import Testing

@Suite("Configuration files")
struct FileTests {
  /// A folder of this test alone, removed with it.
  private final class Folder {
    let path: String

    init() throws {
      path = "\(FileManager.default.temporaryDirectory.path)/martlet-config-\(UInt64.random(in: 0 ... .max))"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ bytes: some Sequence<UInt8>) throws -> String {
      let file = "\(path)/martlet.json"
      try Data(bytes).write(to: URL(filePath: file))
      return file
    }
  }

  private func error(loading path: String) throws -> ConfigIssue {
    let errors = try #require(throws: ConfigErrors.self) { try Configuration.load(path: path) }
    #expect(errors.file == path && errors.errors.count == 1)
    return errors.errors[0]
  }

  private static let smallest = "{ \"listen\": \":8080\", \"backends\": [\"10.0.0.1:80\"] }"

  @Test func aFileIsRead() throws {
    let folder = try Folder()
    let configuration = try Configuration.load(path: folder.file(Self.smallest.utf8))
    #expect(configuration == (try Configuration.parse(Self.smallest)))
  }

  @Test func aMarkOfByteOrderIsSkipped() throws {
    #expect(try Configuration.parse([0xEF, 0xBB, 0xBF] + Self.smallest.utf8, file: "a").listeners.count == 1)
  }

  @Test func aFileThatIsNotThereIsReported() throws {
    let folder = try Folder()
    #expect(try error(loading: "\(folder.path)/none.json").message == "there is no such file")
    #expect(
      try error(loading: "/none.json").text(in: "/none.json")
        == "/none.json: there is no such file — hint: check the path; it counts from the current directory")
    #expect(try error(loading: "").message == "there is no such file")
    #expect(try error(loading: "/etc\0/passwd").message == "there is no such file")
  }

  @Test func aDirectoryIsReported() throws {
    #expect(try error(loading: examples).message == "this is a directory")
  }

  @Test(.enabled(if: geteuid() != 0, "root may read everything"))
  func aFileWithoutPermissionIsReported() throws {
    let folder = try Folder()
    let path = try folder.file(Self.smallest.utf8)
    chmod(path, 0)
    #expect(try error(loading: path).message == "the file can't be read: no permission")
  }

  @Test func aFileThatCannotBeReadIsReported() throws {
    #expect(try error(loading: "/proc/self/mem").message == "the file can't be read: Input/output error")
  }

  @Test func anEmptyFileIsToldWhatTheSmallestOneIs() throws {
    let folder = try Folder()
    let issue = try error(loading: folder.file([]))
    #expect(issue.message == "the file is empty" && issue.hint.contains("\"listen\""))
  }

  @Test func aFileWithoutEndIsReadNoFurtherThanItMayBeLong() throws {
    #expect(try error(loading: "/dev/zero").message == "the file is larger than 8 MiB")
  }

  @Test func aFileOf10MegabytesIsRefused() throws {
    let folder = try Folder()
    let padding = String(repeating: " ", count: 10_000_000)
    #expect(try error(loading: folder.file((Self.smallest + padding).utf8)).message == "the file is larger than 8 MiB")
    #expect(problems(Self.smallest + padding).first?.hasPrefix("the file is larger than 8 MiB") == true)
  }

  @Test func aFileOfTheLargestSizeIsRead() throws {
    let padding = String(repeating: " ", count: Configuration.largestFile - Self.smallest.utf8.count)
    #expect(problems(Self.smallest + padding) == [])
  }

  @Test(.timeLimit(.minutes(1)))
  func manyBackendsAreReadInReasonableTime() throws {
    var text = "{ \"listeners\": [{ \"bind\": \":80\", \"pool\": \"p0\" }], \"pools\": ["
    for pool in 0..<100 {
      text += "{ \"name\": \"p\(pool)\", \"backends\": ["
      for backend in 0..<1000 { text += "\"10.\(pool).\(backend / 250).\(backend % 250 + 1):80\"," }
      text += "] },"
    }
    let configuration = try Configuration.parse(text + "] }")
    #expect(configuration.pools.map(\.backends.count) == Array(repeating: 1000, count: 100))
  }

  @Test func deepNestingIsRefused() {
    for open in ["[", "{\"a\":", "{\"pools\":[{\"health\":"] {
      let found = problems(String(repeating: open, count: 100_000))
      #expect(found.count == 1 && found[0].contains("nested more than 64 levels deep"))
    }
  }

  @Test(
    "bytes that aren't text are refused with their line",
    arguments: [
      ([0x7B, 0x0A, 0x22, 0xFF, 0x22, 0x7D], "2: byte 3 is not valid UTF-8"),
      ([0x7B, 0x0A, 0xC3], "2: byte 2 is not valid UTF-8"), ([0xED, 0xA0, 0x80], "1: byte 0 is not valid UTF-8"),
      ([0xFF, 0xFE, 0x7B, 0x00], "1: the file is UTF-16, not UTF-8"), ([0x7B, 0x0A, 0x00, 0x7D], "2: byte 2 is zero"),
    ] as [([UInt8], String)])
  func noText(_ bytes: [UInt8], _ start: String) {
    let found = problems(bytes)
    #expect(found.count == 1 && found[0].hasPrefix(start), "\(found)")
  }

  @Test func anErrorOfSyntaxHasLineAndColumn() {
    let found = problems("{\n  \"listen\": \":80\"\n  \"backends\": [] }")
    #expect(found == ["3:3: expected \",\" or \"}\", found \"\"\" — hint: is a comma missing before it?"])
  }
}
