import Config
package import Control
import Libevent
package import Logging
import Service
import Sockets
import Synchronization
import SystemPackage

/// The proxy at work, in one process: three small backends, the proxy before them, and a client that notices nothing
/// when a backend dies and comes back.
package struct Demo {
  /// How often a backend is killed.
  package enum Rounds: Sendable {
    /// Once; it takes about 10 s.
    case one
    /// One after the other, until the program is stopped.
    case untilStopped
  }

  /// What the client noticed.
  package enum Outcome: Equatable, Sendable {
    /// Not one request failed, and it went through to the end.
    case flawless
    /// So many failed.
    case failed(Int)
    /// It was stopped before the end of its first round.
    case unfinished
  }

  private let rounds: Rounds
  private let version: String

  /// A demo of a program of that version.
  package init(rounds: Rounds, version: String) {
    self.rounds = rounds
    self.version = version
  }

  /// Runs it on the calling thread, and shows on the standard output what happens.
  ///
  /// - Parameter logger: the proxy's.
  package func run(logger: Logger) throws(StartError) -> Outcome {
    let backends = try ports()
    defer { for backend in backends { backend.close() } }
    let configuration: Configuration
    do throws(ConfigErrors) {
      configuration = try DemoConfiguration.make(for: backends)
    } catch {
      preconditionFailure("\(error)")
    }
    let service = try Service(configuration: configuration, logger: logger, origin: ServiceOrigin(version: version))
    let scene = DemoScene(
      backends: backends, proxy: service.addresses[0].address.first, stats: service.statsAddress, rounds: rounds,
      service: service.inbox)
    DemoScreen(backends: backends.map(\.name)).heading(scene, version: version)
    let inbox = Mailbox<DemoDirector.Command>()
    let outcome = Mutex(Outcome.unfinished)
    let thread = LoopThread(name: "demo") {
      let result = DemoDirector.run(scene, inbox: inbox)
      outcome.withLock { $0 = result }
    }
    _ = service.run()
    inbox.post(.end)
    thread.join()
    return outcome.withLock { $0 }
  }

  private func ports() throws(StartError) -> [DemoPort] {
    do throws(Errno) {
      var ports: [DemoPort] = []
      for letter in ["a", "b", "c"] { ports.append(try DemoPort(name: "backend-\(letter)")) }
      return ports
    } catch {
      throw StartError(
        "the demo's backends: \(error.description.lowercased())", hint: "they need three free ports of 127.0.0.1")
    }
  }
}

/// What the demo's thread is given: all that runs, and where.
struct DemoScene: Sendable {
  let backends: [DemoPort]
  let proxy: SocketAddress
  let stats: SocketAddress?
  let rounds: Demo.Rounds
  /// To end the proxy.
  let service: Mailbox<ServiceCommand>
}
