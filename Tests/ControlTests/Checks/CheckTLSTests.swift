import Config
import Libevent
import Logging
import Support
import TLS
import Testing

@testable import Control

@Suite(.enabled(if: Programs.have("openssl"), "openssl isn't installed")) struct CheckTLSTests {
  private let loop = EventLoop()

  private func configuration(_ ca: String) throws -> Configuration {
    try Configuration.parse(
      "{ listen: ':0', backends: ['127.0.0.9:9'], health: { type: 'http', tls: { ca: '\(ca)' } } }")
  }

  private func files() -> CheckTLS {
    CheckTLS(on: loop, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  @Test("files are read before they are needed, and what is wrong with them is told")
  func reading() throws {
    let ca = try TestCA()
    let files = files()
    let (right, wrong) = (try configuration(ca.file), try configuration("/nowhere"))
    #expect(throws: StartError.self) { try files.start(with: wrong) }
    let tls = try #require(right.pools[0].health.tls)
    #expect(files.session(by: tls, to: .host("a")) == nil)
    var failures: [[String]] = []
    files.read(for: wrong) { failures.append($0.failures) }
    var read = CheckTLS.Read()
    files.read(for: right) {
      failures.append($0.failures)
      read = $0
    }
    #expect(loop.wait { failures.count == 2 })
    #expect(failures == [["/nowhere can't be read: no such file or directory"], []])
    // Before they are in use, and after that.
    #expect(files.session(by: tls, to: .host("a"), with: read) != nil)
    files.use(read, for: right)
    #expect(files.session(by: tls, to: .host("a")) != nil)
    // What isn't needed any more is forgotten.
    files.use(CheckTLS.Read(), for: try Configuration.parse("{ listen: ':0', backends: ['127.0.0.9:9'] }"))
    #expect(files.session(by: tls, to: .host("a")) == nil)
  }

  @Test("files that have changed are gone by, unless they are wrong")
  func renewal() throws {
    let (ca, other) = (try TestCA(), try TestCA("Other CA"))
    let files = files()
    files.pace = .zero
    let configuration = try configuration(ca.file)
    let tls = try #require(configuration.pools[0].health.tls)
    try files.start(with: configuration)
    let renewed = try #require(files.files[tls])
    let first = renewed.current.files
    var troubles: [String] = []
    renewed.onTrouble = { troubles.append($0) }
    try ca.folder.write("ca.pem", "nonsense")
    _ = files.session(by: tls, to: .host("a"))
    #expect(loop.wait { !troubles.isEmpty })
    #expect(renewed.current.files == first && troubles.first?.contains("must hold certificates") == true)
    // Of the same wrong files it isn't told again, however often it looks.
    var looks = 0
    #expect(
      loop.wait {
        looks += 1
        renewed.look()
        return looks == 20
      })
    #expect(troubles.count == 1)
    try ca.folder.write("ca.pem", try String(contentsOfFile: other.file, encoding: .utf8))
    #expect(
      loop.wait {
        _ = files.session(by: tls, to: .host("a"))
        return renewed.current.files != first
      })
  }
}
