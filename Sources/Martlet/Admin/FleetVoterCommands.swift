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
