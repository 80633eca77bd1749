import ArgumentParser
import Glibc
import Text

/// The program: `martlet`.
@main
struct MartletCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "martlet",
    abstract: "A layer-4 TCP load balancer: one address, many backends.",
    usage: """
      martlet run [FILE | --config FILE]
      martlet check [FILE | --config FILE]
      martlet import FILE [--output FILE]
      martlet demo [--fleet] [--once]
      martlet schema
      martlet VERB … [--socket PATH] [--json]
      martlet help VERB
      """,
    discussion: """
      Martlet accepts TCP connections and relays each to a backend, picked by round robin, at random, by load or by the \
      client's address. It checks the backends' health, keeps clients away from those that fail, and tries another one \
      when a connection can't be made: clients don't notice. One JSON file configures it, and a stats port tells how \
      it is.

      EXAMPLES
        martlet demo             See it at work: a backend dies and comes back.
        martlet demo --fleet     The same of three nodes, one of which is frozen.
        martlet check a.json     Is the file right, and what would run?
        martlet run a.json       Run until SIGTERM or SIGINT.
        martlet import haproxy.cfg
                                 The same of another proxy, in our words.
        martlet schema           For editors, which then complete and check it.

        martlet status           How is the process that runs?
        martlet top              The same, live.
        martlet why web          Where would the next session go, and why?
        martlet drain web/b1 --for 30m --reason "new disk"
        martlet plan b.json      What would another file change?
        martlet reload b.json --confirm 60s

      CONFIGURATION
        The smallest useful file; comments and trailing commas are allowed:
          { "listen": "0.0.0.0:80", "backends": ["10.0.0.1:80", "10.0.0.2:80"] }

        Listeners and pools can stand in files of their own, all in a folder:
          { "include": "pools.d", "stats": "127.0.0.1:9090" }

      \(ExitStatus.help)

      SIGNALS
        SIGTERM, SIGINT  Stop gracefully: no new sessions; those that stand may
                         go on for the configuration's shutdown.drain (30 s).
                         A second signal ends them at once.
        SIGHUP           Read the configuration file again, as `martlet reload`,
                         and open the files of the access log anew.
        SIGUSR2          Start the program anew in place of this process, as
                         `martlet upgrade`.
        SIGPIPE          Ignored.

      ENVIRONMENT
        MARTLET_CONFIG   The configuration file, where none is named.
        MARTLET_NODE     Which node of a fleet this is, where --node doesn't say it;
                         without it the host's name does.
        MARTLET_SOCKET   The admin socket, where none is named.
        XDG_RUNTIME_DIR  Where that is otherwise: in martlet/admin.sock below it;
                         without it that is /run/martlet/admin.sock.
        NO_COLOR         If set, nothing is coloured.
        TZ               The time zone of log lines for people; JSON has UTC.

      FILES
        /etc/martlet/martlet.json
                         The configuration that the service runs.
        /run/martlet/admin.sock
                         The admin socket, by which a running process is asked
                         and told; see XDG_RUNTIME_DIR.
        /var/lib/martlet/state
                         What was changed at run time, over a restart; a user's
                         own is in ~/.local/state/martlet, or in $XDG_STATE_HOME.
        share/doc/martlet, below /usr or /usr/local
                         How to operate it, what the stats port and the admin
                         socket say, and as examples every key of the
                         configuration, alert rules and a dashboard.

      SEE ALSO
        systemctl(1), systemd.exec(5), curl(1), promtool(1), haproxy(1), nginx(8)
      """,
    version: "martlet \(Version.current)",
    groupedSubcommands: [
      CommandGroup(
        name: "Running",
        subcommands: [RunCommand.self, CheckCommand.self, ImportCommand.self, DemoCommand.self, SchemaCommand.self]),
      CommandGroup(
        name: "Looking",
        subcommands: [
          StatusCommand.self, TopCommand.self, SessionsCommand.self, RecentCommand.self, OverridesCommand.self,
          ConfigCommand.self, FleetCommand.self,
        ]),
      CommandGroup(
        name: "Changing",
        subcommands: [
          DrainCommand.self, MaintainCommand.self, ReadyCommand.self, WeightCommand.self, BackendCommand.self,
          DenyCommand.self, AllowCommand.self,
          CloseCommand.self, RebalanceCommand.self, PlanCommand.self, ReloadCommand.self, ConfirmCommand.self,
          RevertCommand.self, UpgradeCommand.self, LogCommand.self,
        ]),
      CommandGroup(
        name: "Why", subcommands: [WhyCommand.self, DoctorCommand.self, StickCommand.self, HistoryCommand.self]),
    ])

  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      if let problem = UnknownVerb.first(in: arguments, of: Self.self) { throw problem }
      var command = try parseAsRoot(AdminArguments.withoutFalseOptions(arguments))
      try command.run()
      try Output.flush()
    } catch {
      end(error)
    }
  }

  /// Ends as an error says: what was asked for, such as help, goes to the standard output and can fail there, too.
  private static func end(_ error: any Error) -> Never {
    let status = exitCode(for: error)
    let text = fullMessage(for: error)
    if status == .success {
      do {
        try Output.write(text.isEmpty ? "" : text + "\n")
        try Output.flush()
      } catch {
        Glibc.exit(exitCode(for: error).rawValue)
      }
    } else if Complaint.isJSON, !text.isEmpty {
      Complaint.write(.init(message(for: error), hint: "`martlet help` describes the command line"))
    } else if !text.isEmpty {
      Terminal.write(text + "\n", to: STDERR_FILENO)
    }
    Glibc.exit(status.rawValue)
  }
}
