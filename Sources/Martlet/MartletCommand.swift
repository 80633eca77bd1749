import ArgumentParser

/// The program: `martlet`.
@main
struct MartletCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "martlet",
    abstract: "A layer-4 TCP load balancer: one address, many backends.",
    usage: """
      martlet run [FILE | --config FILE]
      martlet check [FILE | --config FILE]
      martlet demo [--once]
      martlet schema
      """,
    discussion: """
      Martlet accepts TCP connections and relays each to a backend, picked by round robin, at random, by load or by the \
      client's address. It checks the backends' health, keeps clients away from those that fail, and tries another one \
      when a connection can't be made: clients don't notice. One JSON file configures it, and a stats port tells how \
      it is.

      EXAMPLES
        martlet demo             See it at work: a backend dies and comes back.
        martlet check a.json     Is the file right, and what would run?
        martlet run a.json       Run until SIGTERM or SIGINT.
        martlet schema           For editors, which then complete and check it.

      CONFIGURATION
        The smallest useful file; comments and trailing commas are allowed:
          { "listen": "0.0.0.0:80", "backends": ["10.0.0.1:80", "10.0.0.2:80"] }

      \(ExitStatus.help)

      SIGNALS
        SIGTERM, SIGINT  Stop gracefully: no new sessions; those that stand may
                         go on for the configuration's shutdown.drain (30 s).
                         A second signal ends them at once.
        SIGPIPE          Ignored.

      ENVIRONMENT
        MARTLET_CONFIG   The configuration file, where none is named.
        NO_COLOR         If set, nothing is coloured.
        TZ               The time zone of log lines for people; JSON has UTC.
      """,
    version: "martlet \(Version.current)",
    subcommands: [RunCommand.self, CheckCommand.self, DemoCommand.self, SchemaCommand.self])
}
