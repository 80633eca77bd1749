import Foundation
import Support
import Testing

@testable import Control
@testable import Model

@Suite("The state file")
struct StateFileTests {
  private var book: OverrideBook {
    var book = OverrideBook()
    book.take(
      Lease(
        pool: "web", endpoint: "10.0.0.1:80", term: .add(AddedBackend(name: "ü\"\n", weight: 3, tier: 1)),
        author: "ann", reason: "why / not", since: Timestamp(milliseconds: 1), until: Timestamp(milliseconds: 2)))
    return book
  }

  @Test("what is written is read again, and nothing is left beside it")
  func roundTrip() throws {
    let folder = try TemporaryFolder()
    let file = StateFile(path: folder.path + "/state")
    #expect(file.read() == .none)
    try file.write(book)
    try file.write(book)
    #expect(file.read() == .book(book))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["state"])
  }

  @Test("every damaged byte is noticed, and the file set aside as it was")
  func damage() throws {
    let folder = try TemporaryFolder()
    let file = StateFile(path: folder.path + "/state")
    let right = StateFile.encode(book)
    for place in stride(from: 0, to: right.count, by: 3) {
      var bytes = right
      bytes[place] ^= 0x11
      try Data(bytes).write(to: URL(fileURLWithPath: file.path))
      guard case .setAside(_, let aside) = file.read() else {
        Issue.record("damage of byte \(place) went unnoticed")
        continue
      }
      #expect(try Data(contentsOf: URL(fileURLWithPath: aside)) == Data(bytes))
      try FileManager.default.removeItem(atPath: aside)
      #expect(file.read() == .none)
    }
    for length in [0, 1, 20, right.count - 1] {
      try Data(right[..<length]).write(to: URL(fileURLWithPath: file.path))
      guard case .setAside = file.read() else {
        Issue.record("a file of \(length) bytes went unnoticed")
        continue
      }
    }
  }

  @Test("a file that can't be written leaves the old one")
  func unwritable() throws {
    let folder = try TemporaryFolder()
    let file = StateFile(path: folder.path + "/state")
    try file.write(book)
    // The place where the new one would be made is taken by a folder.
    try FileManager.default.createDirectory(atPath: file.path + ".new", withIntermediateDirectories: false)
    #expect(throws: (any Error).self) { try file.write(OverrideBook()) }
    #expect(file.read() == .book(book))
    let nowhere = StateFile(path: folder.path + "/no/such/state")
    #expect(throws: (any Error).self) { try nowhere.write(book) }
  }

  @Test("what a stranger has put in its place neither lets wait nor counts")
  func strangers() throws {
    let folder = try TemporaryFolder()
    let file = StateFile(path: folder.path + "/state")
    let victim = folder.path + "/victim"
    try Data("precious".utf8).write(to: URL(fileURLWithPath: victim))
    mkfifo(file.path, 0o666)
    #expect(file.read() == .unreadable("it is a named pipe, not a file"))
    unlink(file.path)
    symlink("/dev/zero", file.path)
    #expect(file.read() == .unreadable("it is a symbolic link, not a file"))
    unlink(file.path)
    symlink(victim, file.path + ".new")
    try file.write(book)
    #expect(file.read() == .book(book))
    #expect(try Data(contentsOf: URL(fileURLWithPath: victim)) == Data("precious".utf8))
    chmod(file.path, 0o666)
    #expect(file.read() == .unreadable("others than its owner may write to it"))
  }

  @Test("the checksum is the one of ISO 3309")
  func checksum() {
    #expect(CRC32.of(Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(CRC32.of([]) == 0)
  }
}
