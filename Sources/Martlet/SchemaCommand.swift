import ArgumentParser
import Config
import Glibc

/// `martlet schema`.
struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Print the JSON Schema of the configuration file.",
    discussion: "It's made from what the file is read with: keys, types, ranges, defaults and their descriptions.")

  func run() throws {
    try Output.write(ConfigSchema.jsonSchema())
  }
}
