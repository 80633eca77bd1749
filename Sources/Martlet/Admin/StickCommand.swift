import ArgumentParser
import Client

/// `martlet stick`.
struct StickCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stick",
    abstract: "Show which backends clients had, and get again.",
    discussion: """
      Shows what a pool with "stick" in its configuration remembers: how many clients, on which backends, how often that \
      helped, and the clients seen last. An IPv6 client is known by the first 64 bits of its address.

      --forget lets go of the client's backend, or of those of all clients: the next session goes where the strategy says.

      EXAMPLES
        martlet stick web
        martlet stick web --client 10.0.0.7
        martlet stick web --client 10.0.0.7 --forget
      """)

  @Argument(
    help: ArgumentHelp("The pool; needn't be said where there's no other.", valueName: "pool"),
    completion: AdminArguments.pools)
  var pool: String?
  @Option(help: ArgumentHelp("Only the client with this IP address.", valueName: "ip"))
  var client: String?
  @Option(help: ArgumentHelp("List at most so many clients; 20 if not given.", valueName: "count"))
  var limit: Int?
  @Flag(help: "Forget the client's backend, or without --client those of all.")
  var forget = false
  @OptionGroup var options: AnswerOptions

  func validate() throws {
    try Limit.check(limit)
    if forget, limit != nil { throw ValidationError("--limit is for the list, and --forget lists nobody.") }
  }

  func run() throws {
    if forget {
      try options.perform(.forgetStuck(pool: pool, client: client))
    } else {
      try options.show(.stick(pool: pool, client: client, limit: limit)) { StickText.render($0) }
    }
  }
}
