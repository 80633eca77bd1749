package import Sockets
import SystemPackage

extension Configuration {
  /// The largest file that is read, 8 MiB: some 200,000 backends. What is larger isn't a configuration.
  package static let largestFile = 8 << 20

  /// The path that stands for the standard input.
  package static let standardInput = "-"

  /// What a file is called in messages.
  package static func name(of path: String) -> String { path == standardInput ? "standard input" : path }

  /// Reads a configuration file and what it includes; throws everything that is wrong with it, or why it can't be read.
  ///
  /// - Parameter secrets: how secrets are come by that stand outside of it.
  package static func load(
    path: String, trusting trust: StoredFile.Trust = .anything, secrets: SecretReading = .required
  ) throws(ConfigErrors) -> Configuration {
    var seen = FileSnapshot()
    return try load(path: path, trusting: trust, secrets: secrets, seen: &seen)
  }

  /// The same.
  ///
  /// - Parameter seen: gets the files and folders as they are when they're read, whatever comes of it.
  package static func load(
    path: String, trusting trust: StoredFile.Trust = .anything, secrets: SecretReading = .required,
    seen: inout FileSnapshot
  ) throws(ConfigErrors) -> Configuration {
    guard path != standardInput else { return try parse(bytes(of: path), file: name(of: path), secrets: secrets) }
    seen.add(path)
    return try parse(
      bytes(of: path, trusting: trust), file: path, secrets: secrets, includes: .beside(path, trusting: trust),
      seen: &seen)
  }

  /// Reads the bytes of a configuration file, without a look at them; throws why they can't be read.
  package static func bytes(
    of path: String, trusting trust: StoredFile.Trust = .anything
  ) throws(ConfigErrors) -> [UInt8] {
    do throws(StoredFile.Refusal) {
      return path == standardInput
        ? try StoredFile.readStandardInput(atMost: largestFile)
        : try StoredFile(path).read(atMost: largestFile, trusting: trust)
    } catch {
      throw ConfigErrors(file: name(of: path), errors: [unreadable(error)], omitted: 0, warnings: [])
    }
  }

  /// Reads a configuration from text; `file` is what errors call it.
  package static func parse(
    _ text: String, file: String = "configuration", secrets: SecretReading = .required,
    variables: Variables = .environment, includes: IncludeReading = .absolute
  ) throws(ConfigErrors) -> Configuration {
    try parse(Array(text.utf8), file: file, secrets: secrets, variables: variables, includes: includes)
  }

  /// Reads a configuration from the bytes of a file; `file` is what errors call it.
  package static func parse(
    _ bytes: [UInt8], file: String, secrets: SecretReading = .required, variables: Variables = .environment,
    includes: IncludeReading = .absolute
  ) throws(ConfigErrors) -> Configuration {
    var seen = FileSnapshot()
    return try parse(bytes, file: file, secrets: secrets, variables: variables, includes: includes, seen: &seen)
  }

  private static func parse(
    _ bytes: [UInt8], file: String, secrets: SecretReading, variables: Variables = .environment,
    includes: IncludeReading, seen: inout FileSnapshot
  ) throws(ConfigErrors) -> Configuration {
    var found = Diagnostics(file)
    found.secrets = secrets
    found.reading = includes
    let root = tree(bytes, variables, ifEmpty: Document.smallest, &found)
    var document = root.flatMap { Document.read($0, &found) }
    if let root, let entries = document?.include {
      var reader = IncludeReader(includes, variables, room: largestFile - bytes.count, seen: seen)
      let parts = reader.documents(of: entries, &found)
      seen = reader.seen
      // Without one of the files nothing can be said about what is between them.
      if let parts { document?.add(parts, to: root, &found) } else { document = nil }
    }
    var assembler = Assembler(found)
    let configuration = document.map { assembler.assemble($0) }
    if let failure = assembler.found.failure() { throw failure }
    guard let configuration else { preconditionFailure("a document was refused without an error") }
    return configuration
  }

  /// The JSON of a file with its variables filled in; nil if that isn't possible and has been reported.
  static func tree(
    _ bytes: [UInt8], _ variables: Variables, ifEmpty hint: String, _ found: inout Diagnostics
  ) -> JSONNode? {
    let root: JSONNode
    do throws(ConfigIssue) {
      root = try tree(bytes, ifEmpty: hint)
    } catch {
      var issue = error
      issue.file = found.file
      found.error(issue)
      return nil
    }
    let before = found.count
    let filled = variables.filled(root, &found)
    // What stands in the place of a variable that there isn't says nothing.
    return found.count == before ? filled : nil
  }

  /// The JSON of a file, after checks that its bytes are text.
  private static func tree(_ bytes: [UInt8], ifEmpty hint: String) throws(ConfigIssue) -> JSONNode {
    guard bytes.count <= largestFile else { throw tooLarge }
    do {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      let offset = error.byteOffsets.lowerBound
      let isUTF16 = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
      throw ConfigIssue(
        path: "", line: line(of: offset, in: bytes),
        message: isUTF16 ? "the file is UTF-16, not UTF-8" : "byte \(offset) is not valid UTF-8",
        hint: "save the file as UTF-8")
    }
    if let offset = bytes.firstIndex(of: 0) {
      throw ConfigIssue(
        path: "", line: line(of: offset, in: bytes), message: "byte \(offset) is zero, which no text has",
        hint: "save the file as UTF-8 text")
    }
    // What some editors put in front of UTF-8 (RFC 8259 §8.1 lets a parser skip it).
    let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes[3...]) : bytes
    guard text.contains(where: { $0 > 0x20 }) else {
      throw ConfigIssue(path: "", line: 1, message: "the file is empty", hint: hint)
    }
    do throws(JSONSyntaxError) {
      return try JSONParser.parse(text, secretKeys: ConfigSchema.secretKeys)
    } catch {
      throw ConfigIssue(path: "", line: error.line, column: error.column, message: error.message, hint: error.hint)
    }
  }

  private static func line(of offset: Int, in bytes: [UInt8]) -> Int {
    bytes[..<offset].count { $0 == UInt8(ascii: "\n") } + 1
  }

  private static var tooLarge: ConfigIssue {
    ConfigIssue(
      path: "", message: "the file is larger than \(largestFile >> 20) MiB", hint: "is it the right file?")
  }

  private static func unreadable(_ refusal: StoredFile.Refusal) -> ConfigIssue {
    let (message, hint) = words(for: refusal)
    return ConfigIssue(path: "", message: message, hint: hint)
  }

  /// Why a file isn't read, and the remedy.
  static func words(for refusal: StoredFile.Refusal) -> (message: String, hint: String) {
    switch refusal {
    case .system(.noSuchFileOrDirectory):
      ("there is no such file", "check the path; it counts from the current directory")
    case .system(.permissionDenied), .system(.notPermitted):
      ("the file can't be read: no permission", "let the user who runs this read it")
    case .system(.isDirectory), .otherKind("a directory"): ("this is a directory", "name the file in it")
    case .system(let error): ("the file can't be read: \(error)", "check the path and the file system")
    case .otherKind(let kind): ("this is \(kind), not a file", "a running process reads files only")
    case .tooLarge: (tooLarge.message, tooLarge.hint)
    case .foreign, .writableByOthers, .readableByOthers:
      ("the file can't be read: \(refusal)", "check who may read and write it")
    }
  }
}
