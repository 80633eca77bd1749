import ArgumentParser
import Client
import Model

/// `martlet backend`.
struct BackendCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backend",
    abstract: "Add a backend to a pool, or remove one.",
    discussion: """
      Both hold until `martlet overrides --remove` takes them back, or until the end of the time given with --for; the \
      configuration file stays as it is.
      """,
    subcommands: [AddBackendCommand.self, RemoveBackendCommand.self])
}

/// `martlet backend add`.
struct AddBackendCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Add a backend that the configuration doesn't have.",
    discussion: """
      It's checked and used like the others of its pool.

      EXAMPLES
        martlet backend add web 10.0.0.3:80 --name b3 --weight 2
        martlet backend add web unix:/run/web.sock --for 1h --reason "a try"
      """)

  @Argument(help: ArgumentHelp("The pool.", valueName: "pool"), completion: AdminArguments.pools)
  var pool: String
  @Argument(help: ArgumentHelp("An IP address with a port, name:port or unix:/path.", valueName: "address"))
  var address: String
  @Option(help: ArgumentHelp("Its name; else its address.", valueName: "name"))
  var name: String?
  @Option(help: ArgumentHelp("Its share, 0…256; else 1.", valueName: "count"))
  var weight: Int?
  @Option(help: ArgumentHelp("Its tier, 0…15; else 0.", valueName: "number"))
  var tier: Int?
  @Option(help: ArgumentHelp("The most sessions at once; else there's no limit.", valueName: "count"))
  var maxSessions: Int?
  @OptionGroup var lease: LeaseOptions
  @OptionGroup var scope: ScopeOption
  @OptionGroup var options: AnswerOptions

  func run() throws {
    let request = AdminRequest.AddBackend(
      pool: pool, address: address, name: name, weight: weight, tier: tier, maxSessions: maxSessions,
      seconds: lease.seconds, reason: lease.reason, thisNode: scope.thisNode ? true : nil)
    try options.perform(.add(request))
  }
}

/// `martlet backend remove`.
struct RemoveBackendCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Remove a backend from its pool.",
    discussion: """
      It gets no new sessions, and isn't checked or listed any more; those that stand end as the configuration says of \
      removed backends.

      EXAMPLES
        martlet backend remove web/b3
      """)

  @Argument(help: ArgumentHelp("The backend as POOL/BACKEND, by its name or address.", valueName: "pool/backend"))
  var backend: BackendPath
  @OptionGroup var lease: LeaseOptions
  @OptionGroup var force: ForceOption
  @OptionGroup var scope: ScopeOption
  @OptionGroup var options: AnswerOptions

  func run() throws {
    try options.perform(
      .remove(
        backend, seconds: lease.seconds, reason: lease.reason, isForced: force.force,
        thisNode: scope.thisNode))
  }
}
