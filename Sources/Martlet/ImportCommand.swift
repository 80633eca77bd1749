import ArgumentParser
import Config
import Glibc
import Import
import Sockets
import SystemPackage
import Text

/// `martlet import`.
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Translate a configuration of HAProxy's or nginx's.",
    discussion: """
      Writes what the file's TCP proxies (of nginx those in stream) come to as a configuration, with comments. What couldn't be translated \
      is listed on the standard error with its lines, and at the top of what is written, where also stands what means nothing here. \
      Nothing is bound, resolved or connected.

      - is the standard input:
        nginx -T | martlet import - --output martlet.json

      EXIT STATUS
        0   All of it was translated, or means nothing here.
        1   Something couldn't be translated.
        74  The output can't be written, or is there already.
        78  The file can't be read.
      """)

  @Argument(help: "The file: haproxy.cfg or nginx.conf.", completion: .file())
  var file: String
  @Option(
    help: ArgumentHelp("Whose file it is, where its content doesn't tell: haproxy or nginx.", valueName: "program"))
  var from: Dialect?
  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("The file to write, in place of the standard output.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var output: String?
  @Flag(help: "Write over the output's file if it's there.")
  var force = false

  func run() throws {
    let name = Configuration.name(of: file)
    let translation = try translation(name)
    try write(translation.text)
    let missing = translation.notes.filter { $0.fate == .untranslated }
    for note in missing { say("\(name): \(note)") }
    guard missing.isEmpty else { throw ExitStatus.incomplete.code }
  }

  private func translation(_ name: String) throws -> Translation {
    let bytes: [UInt8]
    do throws(ConfigErrors) {
      bytes = try Configuration.bytes(of: file)
    } catch {
      say("\(error)")
      throw ExitStatus.configuration.code
    }
    do {
      let text = try Translation.text(of: bytes)
      guard let dialect = from ?? Dialect(of: text) else {
        throw ExitStatus.configuration.because(
          "\(name) looks like neither HAProxy's nor nginx's: say which with --from")
      }
      return try Translation(of: text, in: dialect, file: name)
    } catch let fault as SyntaxFault {
      say("\(name):\(fault.line): \(fault.message) — hint: \(fault.hint)")
      throw ExitStatus.configuration.code
    }
  }

  private func write(_ text: String?) throws {
    guard let text else { return }
    guard let output else { return try Output.write(text) }
    do {
      let descriptor = try unsafe FileDescriptor.open(
        output, .writeOnly, options: force ? [.create, .truncate] : [.create, .exclusiveCreate],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
      try descriptor.closeAfter { _ = try descriptor.writeAll(text.utf8) }
    } catch Errno.fileExists {
      throw ExitStatus.output.because("\(output) is there already: name another file, or add --force")
    } catch {
      throw ExitStatus.output.because("\(output) can't be written: \(error)")
    }
  }

  private func say(_ text: String) { Terminal.write(TextTable.printable(text) + "\n", to: STDERR_FILENO) }
}

extension Dialect: ExpressibleByArgument {}
