import ArgumentParser
import Config
import Control
import Glibc
import Logging
import Logs
import Service
import Sockets

/// `martlet run`.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run the proxy until SIGTERM or SIGINT.",
    discussion: """
      Runs in the foreground and logs to the standard error. Every listener is bound before the first client is \
      accepted; if one can't be, nothing runs.
      """)

  @OptionGroup var file: ConfigurationFile
  @OptionGroup var fleetNode: NodeOption
  @OptionGroup var logOptions: LogOptions

  func run() throws {
    let inheritance: Inheritance?
    do throws(StartError) {
      inheritance = try Inheritance.receive()
    } catch {
      throw ExitStatus.unavailable.because("\(error)")
    }
    // Who takes over goes on with what runs, whatever the file says by now; but for the engine of its fleet, to which it may come over.
    let path = try inheritance?.file ?? file.absolutePath
    var filesAsRead = FileSnapshot()
    var settings = try inheritance?.configuration ?? file.load(seen: &filesAsRead)
    let named = inheritance.map { _ in FleetStart.engine(namedBy: path, over: settings) } ?? .same
    if case .other(let engine) = named { settings.fleet?.engine = engine }
    var fleet: FleetStart?
    do throws(StartError) {
      if let configured = settings.fleet {
        fleet = try FleetStart(
          settings, fleet: configured, file: path, option: fleetNode.node, served: inheritance == nil ? nil : settings)
        settings = fleet?.configuration ?? settings
        if case .ignored(let why) = named { fleet?.notices.append(why) }
      }
      try Limits.ensureEnough(for: settings)
    } catch {
      inheritance?.fail("\(error)")
      throw ExitStatus.unavailable.because("\(error)")
    }
    let log = logOptions.settings(over: settings.log)
    let sink = LogSink(style: LogStyle(log.format, descriptor: STDERR_FILENO))
    defer { sink.close() }
    let logger = Logger(sink: sink, level: log.level)
    let service: Service
    do throws(StartError) {
      let activated = try InheritedListeners.takeOrExplain()
      service = try Service(
        configuration: settings, logger: logger,
        origin: ServiceOrigin(
          version: Version.current, file: path, filesAsRead: filesAsRead, invocation: .current,
          inheritance: inheritance,
          activated: activated,
          log: LogSwitch(sink, fixed: logOptions.settings), fleet: fleet?.origin))
    } catch {
      sink.flush()
      inheritance?.fail("\(error)")
      throw ExitStatus.unavailable.because("\(error)")
    }
    StartupSummary(of: service, configuration: settings, file: path, version: Version.current).log(to: logger)
    for notice in fleet?.notices ?? [] { logger.warning("fleet: \(notice)") }
    switch service.run() {
    case .drained: return
    case .cutOff: throw ExitStatus.incomplete.code
    }
  }
}

extension InheritedListeners {
  /// Takes the sockets from systemd, or says what is wrong with what the environment says of them.
  fileprivate static func takeOrExplain() throws(StartError) -> [Listener] {
    do throws(EnvironmentError) { return try take() } catch {
      throw StartError(
        error.description, hint: "systemd sets it for the sockets of a socket unit: let nobody else, or unset it")
    }
  }
}

/// Which node of a fleet is meant.
struct NodeOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Which node of the configuration's fleet this is; else MARTLET_NODE or the host's name says it.",
      valueName: "name"))
  var node: String?
}

/// What the command line says about the log.
struct LogOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Log nothing less severe, whatever the configuration says.", valueName: "level"))
  var logLevel: LogLevel?

  @Option(
    help: ArgumentHelp(
      "How lines are written, whatever the configuration says; auto is text on a terminal, else json.",
      valueName: "format"))
  var logFormat: LogFormat?

  /// What is said here, whatever a configuration says.
  var settings: Set<LogSwitch.Setting> {
    Set((logLevel == nil ? [] : [.level]) + (logFormat == nil ? [] : [.format]))
  }

  /// The configuration's settings, where the command line doesn't say otherwise.
  func settings(over configured: LogConfiguration) -> LogConfiguration {
    var result = configured
    if let logLevel { result.level = logLevel }
    if let logFormat { result.format = logFormat }
    return result
  }
}

extension LogLevel: ExpressibleByArgument {}
extension LogFormat: ExpressibleByArgument {}
