import ArgumentParser
import Client
import Config
import FoundationEssentials

/// `martlet upgrade`.
struct UpgradeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "upgrade",
    abstract: "Replace the running process without dropping anything.",
    discussion: """
      Starts the program anew, hands its listening sockets over, and lets the old process serve its sessions for as long \
      as the configuration's upgrade.drain says (1 h); `martlet status` shows until when. If the new process doesn't get \
      ready, the old one goes on as if nothing had happened, and the status is 1. So it does if the new one may have so few \
      descriptors that it could hold fewer sessions than stand, or less than half as many as before.

      EXAMPLES
        martlet upgrade
        martlet upgrade --program ./martlet-next
      """)

  @Option(
    help: ArgumentHelp("The program; else the path that the process was started by.", valueName: "path"),
    completion: .file())
  var program: String?
  @Flag(help: "Let the new process hold fewer sessions.")
  var force = false
  @OptionGroup var options: AnswerOptions

  func run() throws {
    // The process has a directory of its own.
    let path = program.map { $0.hasPrefix("/") ? $0 : "\(FileManager.default.currentDirectoryPath)/\($0)" }
    try options.show(.upgrade(.init(program: path, force: force ? true : nil))) { ReloadText.render($0, now: .now) }
  }
}

/// `martlet log`.
struct LogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log",
    abstract: "Show or set what the running process logs, or open its files anew.",
    subcommands: [LogLevelCommand.self, LogReopenCommand.self])
}

/// `martlet log level`.
struct LogLevelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "level",
    abstract: "Show or set the least severe messages that are logged.",
    discussion: """
      What is set holds until the process ends or loads a configuration.

      EXAMPLES
        martlet log level
        martlet log level debug
      """)

  @Argument(help: ArgumentHelp("What is logged from now on.", valueName: "level"))
  var level: LogLevel?
  @OptionGroup var options: AnswerOptions

  func run() throws {
    try options.show(level.map { .setLog($0) } ?? .log) { ShortText.render($0) }
  }
}

/// `martlet log reopen`.
struct LogReopenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reopen",
    abstract: "Open the files of the access log anew.",
    discussion: """
      For whoever has given the old ones other names, as logrotate does. What is written from then on is in the new ones; no \
      line is lost or twice there. SIGHUP does the same, and reads the configuration again.

      EXAMPLES
        mv access.log access.log.1 && martlet log reopen
      """)

  @OptionGroup var options: AnswerOptions

  func run() throws {
    try options.perform(.reopenLog)
  }
}
