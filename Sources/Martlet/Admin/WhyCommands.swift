import ArgumentParser
import Client
import Model

/// `martlet why`.
struct WhyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why",
    abstract: "Tell which backend a session would go to, and why.",
    discussion: """
      Asks the pool's strategy for its decision at this moment, without taking it: who is eligible and why, each \
      backend's weight, sessions and chance, and whose turn comes next. With --client it's the decision for that \
      client, which matters where the client's address decides, and whether listeners let it in. Of a listener with routes \
      it's told which of them takes a client that says what --sni, --alpn or --protocol give, or nothing without them, and \
      why not those before.

      EXAMPLES
        martlet why
        martlet why web
        martlet why web --client 10.0.0.7
        martlet why listener-1 --client 203.0.113.9
        martlet why listener-1 --sni db.example.com --alpn h2,http/1.1
      """)

  @Argument(
    help: ArgumentHelp(
      "The pool, or a listener that leads to it; needn't be said where there's no other pool.", valueName: "pool"),
    completion: AdminArguments.pools)
  var pool: String?
  @Option(help: ArgumentHelp("The client's IP address.", valueName: "ip"))
  var client: String?
  @Option(help: ArgumentHelp("The server that it asks for by TLS.", valueName: "name"))
  var sni: String?
  @Option(
    help: ArgumentHelp("The protocols that it would speak within TLS, such as h2,http/1.1.", valueName: "protocols"))
  var alpn: String?
  @Option(
    help: ArgumentHelp("What it speaks: tls, http, ssh or postgres; tls with --sni or --alpn.", valueName: "protocol"))
  var `protocol`: String?
  @OptionGroup var options: AnswerOptions

  func run() throws {
    try options.show(.why(pool: pool, client: client, sni: sni, alpn: alpn, protocol: `protocol`)) {
      DecisionText.render($0, coloured: options.isColoured)
    }
  }
}

/// `martlet history`.
struct HistoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "List the latest changes of backends' states, and why.",
    discussion: """
      Lists them, the newest first. BY is what brought a change about: active (its health checks), passive (sessions \
      that couldn't connect), override (an operator), names (a name server), reload or time.

      EXAMPLES
        martlet history
        martlet history web/b1
      """)

  @Argument(
    help: ArgumentHelp("Only this POOL, or this POOL/BACKEND.", valueName: "pool[/backend]"),
    completion: AdminArguments.poolsAndBackends)
  var subject: String?
  @Option(help: ArgumentHelp("List at most so many.", valueName: "count"))
  var limit: Int?
  @OptionGroup var options: AnswerOptions

  func validate() throws {
    try Limit.check(limit)
    if let subject, subject.contains("/"), BackendPath(subject) == nil {
      throw ValidationError("'\(subject)' is neither a POOL nor a POOL/BACKEND.")
    }
  }

  func run() throws {
    let backend = subject.flatMap { BackendPath($0) }
    let call = AdminCall<AdminAnswer.History>.history(
      pool: backend?.pool ?? subject, backend: backend?.backend, limit: limit)
    try options.show(call) { DecisionText.render($0, coloured: options.isColoured) }
  }
}
