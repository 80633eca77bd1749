import ArgumentParser
import Client
import Config
import Glibc
import Model
import Text

/// The configuration that is sent to the process.
struct NewConfiguration: ParsableArguments {
  @Argument(
    help: ArgumentHelp("The configuration file; else the one that the process was started with.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var file: String?

  /// The request; says why the file can't be read before it throws.
  func request(confirm: Double? = nil, force: Bool = false) throws -> AdminRequest.Reload {
    var request = AdminRequest.Reload(confirm: confirm, force: force ? true : nil)
    guard let file else { return request }
    do throws(ConfigErrors) {
      let bytes = try Configuration.bytes(of: file)
      // What isn't text can't be sent; what the reader says of it is what is wrong with it.
      if String(validating: bytes, as: UTF8.self) == nil { _ = try Configuration.parse(bytes, file: file) }
      request.content = String(decoding: bytes, as: UTF8.self)
      // The process has a directory of its own, and says in its status what it runs.
      let isFile = file != Configuration.standardInput && !file.hasPrefix("/")
      request.name = isFile ? "\(WorkingDirectory.path)/\(file)" : ConfigurationFile.name(of: file)
    } catch {
      var error = error
      error.file = ConfigurationFile.name(of: file)
      Complaint.write(.init(error))
      throw ExitStatus.configuration.code
    }
    return request
  }
}

/// `martlet plan`.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Tell what a reload would do, without doing it.",
    discussion: """
      Sends the file to the process, which compares it with what runs at this moment: what would change, which \
      sessions would have to end, and what stands against it. In a fleet the other nodes are asked as well: what would \
      be refused on one would be refused on all.

      EXAMPLES
        martlet plan new.json && echo "nothing to do"

      EXIT STATUS
        0   Nothing would change.
        1   Something would change, and no session would notice.
        2   Sessions would drain or be closed, an address would be closed, or a reload would be refused.
        64  The command line is wrong.
        69  The process couldn't be reached, or can't plan at the moment.
        78  The file can't be read, or is wrong.
      """)

  @OptionGroup var source: NewConfiguration
  @Flag(help: "In a fleet: only this node is asked.")
  var thisNode = false
  @OptionGroup var options: AnswerOptions

  func run() throws {
    var request = try source.request()
    if thisNode { request.thisNode = true }
    let call = AdminCall<AdminAnswer.Plan>.plan(request)
    let (plan, json) = try options.process.ask(status: Self.status) { door throws(DoorError) in try door.ask(call) }
    if options.json {
      try options.print(json)
    } else {
      try Output.write(ReloadText.render(plan, coloured: options.isColoured))
    }
    switch plan.worstSeverity {
    case _ where plan.isRefused: throw ExitStatus.disruptive.code
    case .disruptive: throw ExitStatus.disruptive.code
    case .additive: throw ExitStatus.incomplete.code
    case .none: return
    }
  }

  /// How it ends without a plan. Status 1 is a plan's own, so a refusal isn't that.
  private static func status(_ error: DoorError) -> ExitStatus {
    if error.isOfConfiguration { return .configuration }
    // As earlier versions say it.
    if case .refused(_, let status) = error, status == 400 || status == 422 { return .configuration }
    return .unavailable
  }
}

/// `martlet reload`.
struct ReloadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reload",
    abstract: "Load a configuration into the running process.",
    discussion: """
      Everything is prepared first: the file is read, addresses are bound, new backends are checked. Only if all of \
      that succeeds it takes effect, at once and without dropping a session that may stay; otherwise everything is as \
      before, and the status is 1, or 78 if the file is wrong. Without a file the process reads its own again.

      With --confirm it goes back by itself after that time unless `martlet confirm` is called, and at once when \
      things get clearly worse.

      In a fleet all nodes prepare it first, and only if all of them can have it all take it. Nodes that can't be \
      reached follow when they are back, unless --require-all is said. --canary lets one node have it first, alone.

      EXAMPLES
        martlet reload
        martlet reload new.json --confirm 60s && ./smoke-test && martlet confirm
        martlet reload new.json --canary lb1 --soak 60s
      """)

  @OptionGroup var source: NewConfiguration
  @Option(
    help: ArgumentHelp("Go back after this time unless it's confirmed.", valueName: "time"),
    transform: AdminArguments.seconds)
  var confirm: Double?
  @Flag(help: "Even if a pool that serves now would have no eligible backend.")
  var force = false
  @Flag(help: "In a fleet: only this node takes it, and the others aren't asked.")
  var thisNode = false
  @Flag(help: "In a fleet: not while a node can't be reached.")
  var requireAll = false
  @Option(help: ArgumentHelp("In a fleet: this node has it first, alone.", valueName: "node"))
  var canary: String?
  @Option(
    help: ArgumentHelp("How long the canary is looked at; 60 s unless it's said.", valueName: "time"),
    transform: AdminArguments.seconds)
  var soak: Double?
  @OptionGroup var options: AnswerOptions

  func validate() throws {
    if soak != nil, canary == nil { throw ValidationError("--soak is for --canary: name a node.") }
    if thisNode, requireAll || canary != nil {
      throw ValidationError("--this-node asks no other node: leave --require-all and --canary out.")
    }
  }

  func run() throws {
    var request = try source.request(confirm: confirm, force: force)
    request.thisNode = thisNode ? true : nil
    request.requireAll = requireAll ? true : nil
    request.canary = canary
    request.soak = soak
    let call = AdminCall<AdminAnswer.Reloaded>.reload(request)
    options.warn(try options.show(call) { ReloadText.render($0, now: .now) }?.warnings)
  }
}

/// `martlet confirm`.
struct ConfirmCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "confirm",
    abstract: "Keep what `reload --confirm` has loaded.")

  @OptionGroup var options: AnswerOptions

  func run() throws {
    try options.perform(.confirm)
  }
}

/// `martlet revert`.
struct RevertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revert",
    abstract: "Go back from what `reload --confirm` has loaded, or give up a fleet's rollout that isn't decided.")

  @OptionGroup var options: AnswerOptions

  func run() throws {
    options.warn(try options.show(.revert) { ReloadText.render($0, now: .now) }?.warnings)
  }
}
