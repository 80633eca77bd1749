import ArgumentParser
import Client
import Config
import Control
import Service
import Sockets
import Text

/// `martlet fleet move`.
struct FleetMoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "move", abstract: "Let a floating address go to another node.",
    discussion: """
      May be said to any node. Sessions that came in at the address end, then it goes, and the other node has it some \
      tens of milliseconds later. A node that the address prefers takes it back after 10 s: let that one leave instead.

      EXAMPLES
        martlet fleet move web lb2
      """)

  @Argument(help: ArgumentHelp("The address's name.", valueName: "address"))
  var address: String
  @Argument(help: ArgumentHelp("The node; else whichever should have it next.", valueName: "node"))
  var node: String?
  @OptionGroup var options: AnswerOptions

  func run() throws {
    try options.perform(.move(address, to: node))
  }
}

/// `martlet fleet leave`.
struct FleetLeaveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "leave", abstract: "Give the node's floating addresses up, and take none.",
    discussion: "It goes on serving at its own addresses. This holds until `fleet join`, or until the process ends.")

  @OptionGroup var options: AnswerOptions

  func run() throws {
    try options.perform(.leave)
  }
}

/// `martlet fleet join`.
struct FleetJoinCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "join", abstract: "Let the node have floating addresses again, after `fleet leave`.")

  @OptionGroup var options: AnswerOptions

  func run() throws {
    try options.perform(.join)
  }
}

/// `martlet fleet withdraw`.
struct FleetWithdrawCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "withdraw", abstract: "Give up what a process has left of its floating addresses.",
    discussion: """
      For ExecStopPost= of a unit, when the process has ended, however it did: takes the fleet's addresses off this host's \
      interfaces, and releases in the fleet's log those that are this node's, so that others needn't wait for the end of \
      their leases. Where the process runs, `fleet leave` is meant.

      EXIT STATUS
        0   They are given up, or weren't this node's.
        1   Some couldn't be: they go when their leases are over.
        69  It can't be tried.
        78  The file is wrong.
      """)

  @OptionGroup var file: ConfigurationFile
  @OptionGroup var fleetNode: NodeOption
  @Option(
    help: ArgumentHelp(
      "How long it may take; 2 s unless it's said, 12 s if programs move addresses.", valueName: "time"),
    transform: AdminArguments.seconds)
  var limit: Double?

  func run() throws {
    var seen = FileSnapshot()
    guard let fleet = try file.load(secrets: .ifThere, seen: &seen).fleet else {
      return try Output.write("there is no fleet in \(try file.name)\n")
    }
    let withdrawal: FleetWithdrawal
    do throws(StartError) {
      withdrawal = try FleetWithdrawal(fleet, option: fleetNode.node)
    } catch {
      throw ExitStatus.unavailable.because("\(error)")
    }
    let outcome = withdrawal.run(limit: limit.map { .seconds($0) } ?? withdrawal.patience)
    let released = outcome.released.joined(separator: ", ")
    try Output.write(
      released.isEmpty
        ? "\(withdrawal.node) has no address to release\n" : "\(withdrawal.node) has released \(released)\n")
    guard outcome.problems.isEmpty else {
      throw ExitStatus.incomplete.because(outcome.problems.joined(separator: "; "))
    }
  }
}
