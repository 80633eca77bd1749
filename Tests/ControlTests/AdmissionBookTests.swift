import Config
import Libevent
import Logging
import Support
import Testing

@testable import Control

/// Lists of addresses over changes of the configuration and of their files.
@Suite struct AdmissionBookTests {
  private func configuration(_ listeners: String) throws -> Configuration {
    try Configuration.parse(
      "{ \"listeners\": [\(listeners)], \"pools\": [{ \"name\": \"a\", \"backends\": [\"127.0.0.1:3\"] }] }")
  }

  @Test("a list that changes while another listener is about to have it, too, counts for both")
  func changedMeanwhile() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("blocked.txt", "10.0.0.1\n")
    let one = "{ \"name\": \"a\", \"bind\": \"127.0.0.1:1\", \"deny\": { \"file\": \"\(file)\" } }"
    let before = try configuration(one)
    let after = try configuration(
      one
        + ", { \"name\": \"b\", \"bind\": \"127.0.0.1:2\", \"allow\": [\"10.0.0.0/8\"], \"deny\": { \"file\": \"\(file)\" } }"
    )
    let loop = EventLoop()
    let book = AdmissionBook(on: loop, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    var changes = 0
    book.changed = { _ in changes += 1 }
    try book.start(with: before)
    book.use(ReadLists(), for: before)
    var read: ReadLists?
    book.read(for: after) { read = $0 }
    #expect(loop.wait { read != nil })
    // The reload goes on with it only when names and checks are through; meanwhile the file becomes another one.
    try folder.write("blocked.txt", "10.0.0.1\n10.0.0.2\n")
    #expect(loop.wait { changes == 1 })
    book.use(try #require(read), for: after)
    #expect(loop.wait { changes == 2 })
    for listener in after.listeners {
      let rules = book.lists.rules[listener.addresses]
      #expect(rules?.verdict(on: .ipv4(0x0A00_0002, port: 1)) == .denied, "\(listener.name)")
    }
  }
}
