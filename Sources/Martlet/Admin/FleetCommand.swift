import ArgumentParser
import Client
import Fleet
import Glibc
import Model
import Text

/// `martlet fleet`.
struct FleetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fleet", abstract: "Look at the fleet that a process is a node of, and move its addresses.",
    subcommands: [
      FleetStatusCommand.self, FleetMoveCommand.self, FleetLeaveCommand.self, FleetJoinCommand.self,
      FleetReplaceCommand.self, FleetRemoveCommand.self, FleetRestoreCommand.self, FleetWithdrawCommand.self,
      FleetKeyCommand.self,
    ])
}

/// `martlet fleet status`.
struct FleetStatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show the nodes of the fleet, its addresses and its rollouts, as one node sees them.",
    discussion: """
      STATE is in step for a node that serves what is in force, following for one that is about to, out of step for \
      one that can't and says why, and away for one that wasn't heard for a second. FOR tells how long this node has \
      seen the owner, LEASE how long it counts on an address that is its own, HEIRS who may own it next. CLIENTS are those \
      whose backends this node knows, and BEHIND tells how many changes of them the other nodes haven't said to have: \
      "all" is one that gets all of them.
      """)

  @OptionGroup var options: AnswerOptions

  func run() throws {
    try options.show(.fleet) { FleetText.render($0, coloured: options.isColoured, now: .now) }
  }
}

/// `martlet fleet key`.
struct FleetKeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Make a key by which the nodes of a fleet know each other.",
    discussion: """
      Writes a line for the file that "fleet": { "key": … } names, the same on every node. To replace a key, give every \
      node the new one as a second line, then as the first, then alone; each time restart it.

      EXAMPLES
        martlet fleet key | install -m 600 /dev/stdin /etc/martlet/fleet.key
      """)

  func run() throws {
    var generator = SystemRandomNumberGenerator()
    let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    try Output.write(FleetKey.line(of: bytes) + "\n")
  }
}
