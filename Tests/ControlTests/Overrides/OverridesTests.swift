import Glibc
import Libevent
import Logging
import Support
import Testing

@testable import Control
@testable import Model

/// Leases on their way to the disk.
@Suite struct OverridesTests {
  private let loop = EventLoop()
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func book(_ count: Int) -> OverrideBook {
    var book = OverrideBook()
    for number in 0..<count {
      book.take(
        Lease(
          pool: "web", endpoint: "10.0.0.\(number):80", term: .drain, author: "ann", reason: nil,
          since: Timestamp(milliseconds: 1), until: nil))
    }
    return book
  }

  private func run(until isDone: @escaping () -> Bool) {
    let limit = Timer(on: loop) { [loop] in loop.stop() }
    limit.schedule(after: .seconds(20))
    loop.run { [loop] in
      if isDone() { loop.stop() }
      return .wait
    }
  }

  @Test("a hundred changes at once don't hold up the loop: all are told, and the last is in the file")
  func burst() throws {
    let folder = try TemporaryFolder()
    let overrides = Overrides(path: folder.path + "/a/state", on: loop, logger: logger)
    var told: [String?] = []
    for count in 1...100 { overrides.save(book(count)) { told.append($0) } }
    #expect(told.isEmpty)
    run { told.count == 100 }
    #expect(told == Array(repeating: nil, count: 100))
    #expect(overrides.load() == book(100))
    // What is there already isn't written again.
    overrides.save(book(100)) { told.append($0) }
    #expect(told.count == 101)
  }

  @Test("what was set while a slow disk writes is in the file at the end, though the loop turns no more")
  func slowDisk() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/state"
    let overrides = Overrides(path: path, on: loop, logger: logger)
    overrides.save(book(1))
    overrides.save(book(2))
    overrides.save(book(3))
    overrides.finish(within: .seconds(20))
    #expect(StateFile(path: path).read() == .book(book(3)))
    // Whoever goes on is told as ever, and what comes later isn't taken for what is there.
    var told = 0
    overrides.save(book(1)) { _ in told += 1 }
    run { told == 1 }
    #expect(StateFile(path: path).read() == .book(book(1)))
  }

  @Test("what a process before this one has written late is written over when it's gone")
  func lateWriter() throws {
    let folder = try TemporaryFolder()
    let file = StateFile(path: folder.path + "/state")
    let overrides = Overrides(path: file.path, on: loop, logger: logger)
    overrides.saveAgain(OverrideBook())
    overrides.finish(within: .seconds(20))
    #expect(file.read() == .none, "nothing was ever set")
    var told = 0
    overrides.save(book(2)) { _ in told += 1 }
    run { told == 1 }
    try file.write(book(1))
    overrides.saveAgain(book(2))
    overrides.finish(within: .seconds(20))
    #expect(file.read() == .book(book(2)))
  }

  @Test("what can't be written is told to whom it concerns, and tried again with the next change")
  func trouble() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/state"
    let overrides = Overrides(path: path, on: loop, logger: logger)
    mkdir(path, 0o700)
    var told: [String?] = []
    overrides.save(book(1)) { told.append($0) }
    run { told.count == 1 }
    #expect(told.first.flatMap(\.self)?.contains("it is a directory, not a file") == true)
    rmdir(path)
    overrides.save(book(1)) { told.append($0) }
    run { told.count == 2 }
    #expect(told.last == .some(nil))
    overrides.save(book(2))
    overrides.finish(within: .seconds(10))
    #expect(overrides.load() == book(2))
    let nowhere = Overrides(path: nil, on: loop, logger: logger)
    nowhere.save(book(1)) { #expect($0?.contains("no state file") == true) }
  }
}
