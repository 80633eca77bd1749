import ArgumentParser
import Config
import Control
import Glibc

/// `martlet check`.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check a configuration file and tell what would run.",
    discussion: """
      Prints what the file comes to with every default filled in, and the limits that hold on this machine, for the \
      user who runs this. Of a file that is wrong it prints every error with its line, its place and what to do about \
      it, and ends with status 78. Nothing is bound, resolved or connected.

      - is the standard input:
        generate-configuration | martlet check -
      """)

  @OptionGroup var file: ConfigurationFile

  func run() throws {
    let name = try file.name
    // The one who checks needn't be the one who may read secrets.
    let settings = try file.load(secrets: .ifThere)
    ConfigurationFile.report(warnings: settings.warnings, file: name)
    try Output.write(
      "\(settings.summary())\(Limits(for: settings).summary)\n\n\(TextTable.printable(name)) is right.\n")
  }
}

extension Limits {
  /// One line for people.
  fileprivate var summary: String {
    "limits    \(sessions) sessions at once, \(pipes) pipes for bulk flows, out of \(descriptors) descriptors"
  }
}
