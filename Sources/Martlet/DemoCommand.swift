import ArgumentParser
import Config
import Control
import Demo
import Glibc
import Logging
import Logs

/// `martlet demo`.
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "See the proxy at work: a backend dies and comes back, or a node of a fleet.",
    discussion: """
      Starts three small backends, the proxy before them and the stats port, all on free ports of the loopback \
      interface. A client sends requests all the while. One backend after the other is killed and revived, and each \
      time a few lines say what the client noticed. Ends with Ctrl-C.

      With --fleet it's three nodes as one service, each in a network of its own on this machine. An address moves, its owner is frozen, a rollout is refused by one node and another one is taken by \
      all; each step says for how long nobody answered and what to type to see it. For root, or who may have user \
      namespaces; it needs ip, which `make demo-fleet` installs.

      EXIT STATUS
        0   All went as it should, or it was stopped.
        1   With --once: a request or a step failed, or it was stopped.
        69  It can't be started.
        71  With --fleet: something isn't installed, or isn't allowed to this user.
      """)

  @Flag(help: "Show a fleet of three nodes, and the address that moves between them.")
  var fleet = false

  @Flag(help: "Tell the story once, which takes 10 s, with --fleet 20 s; status 0 only if all went as it should.")
  var once = false

  /// The folder of a demo of a fleet that has been started by one.
  @Option(help: .private) var stage: String?

  @Option(help: ArgumentHelp("What the proxy logs meanwhile, to the standard error.", valueName: "level"))
  var logLevel = LogLevel.error

  private var rounds: Demo.Rounds { once ? .one : .untilStopped }

  func run() throws {
    if let stage { return try show(FleetDemo(rounds: rounds, version: Version.current, folder: stage)) }
    if fleet { return try runFleet() }
    do throws(StartError) {
      try Limits.ensureEnoughForDemo()
    } catch {
      throw ExitStatus.unavailable.because("\(error)")
    }
    let sink = LogSink(style: LogStyle(.auto, descriptor: STDERR_FILENO))
    defer { sink.close() }
    let demo = Demo(rounds: rounds, version: Version.current)
    let outcome: Demo.Outcome
    do throws(StartError) {
      outcome = try demo.run(logger: Logger(sink: sink, level: logLevel))
    } catch {
      throw ExitStatus.unavailable.because("\(error)")
    }
    if once, outcome != .flawless { throw ExitStatus.incomplete.code }
  }

  private func runFleet() throws {
    let isOnce = once
    let end: FleetDemoStage.End
    do throws(StartError) {
      end = try FleetDemoStage { ["demo", "--fleet", "--stage", $0] + (isOnce ? ["--once"] : []) }.run()
    } catch {
      throw ExitStatus.unavailable.because("\(error)")
    }
    switch end {
    case .missing(let what): throw ExitStatus.machine.because(what)
    case .status(0): return
    case .status(let status): throw ExitCode(status)
    case .stopped: if once { throw ExitStatus.incomplete.code }
    }
  }

  private func show(_ demo: FleetDemo) throws {
    switch demo.run() {
    case .flawless: return
    case .failed: throw ExitStatus.incomplete.code
    case .missing(let what): throw ExitStatus.machine.because(what)
    }
  }
}
