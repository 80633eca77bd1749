import ArgumentParser
import Config
import Glibc
import Sockets
import Text

/// Which configuration file is meant: an option, an argument or a variable of the environment names it.
struct ConfigurationFile: ParsableArguments {
  @Option(
    name: [.customShort("c"), .customLong("config")], help: ArgumentHelp("The configuration file.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var option: String?

  @Argument(
    help: ArgumentHelp("The same, without --config. With neither, $MARTLET_CONFIG names it.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var argument: String?

  /// The file's path.
  var path: String {
    get throws {
      if option != nil, argument != nil {
        throw ValidationError("The configuration file is named twice: leave out --config or the argument.")
      }
      guard let path = option ?? argument ?? Terminal.variable("MARTLET_CONFIG") else {
        throw ValidationError("No configuration file: name one, or set MARTLET_CONFIG. `martlet demo` needs none.")
      }
      return path
    }
  }

  /// What the file is called in messages.
  var name: String {
    get throws { Self.name(of: try path) }
  }

  /// What a file is called in messages.
  static func name(of path: String) -> String { Configuration.name(of: path) }

  /// The file's path from the root, which stays right wherever the process goes.
  var absolutePath: String {
    get throws {
      let path = try path
      guard path != Configuration.standardInput else {
        throw ValidationError(
          "A process that runs reads its file again: name one. Only `check`, `plan` and `reload` take -.")
      }
      return path.hasPrefix("/") ? path : "\(WorkingDirectory.path)/\(path)"
    }
  }

  /// Reads the file; says everything that is wrong with it before it throws.
  ///
  /// - Parameter seen: gets the files that were read, as they are when they're read.
  func load(secrets: SecretReading = .required, seen: inout FileSnapshot) throws -> Configuration {
    let path = try path
    do throws(ConfigErrors) {
      return try Configuration.load(path: path, secrets: secrets, seen: &seen)
    } catch {
      var error = error
      let path = Self.name(of: path)
      error.file = path
      Self.report(warnings: error.warnings, file: path)
      for line in "\(error)".split(separator: "\n") {
        Terminal.write(TextTable.printable(String(line)) + "\n", to: STDERR_FILENO)
      }
      let count = error.errors.count + error.omitted
      if count > 1 { Terminal.write("martlet: \(TextTable.printable(path)) has \(count) errors\n", to: STDERR_FILENO) }
      throw ExitStatus.configuration.code
    }
  }

  /// Reads the file, and makes something of what it comes to and what it includes, or of what is wrong with it.
  func read<Result>(
    secrets: SecretReading, right: (Configuration, _ included: [String]) -> Result, wrong: (ConfigErrors) -> Result
  ) throws -> Result {
    let path = try path
    var seen = FileSnapshot()
    do throws(ConfigErrors) {
      let settings = try Configuration.load(path: path, secrets: secrets, seen: &seen)
      return right(settings, seen.included(by: path))
    } catch {
      return wrong(error)
    }
  }

  /// Says what is doubtful in the file.
  static func report(warnings: [ConfigIssue], file: String) {
    for warning in warnings {
      let text = TextTable.printable("\(warning.text(in: file)) (a warning)")
      Terminal.write(text + "\n", to: STDERR_FILENO)
    }
  }
}
