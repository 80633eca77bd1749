import Glibc
import Libevent
import Synchronization
import Testing

@testable import Model
@testable import Doors

/// Names of those who ask, from a directory that may take its time.
@Suite struct UserNamesTests {
  private final class Directory: Sendable {
    private let asked = Atomic(0)
    private let delay: UInt32

    var count: Int { asked.load(ordering: .relaxed) }

    init(delay: UInt32) { self.delay = delay }

    func look(_ user: UInt32) -> String? {
      asked.add(1, ordering: .relaxed)
      usleep(delay)
      return user == 7 ? "ann" : nil
    }
  }

  private let loop = EventLoop()

  private func ask(_ names: UserNames, _ users: Set<UInt32>) -> [UInt32: String]? {
    var answer: [UInt32: String]?
    names.find(users) { answer = $0 }
    let limit = Timer(on: loop) { [loop] in loop.stop() }
    limit.schedule(after: .seconds(20))
    if answer == nil {
      loop.run { [loop] in
        if answer != nil { loop.stop() }
        return .wait
      }
    }
    return answer
  }

  @Test("a name is looked for once, and remembered, also that there is none")
  func names() {
    let directory = Directory(delay: 1000)
    let names = UserNames(on: loop) { directory.look($0) }
    for _ in 0..<3 { #expect(ask(names, [7, 8]) == [7: "ann"]) }
    #expect(ask(names, []) == [:])
    #expect(directory.count == 2)
  }

  @Test("a directory that doesn't answer holds up neither the loop nor a command for long, and is asked once")
  func silence() {
    let directory = Directory(delay: 5_000_000)
    let names = UserNames(on: loop) { directory.look($0) }
    let start = ContinuousClock.now
    #expect(ask(names, [7]) == [:])
    #expect(ask(names, [7]) == [:])
    #expect(start.duration(to: .now) < .milliseconds(4500))
    #expect(directory.count == 1)
    // Once it has answered, the name is known.
    usleep(4_000_000)
    #expect(ask(names, [7]) == [7: "ann"])
  }
}
