import ArgumentParser
import Client

/// `martlet fleet replace`.
struct FleetReplaceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replace", abstract: "Let a node vote with the data folder that it has now.",
    discussion: """
      For the embedded engine. A node that has lost its data folder has forgotten what it promised, so the others go on \
      without it until somebody says that it may begin anew; it may be the same machine or another one. A node that is new \
      in the file comes to vote the same way. May be said to any node that votes; the node has to run, and more than half \
      of those who vote have to agree. It first learns what the others know: `fleet status` shows when it votes.

      EXAMPLES
        martlet fleet replace lb3
      """)

  @Argument(help: ArgumentHelp("The node.", valueName: "node"))
  var node: String
  @OptionGroup var options: AnswerOptions

  func run() throws {
    try options.perform(.replace(node))
  }
}

/// `martlet fleet remove`.
struct FleetRemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Let a node vote no more.",
    discussion: """
      For the embedded engine, before a node leaves the fleet for good: take it out here first, then out of the file of \
      each node. It owns no address from then on, and isn't counted. What is left has to be able to agree by itself.

      EXAMPLES
        martlet fleet remove lb3
      """)

  @Argument(help: ArgumentHelp("The node.", valueName: "node"))
  var node: String
  @OptionGroup var options: AnswerOptions

  func run() throws {
    try options.perform(.remove(node))
  }
}

/// `martlet fleet restore`.
struct FleetRestoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Let the fleet go on from what one node has, when more than half are lost for good.",
    discussion: """
      For the embedded engine, when more than half of those who vote are lost with their data folders, so that nothing can be \
      agreed on any more. Said to a node that is left, it first tells what would be lost and changes nothing. With --accept-loss \
      and exactly those nodes that node alone votes from then on. All others are strangers: empty the data folder of each, start \
      it, and let it in by `fleet replace`. It isn't done while somebody leads, or more than half are there.

      What only the lost ones had is lost for ever, though they had agreed on it. If they are alive where this node can't reach \
      them there are two fleets, and an address may be on a node of each, until they hear of each other: switch them off first.

      EXAMPLES
        martlet fleet restore
        martlet fleet restore --accept-loss lb2,lb3
      """)

  @Option(
    name: .customLong("accept-loss"),
    help: ArgumentHelp("The nodes that are lost for good, all of them, with commas between.", valueName: "nodes"))
  var lost: String?
  @OptionGroup var options: AnswerOptions

  func run() throws {
    try options.perform(.restore(acceptLoss: lost.map { $0.split(separator: ",").map(String.init) }))
  }
}
