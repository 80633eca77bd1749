import Doors
import Glibc
import Support
import Synchronization
import Testing

@Suite("The file of the admin socket") struct AdminSocketModeTests {
  private final class Modes: Sendable {
    let seen = Mutex<Set<mode_t>>([])
  }

  /// The umask is the process's: two threads that each set and restore it would leave it wrong for all files made later.
  @Test("it's bound with its mode, and no other file's mode suffers")
  func mode() throws {
    let folder = try TemporaryFolder()
    let others = Modes()
    let threads = (0..<4).map { [path = folder.path] thread in
      Background {
        for round in 0..<50 {
          let place = "\(path)/\(thread)-\(round)"
          let server = try AdminServer(path: place, mode: 0o640)
          var status = stat()
          #expect(stat(place, &status) == 0 && status.st_mode & 0o777 == 0o640)
          withExtendedLifetime(server) {}
          let file = open("\(place).txt", O_WRONLY | O_CREAT, 0o644)
          _ = fstat(file, &status)
          close(file)
          let mode = status.st_mode & 0o777
          others.seen.withLock { _ = $0.insert(mode) }
        }
      }
    }
    for thread in threads { try thread.join() }
    #expect(others.seen.withLock { $0 } == [0o644])
  }
}
