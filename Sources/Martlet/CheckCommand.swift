import ArgumentParser
import Config
import Control
import Glibc
import Sockets
import Text

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

      Of a fleet's file it says which node this host would be; --node checks it for another one.

      --json prints the errors and warnings as JSON, each with its file, path, line, message and \
      hint.
      """)

  @OptionGroup var file: ConfigurationFile
  @OptionGroup var fleetNode: NodeOption
  @Flag(help: "Print what was found as JSON.")
  var json = false

  func run() throws {
    let name = try file.name
    guard !json else { return try report(name) }
    // The one who checks needn't be the one who may read secrets.
    var seen = FileSnapshot()
    let settings = try file.load(secrets: .ifThere, seen: &seen)
    let here = CheckedNode(of: settings, option: fleetNode.node)
    ConfigurationFile.report(warnings: settings.warnings + here.warnings + settings.obstacles, file: name)
    for error in here.errors + AddressListFile.issues(of: settings) {
      Terminal.write(TextTable.printable(error.text(in: name)) + "\n", to: STDERR_FILENO)
      throw ExitStatus.configuration.code
    }
    let limits = Limits(for: settings, descriptors: DescriptorLimit.attainable)
    let included = seen.included(by: try file.path).count
    let files = included == 0 ? "" : ", with the \(included == 1 ? "file" : "\(included) files") that it includes,"
    let part = here.node.map { "node      this one: \($0.name), \($0.address)\n" } ?? ""
    try Output.write(
      "\(settings.summary())\(part)\(limits.summary)\n\n\(TextTable.printable(name))\(files) is right.\n")
  }

  private func report(_ name: String) throws {
    let report = try file.read(secrets: .ifThere) {
      CheckReport($0, file: name, included: $1, here: CheckedNode(of: $0, option: fleetNode.node))
    } wrong: {
      CheckReport($0, file: name)
    }
    try Output.write(report.text)
    if !report.isValid { throw ExitStatus.configuration.code }
  }
}

extension Limits {
  /// One line for people.
  fileprivate var summary: String {
    "limits    \(sessions) sessions at once, \(pipes) pipes for bulk flows, out of \(descriptors) descriptors"
  }
}
