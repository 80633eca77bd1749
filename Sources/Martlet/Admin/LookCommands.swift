import ArgumentParser
import Client

import Text

/// `martlet status`.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show how a running process is.",
    discussion: """
      Shows the process and its configuration, every pool with its backends, the listeners, what was changed at run \
      time, which sessions are being closed, and what the process would run out of first: from 80% of a limit on with \
      a warning.

      STATE is whether a backend gets sessions: up, warming, unknown, held or vanished (no name gives its address \
      any more, and nobody else is up) do; draining, maintenance, ejected, down, self (its address is this process's \
      own) or unresolved (its name has no address) don't. HEALTH is what its checks say, whatever else holds.

      --watch shows it again and again until Ctrl-C, every 2 seconds or as often as is said.

      EXAMPLES
        martlet status
        martlet status --watch 5
        martlet status --json | jq '.pools[].backends[] | select(.state == "down")'
        martlet status --watch --json | jq --unbuffered .headroom.limiting
      """)

  @Option(
    defaultAsFlag: 2,
    help: ArgumentHelp("Show it again and again, until Ctrl-C: after so many seconds.", valueName: "seconds"))
  var watch: Int?
  @OptionGroup var options: AnswerOptions

  func validate() throws {
    if let watch, !(1...86_400).contains(watch) { throw ValidationError("--watch is 1…86400 seconds, not \(watch).") }
  }

  func run() throws {
    if let watch {
      try StatusWatch(options: options, interval: .seconds(watch)).run()
    } else {
      try options.show(.status) { StatusText.render($0, coloured: options.isColoured) }
    }
  }
}

/// `martlet top`.
struct TopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top",
    abstract: "Watch a running process, and act on its backends.",
    discussion: """
      Shows once a second what happens: sessions, bytes and failures of every backend, with the curve of the last \
      minute. Keys select a backend, drain it, put it into maintenance or make it ready again, sort and pause; h shows \
      them all, q quits. Needs a terminal: for programs there is `martlet status --json`.
      """)

  @OptionGroup var process: DoorOptions

  func run() throws {
    guard Terminal.variable("TERM") != "dumb", let program = TopProgram(door: process.door) else {
      throw ExitStatus.usage.because("top needs a terminal; for programs there is `martlet status --json`")
    }
    program.run()
  }
}

/// `martlet sessions`.
struct SessionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sessions",
    abstract: "List sessions that stand, the oldest first.",
    discussion: """
      Lists the sessions that all of the given options apply to. PHASE is queued, connecting, relaying or resetting.

      EXAMPLES
        martlet sessions --backend web/b1
        martlet sessions --client 10.0.0.7 --older-than 1h
      """)

  @OptionGroup var selection: SelectionOptions
  @Option(help: ArgumentHelp("List at most so many; 100 if not given.", valueName: "count"))
  var limit: Int?
  @OptionGroup var options: AnswerOptions

  func validate() throws {
    try Limit.check(limit)
  }

  func run() throws {
    try options.show(.sessions(selection.request, limit: limit)) { SessionsText.render($0) }
  }
}

/// `martlet recent`.
struct RecentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recent",
    abstract: "List the sessions that ended last, and why they did.",
    discussion: """
      Lists them, the newest first, with the backends that were tried and the cause of the end. CAUSE is the key under \
      which the statistics count it.

      EXAMPLES
        martlet recent --pool web --limit 20
      """)

  @Option(help: ArgumentHelp("Only sessions of this pool.", valueName: "name"), completion: AdminArguments.pools)
  var pool: String?
  @Option(help: ArgumentHelp("List at most so many.", valueName: "count"))
  var limit: Int?
  @OptionGroup var options: AnswerOptions

  func validate() throws {
    try Limit.check(limit)
  }

  func run() throws {
    try options.show(.recent(pool: pool, limit: limit)) { SessionsText.render($0) }
  }
}

/// `martlet config`.
struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Print the configuration that runs.",
    discussion: "Prints it as JSON with every default filled in. What was changed at run time isn't in it.")

  @OptionGroup var options: AnswerOptions

  func run() throws {
    try options.print(try options.process.ask { door throws(DoorError) in try door.json(.configuration) })
  }
}

/// How many are to be listed.
enum Limit {
  /// Refuses what can't be a count.
  static func check(_ limit: Int?) throws {
    if let limit, !(1...10_000).contains(limit) { throw ValidationError("--limit is 1…10000, not \(limit).") }
  }
}
