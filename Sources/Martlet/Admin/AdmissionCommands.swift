import ArgumentParser
import Client
import Model

/// `martlet deny`.
struct DenyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deny",
    abstract: "Let clients of some addresses in no more.",
    discussion: """
      It comes before what the configuration says of them; of several such overrides the most specific one counts. Sessions \
      that stand go on, unless --close is given. It ends after the time given with --for, or by --remove.

      EXAMPLES
        martlet deny 203.0.113.0/24 --for 1h --reason "a scanner"
        martlet deny 203.0.113.9 --listener edge --close
        martlet deny 203.0.113.0/24 --remove
      """)

  @OptionGroup var clients: ClientOptions
  @Flag(help: "End their sessions, too.")
  var close = false
  @OptionGroup var lease: LeaseOptions
  @OptionGroup var scope: ScopeOption
  @OptionGroup var options: AnswerOptions

  func validate() throws {
    if clients.remove, close { throw ValidationError("--close doesn't go with --remove.") }
  }

  func run() throws {
    try options.perform(clients.call(.deny, lease, scope, closing: close))
  }
}

/// `martlet allow`.
struct AllowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "allow",
    abstract: "Let clients of some addresses in, whatever the configuration says of them.",
    discussion: """
      Of several such overrides the most specific one counts, and of two about the same addresses the one that was made last. \
      It ends after the time given with --for, or by --remove.

      EXAMPLES
        martlet allow 198.51.100.7 --for 2h --reason "ann, from home"
        martlet allow 198.51.100.7 --remove
      """)

  @OptionGroup var clients: ClientOptions
  @OptionGroup var lease: LeaseOptions
  @OptionGroup var scope: ScopeOption
  @OptionGroup var options: AnswerOptions

  func run() throws {
    try options.perform(clients.call(.allow, lease, scope))
  }
}

/// The clients that are meant, and where.
struct ClientOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("An address, or a range of them such as 203.0.113.0/24.", valueName: "addresses"))
  var range: String
  @Option(
    help: ArgumentHelp("Only at this listener.", valueName: "name"), completion: AdminArguments.listeners)
  var listener: String?
  @Flag(help: "Take back what was said of them.")
  var remove = false

  fileprivate func call(
    _ verdict: AdmissionLease.Verdict, _ lease: LeaseOptions, _ scope: ScopeOption, closing close: Bool = false
  ) -> AdminCall<AdminAnswer.Done> {
    if remove { return .takeBackAdmission(of: range, listener: listener) }
    return .admit(
      AdminRequest.Admission(
        range: range, action: verdict, listener: listener, seconds: lease.seconds, reason: lease.reason,
        close: close ? true : nil, thisNode: scope.thisNode ? true : nil))
  }
}
