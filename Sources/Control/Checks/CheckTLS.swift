package import Config
import Libevent
import Logging
package import TLS

/// By which files checks speak TLS: read on a thread of their own before they are needed, and again when they have changed.
package final class CheckTLS {
  /// How often it's looked whether files have changed.
  var pace = Duration.seconds(5)

  private let loop: EventLoop
  private let logger: Logger
  private(set) var files: [TLSConfiguration: RenewedTLS] = [:]
  /// Made for the first files: most processes have none.
  private lazy var reader = BackgroundWorker(name: "check tls", on: loop)

  /// What files came to.
  package struct Read: Sendable {
    var servers: [TLSConfiguration: ServerTLS] = [:]
    /// What is wrong with them, in words.
    package var failures: [String] = []

    /// Nothing.
    package init() {}

    init(_ needed: Set<TLSConfiguration>) {
      for tls in needed {
        do throws(ServerTLS.Problem) {
          servers[tls] = try ServerTLS(tls)
        } catch {
          failures.append("\(error)")
        }
      }
      failures.sort()
    }
  }

  /// Knows no file yet.
  init(on loop: EventLoop, logger: Logger) {
    self.loop = loop
    self.logger = logger
  }

  /// Reads what a configuration needs at once, for a process that can't start without it.
  package func start(with configuration: Configuration) throws(StartError) {
    let needed = configuration.checkTLS
    guard !needed.isEmpty else { return }
    let read = Read(needed)
    if let failure = read.failures.first {
      throw StartError("health checks: \(failure)", hint: "it's what \"tls\" of a pool's \"health\" says")
    }
    use(read, for: configuration)
  }

  /// Reads what a configuration needs and isn't known yet.
  ///
  /// - Parameter done: takes it, perhaps before this returns; what is without a failure can be used.
  package func read(for configuration: Configuration, done: @escaping (Read) -> Void) {
    let needed = configuration.checkTLS.filter { files[$0] == nil }
    guard !needed.isEmpty else { return done(Read()) }
    reader.perform {
      Read(needed)
    } then: {
      done($0)
    }
  }

  /// Goes by these files from now on, and by those that are known already.
  func use(_ read: Read, for configuration: Configuration) {
    let needed = configuration.checkTLS
    files = files.filter { needed.contains($0.key) }
    for (tls, server) in read.servers where files[tls] == nil && needed.contains(tls) {
      let renewed = RenewedTLS(server, on: loop)
      renewed.onTrouble = { [logger] in logger.warning("health checks: \($0)") }
      for notice in server.notices { logger.warning("health checks: \(notice)") }
      files[tls] = renewed
    }
  }

  /// A connection that begins with TLS to a server of this name; nil where the files aren't known.
  ///
  /// - Parameter more: files that aren't in use yet.
  package func session(by tls: TLSConfiguration, to server: TLSName, with more: Read? = nil) -> TLSSession? {
    guard let known = files[tls] else { return more?.servers[tls]?.session(to: server) }
    known.look(every: pace)
    return known.current.session(to: server)
  }
}

extension Configuration {
  /// By what health checks speak TLS, each once.
  fileprivate var checkTLS: Set<TLSConfiguration> { Set(pools.compactMap(\.health.tls)) }
}
