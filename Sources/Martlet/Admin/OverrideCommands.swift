import ArgumentParser
import Client
import Model

/// `martlet drain`.
struct DrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drain",
    abstract: "Send a backend no new sessions.",
    discussion: """
      Those that stand go on, and so do the health checks. `martlet ready` takes it back, and so does the end of the time given with --for.

      EXAMPLES
        martlet drain web/b1
        martlet drain web/b1 --for 30m --reason "new disk"
      """)

  @Argument(help: ArgumentHelp("The backend as POOL/BACKEND, by its name or address.", valueName: "pool/backend"))
  var backend: BackendPath
  @OptionGroup var lease: LeaseOptions
  @OptionGroup var force: ForceOption
  @OptionGroup var scope: ScopeOption
  @OptionGroup var options: AnswerOptions

  func run() throws {
    try options.perform(.override(.init(backend, .drain, scope, lease, force)))
  }
}

/// `martlet maintain`.
struct MaintainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "maintain",
    abstract: "Take a backend out for maintenance.",
    discussion: """
      It gets no new sessions, those that stand are closed at a bounded rate, and it isn't checked. `martlet ready` \
      takes it back, and so does the end of the time given with --for.

      EXAMPLES
        martlet maintain web/b1 --for 2h --reason "kernel update"
      """)

  @Argument(help: ArgumentHelp("The backend as POOL/BACKEND, by its name or address.", valueName: "pool/backend"))
  var backend: BackendPath
  @OptionGroup var lease: LeaseOptions
  @OptionGroup var force: ForceOption
  @OptionGroup var scope: ScopeOption
  @OptionGroup var options: AnswerOptions

  func run() throws {
    try options.perform(.override(.init(backend, .maintain, scope, lease, force)))
  }
}

/// `martlet ready`.
struct ReadyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ready",
    abstract: "Take back drain and maintain.",
    discussion: """
      The backend is again what the configuration and its health say. Another weight stays: `martlet overrides \
      --remove` takes that back too.

      EXAMPLES
        martlet ready web/b1
      """)

  @Argument(help: ArgumentHelp("The backend as POOL/BACKEND, by its name or address.", valueName: "pool/backend"))
  var backend: BackendPath
  @OptionGroup var scope: ScopeOption
  @OptionGroup var options: AnswerOptions

  func run() throws {
    try options.perform(.override(.init(backend, .ready, scope)))
  }
}

/// `martlet weight`.
struct WeightCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weight",
    abstract: "Give a backend another weight.",
    discussion: """
      The weight is 0…256, with at most two digits after a point, or a change of the one that holds now: -20% of 1 is \
      0.8. A backend of weight 0 gets no new sessions.

      EXAMPLES
        martlet weight web/b1 5
        martlet weight web/b1 -20% --for 1h --reason "hot disk"
        martlet weight web/b1 +50%
      """)

  @Argument(help: ArgumentHelp("The backend as POOL/BACKEND, by its name or address.", valueName: "pool/backend"))
  var backend: BackendPath
  @Argument(
    help: ArgumentHelp("The weight, or a change of it.", valueName: "N|+N%|-N%"), transform: AdminArguments.weight)
  var weight: String
  @OptionGroup var lease: LeaseOptions
  @OptionGroup var force: ForceOption
  @OptionGroup var scope: ScopeOption
  @OptionGroup var options: AnswerOptions

  func run() throws {
    try options.perform(.override(.init(backend, .weight, scope, lease, force, weight: weight)))
  }
}

/// `martlet overrides`.
struct OverridesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "overrides",
    abstract: "List what was changed at run time, or take it back.",
    discussion: """
      Lists who changed what of which backend, since when, until when and why. With --remove all changes of that \
      backend are taken back: one that was added goes, one that was removed comes back.

      EXAMPLES
        martlet overrides
        martlet overrides --remove web/b1
      """)

  @Option(help: ArgumentHelp("Take back all changes of this backend.", valueName: "pool/backend"))
  var remove: BackendPath?
  @OptionGroup var force: ForceOption
  @OptionGroup var scope: ScopeOption
  @OptionGroup var options: AnswerOptions

  func validate() throws {
    if force.force, remove == nil { throw ValidationError("--force goes with --remove.") }
    if scope.thisNode, remove == nil { throw ValidationError("--this-node goes with --remove.") }
  }

  func run() throws {
    if let remove {
      try options.perform(.removeOverrides(of: remove, isForced: force.force, thisNode: scope.thisNode))
    } else {
      try options.show(.overrides) { OverridesText.render($0, now: .now) }
    }
  }
}

extension AdminRequest.Override {
  fileprivate init(
    _ backend: BackendPath, _ action: Action, _ scope: ScopeOption, _ lease: LeaseOptions? = nil,
    _ force: ForceOption? = nil, weight: String? = nil
  ) {
    self.init(
      pool: backend.pool, backend: backend.backend, action: action, weight: weight, seconds: lease?.seconds,
      reason: lease?.reason, force: force?.force == true ? true : nil, thisNode: scope.thisNode ? true : nil)
  }
}
