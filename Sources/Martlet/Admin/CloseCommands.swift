import ArgumentParser
import Client
import Glibc
import Model
import Text

/// Which sessions are meant: those that all of the given options apply to.
struct SelectionOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Sessions of this pool.", valueName: "name"), completion: AdminArguments.pools)
  var pool: String?
  @Option(
    help: ArgumentHelp("Sessions of this backend: POOL/BACKEND, or with --pool its name.", valueName: "backend"),
    completion: AdminArguments.backends)
  var backend: String?
  @Option(help: ArgumentHelp("Sessions of this listener.", valueName: "name"), completion: AdminArguments.listeners)
  var listener: String?
  @Option(help: ArgumentHelp("Sessions from this IP address.", valueName: "ip"))
  var client: String?
  @Option(
    help: ArgumentHelp("Sessions that have stood for at least this long, such as 1h.", valueName: "time"),
    transform: AdminArguments.seconds)
  var olderThan: Double?

  func validate() throws {
    if pool == nil, let backend, BackendPath(backend) == nil {
      throw ValidationError("--backend needs the pool: write it as POOL/\(backend), or add --pool.")
    }
  }

  /// The selection.
  var request: AdminRequest.CloseSessions {
    let path = pool == nil ? backend.flatMap { BackendPath($0) } : nil
    return AdminRequest.CloseSessions(
      pool: pool ?? path?.pool, backend: path?.backend ?? backend, listener: listener, client: client,
      olderThan: olderThan)
  }
}

/// `martlet close`.
struct CloseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "close",
    abstract: "Close sessions.",
    discussion: """
      Closes the sessions that all of the given options apply to: at a bounded rate, and each when its bytes pause, \
      unless --now says otherwise. On a terminal it asks first if there is more than one; elsewhere --all needs --yes.

      EXAMPLES
        martlet close --backend web/b1 --older-than 1h
        martlet close --client 10.0.0.7 --now
        martlet close --id 1a2b 1a2c
      """)

  @OptionGroup var selection: SelectionOptions
  @Option(
    name: .customLong("id"), parsing: .upToNextOption,
    help: ArgumentHelp("The sessions with these ids.", valueName: "id"))
  var ids: [String] = []
  @Flag(help: "All sessions, where nothing else is given.")
  var all = false
  @Flag(help: "At once, and amid their bytes.")
  var now = false
  @Flag(help: "Don't ask.")
  var yes = false
  @OptionGroup var options: AnswerOptions

  /// The whole selection.
  private var request: AdminRequest.CloseSessions {
    var request = selection.request
    if !ids.isEmpty { request.ids = ids }
    if all { request.all = true }
    if now { request.now = true }
    return request
  }

  func validate() throws {
    let isNarrowed = selection.request != AdminRequest.CloseSessions() || !ids.isEmpty
    guard isNarrowed != all else {
      throw ValidationError(
        all
          ? "--all closes every session: leave it out, or everything else that selects."
          : "Say which sessions: --pool, --backend, --listener, --client, --older-than, --id or --all.")
    }
  }

  func run() throws {
    if !yes { try askBack() }
    try options.show(.close(request)) { SessionsText.render($0) }
  }

  private func count() throws -> Int {
    try options.process.ask { door throws(DoorError) in try door.ask(.sessions(request, limit: 1)).answer.total }
  }

  /// Asks whether that many are really meant.
  private func askBack() throws {
    guard Terminal.isAt(STDIN_FILENO), Terminal.isAt(STDERR_FILENO) else {
      if all { throw ExitStatus.usage.because("--all closes every session: add --yes, as there is nobody to ask") }
      return
    }
    let total = ids.isEmpty ? try count() : ids.count
    guard total > 1 else { return }
    Terminal.write(SessionsText.question(total, now: now), to: STDERR_FILENO)
    guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
      throw ExitStatus.incomplete.because("nothing was closed")
    }
  }
}

/// `martlet rebalance`.
struct RebalanceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rebalance",
    abstract: "Close the sessions that are over the backends' shares.",
    discussion: """
      Looks at who of the pool's eligible backends has more sessions than its fair share, and closes the surplus at a \
      bounded rate, each session when its bytes pause: clients come back, and are spread anew.

      EXAMPLES
        martlet rebalance web
      """)

  @Argument(help: ArgumentHelp("The pool.", valueName: "pool"), completion: AdminArguments.pools)
  var pool: String
  @OptionGroup var options: AnswerOptions

  func run() throws {
    try options.show(.rebalance(pool: pool)) { SessionsText.render($0) }
  }
}
