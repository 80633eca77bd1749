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
    abstract: "See the proxy at work: a backend dies and comes back.",
    discussion: """
      Starts three small backends, the proxy before them and the stats port, all on free ports of the loopback \
      interface. A client sends requests all the while. One backend after the other is killed and revived, and each \
      time a few lines say what the client noticed. Ends with Ctrl-C.
      """)

  @Flag(help: "Kill and revive one backend, which takes 10 s; status 0 only if no request failed.")
  var once = false

  @Option(help: ArgumentHelp("What the proxy logs meanwhile, to the standard error.", valueName: "level"))
  var logLevel = LogLevel.error

  func run() throws {
    do throws(StartError) {
      try Limits.ensureEnoughForDemo()
    } catch {
      throw ExitStatus.unavailable.because("\(error)")
    }
    let sink = LogSink(style: LogStyle(.auto, descriptor: STDERR_FILENO))
    defer { sink.close() }
    let demo = Demo(rounds: once ? .one : .untilStopped, version: Version.current)
    let outcome: Demo.Outcome
    do throws(StartError) {
      outcome = try demo.run(logger: Logger(sink: sink, level: logLevel))
    } catch {
      throw ExitStatus.unavailable.because("\(error)")
    }
    if once, outcome != .flawless { throw ExitStatus.incomplete.code }
  }
}
